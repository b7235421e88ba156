import { describe, expect, it } from "vitest";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { run } from "../serving/SmallWorld.ts";

type Pool = ScenarioInput["fleet"][string];

/** Twenty-odd sequences share a prompt of 10,000 tokens: 625 of 2,000 blocks, which count once. */
const shared = async (changes: Partial<Pool>) => {
  const { result } = await run({
    name: "shared",
    horizon: "60s",
    warmup: "10s",
    traffic: { chat: { arrivals: { poisson: { rate: "8/s" } }, prefix: { count: 1, tokens: 10_000 }, prompt: 200, output: 400 } },
    fleet: { main: { gpu: "H100", model: "llama-3.1-8b", ...changes, engine: { kvBlocks: 2000, ...changes.engine } } },
  });
  return result;
};

describe("KV in use with a prompt that many share", () => {
  it.each<[string, Partial<Pool>]>([
    ["by leaps", {}],
    ["step by step", { engine: { scheduler: "continuous" } }],
    ["pipeline", { parallelism: { pp: 2 } }],
    ["data parallel", { parallelism: { dp: 2 } }],
  ])("%s -> no share above 1, none below the shared prompt's own", async (_, changes) => {
    const { pools, timeline } = await shared(changes);
    const shares = [pools[0]!.kv!.meanRatio, pools[0]!.kv!.maxRatio, ...timeline.map(({ kvRatio }) => kvRatio)];
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    expect(pools[0]!.batch.mean).toBeGreaterThan(5);
    expect(pools[0]!.kv!.meanRatio).toBeGreaterThan(625 / 2000);
    const { kvUsedBytes, kvBytes } = pools[0]!.resources.gpuMemory!;
    expect(kvUsedBytes).toBeLessThanOrEqual(kvBytes);
  });
});
