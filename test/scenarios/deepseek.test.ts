import * as Effect from "effect/Effect";
import { describe, expect, test } from "vitest";
import busy from "../../scenarios/deepseek-busy.ts";
import patient from "../../scenarios/deepseek-patient.ts";
import type { Result, ScenarioInput } from "../../src/index.ts";
import { decodeScenario, ScenarioFault, simulate, sourceOf } from "../../src/index.ts";

const chat = busy.traffic["chat"]!;
const decode = busy.fleet["decode"]!;
const asking = (attempts: number) => ({ ...chat, client: { retry: { ...chat.client!.retry!, attempts } } });

const run = async (scenario: ScenarioInput): Promise<Result> => {
  const loaded = decodeScenario(sourceOf(scenario));
  if (loaded instanceof ScenarioFault) throw loaded;
  const { result } = await Effect.runPromise(simulate({ ...loaded.world }, { seed: loaded.world.seed }));
  return result;
};

const chatOf = ({ classes }: Result) => classes[0]!;

const decodedPerRequest = (result: Result): number => {
  const { tokens, requests } = chatOf(result);
  return (tokens.output + tokens.wasted) / requests;
};

interface Cut {
  readonly attempts: number;
  readonly onDisconnect: "cancel" | "continue";
  readonly limit: "60s" | "30m";
}

/** The flagship's users and gateway at 20 tokens/s, whatever the batch, with room for everybody: no overload. */
const unloaded = ({ attempts, onDisconnect, limit }: Cut): ScenarioInput => ({
  ...busy,
  horizon: "4h",
  warmup: "1h",
  traffic: { chat: { ...asking(attempts), arrivals: { poisson: { rate: "2/s" } } } },
  gateway: { ...busy.gateway, onDisconnect, responseTimeLimit: limit },
  fleet: { decode: { ...decode, replicas: 24, engine: { ...decode.engine, step: { a: 50 }, hostOverhead: "0s" } } },
  gates: [],
});

/** The cases of the published arithmetic, on ServeGen's own distribution of answers (mean 1,527). Our quantile table has a mean of 1,555. */
const DECODED_TOKENS_PER_REQUEST = [
  { limit: "30m", attempts: 1, onDisconnect: "cancel", tokens: 1527 },
  { limit: "60s", attempts: 1, onDisconnect: "cancel", tokens: 791 },
  { limit: "60s", attempts: 6, onDisconnect: "cancel", tokens: 2991 },
  { limit: "60s", attempts: 6, onDisconnect: "continue", tokens: 7411 },
] as const;

describe("deepseek-busy", { timeout: 60_000 }, () => {
  test("a cut at 60 s: 20 tokens/s without overload -> kills 37 % of the answers", async () => {
    const result = await run(unloaded({ limit: "60s", attempts: 1, onDisconnect: "continue" }));
    const { outcomes, requests } = chatOf(result);
    expect(result.gateway.queue.max).toBe(0);
    expect(outcomes.expired / requests).toBeGreaterThan(0.34);
    expect(outcomes.expired / requests).toBeLessThan(0.39);
  });

  test.each(DECODED_TOKENS_PER_REQUEST)(
    "decoded tokens per request: limit $limit, $attempts attempts, $onDisconnect -> $tokens within 8 %",
    async ({ tokens, ...cut }) => {
      const result = await run(unloaded(cut));
      expect(Math.abs(decodedPerRequest(result) / tokens - 1)).toBeLessThan(0.08);
    },
  );

  test("an evening: cut at 60 s -> collapsed within the hour, and still collapsed at 2 in the morning", async () => {
    const result = await run(busy);
    expect(result.verdict).toBe("pass");
    expect(chatOf(result).goodput.ratio).toBeLessThan(0.02);
    const afterAnHour = result.timeline.filter(({ atMs }) => atMs > 3_600_000);
    expect(Math.max(...afterAnHour.map((point) => point.goodputPerSecond))).toBeLessThan(0.1);
    expect(chatOf(result).tokens.wasted / chatOf(result).tokens.output).toBeGreaterThan(50);
  });

  test("the same evening: no cut -> the same fleet holds at 20 tokens/s and more, and never fills its batch", async () => {
    const result = await run(patient);
    const { goodput, tpotMs } = chatOf(result);
    expect(result.verdict).toBe("pass");
    expect(goodput.ratio).toBeGreaterThan(0.99);
    expect(tpotMs.p50).toBeGreaterThan(40);
    expect(tpotMs.p90).toBeLessThan(51);
    expect(result.pools[0]!.batch.max).toBeLessThan(112);
  });

  test("an evening: nobody asks again -> about a third is cut, and nothing collapses", async () => {
    const { outcomes, requests } = chatOf(await run({ ...busy, traffic: { chat: asking(1) } }));
    expect(outcomes.expired / requests).toBeGreaterThan(0.24);
    expect(outcomes.expired / requests).toBeLessThan(0.37);
  });
});
