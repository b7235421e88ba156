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

/** One replica, so that a hedge meets the attempt beside it: both hold the same long prompt, once. */
const hedged = (engine: Pool["engine"]) =>
  run({
    name: "hedged",
    horizon: "30s",
    traffic: {
      chat: {
        arrivals: { deterministic: { rate: "8/s" } },
        prompt: { lognormal: { mean: 6000, p99: "9k" } },
        output: 300,
        client: { hedge: { after: "200ms" } },
      },
    },
    fleet: { main: { gpu: "H100", model: "llama-3.1-8b", engine: { kvBlocks: 1200, ...engine } } },
  });

describe("KV in use with hedges on the replica of the attempt", () => {
  it.each<[string, Pool["engine"]]>([
    ["by leaps", {}],
    ["step by step", { scheduler: "continuous" }],
  ])("%s -> no share above 1", async (_, settings) => {
    const { result, replicas } = await hedged(settings);
    const { pools, timeline, total, engine: work } = result;
    expect(work.attempts).toBeGreaterThan(1.5 * total.requests);
    const shares = [pools[0]!.kv!, ...replicas.map(({ kv }) => kv!)].flatMap(({ meanRatio, maxRatio }) => [meanRatio, maxRatio]);
    expect(Math.max(...shares, ...timeline.map(({ kvRatio }) => kvRatio))).toBeLessThanOrEqual(1);
    expect(pools[0]!.kv!.maxRatio).toBeGreaterThan(0.9);
  });
});

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
