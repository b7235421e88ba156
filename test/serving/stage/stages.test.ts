import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { column, outcomesOf, run } from "../SmallWorld.ts";

type Client = NonNullable<ScenarioInput["traffic"][string]["client"]>;
type Station = NonNullable<ScenarioInput["fleet"][string]["station"]>;

const world = (station: Station, client: Client, changes: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: "stages",
  horizon: "30s",
  traffic: { web: { arrivals: { closed: { users: 1, think: "100h" } }, prompt: 1, output: 1, client } },
  fleet: { server: { station } },
  ...changes,
});

const stream = (rate: `${number}/s`, client: Client) => ({
  web: { arrivals: { poisson: { rate } }, prompt: 1, output: 1, client },
});

describe("attempt time limit", () => {
  test("the server takes 2 s, the limit is 1 s, three tries without backoff -> expired after 3 s, one try at a time in service", async () => {
    const retry = { attempts: 3, backoff: "0s", maxBackoff: "0s", jitter: "none" } as const;
    const simulated = await run(world({ service: "2s" }, { attemptTimeout: "1s", retry }));
    expect(outcomesOf(simulated)).toEqual({ expired: 1 });
    expect(column(simulated, "attempts")).toEqual([3]);
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(3 / 30, 6);
  });

  test("the answer comes at the very limit -> it counts", async () => {
    expect(outcomesOf(await run(world({ service: "1s" }, { attemptTimeout: "1s" })))).toEqual({ completed: 1 });
  });
});

describe("network", () => {
  test("100 ms each way -> 200 ms on top of the service", async () => {
    const simulated = await run(world({ service: "1s" }, {}, { network: { latency: "100ms" } }));
    expect(column(simulated, "e2eMs")).toEqual([1200]);
    expect(column(simulated, "ttftMs")).toEqual([1200]);
    expect(column(simulated, "queueWaitMs")).toEqual([0]);
  });

  test("the client gives up while its message is under way -> the server never sees it", async () => {
    const simulated = await run(world({ service: "1s" }, { deadline: "50ms" }, { network: { latency: "100ms" } }));
    expect(outcomesOf(simulated)).toEqual({ expired: 1 });
    expect(simulated.result.pools[0]!.utilization).toBe(0);
  });

  test("the client gives up while the server works and goes on -> the work is for nobody", async () => {
    const network = { latency: "100ms" } as const;
    const simulated = await run(world({ service: "1s" }, { deadline: "500ms" }, { network, gateway: { onDisconnect: "continue" } }));
    expect(outcomesOf(simulated)).toEqual({ expired: 1 });
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(1 / 30, 6);
    expect(simulated.result.classes[0]!.tokens.wasted).toBe(1);
  });

  test("10 % loss each way, no limit -> 19 % never get an answer", async () => {
    const simulated = await run(
      world({ service: "10ms" }, {}, { horizon: "400s", traffic: stream("50/s", {}), network: { latency: "1ms", loss: 0.1 } }),
    );
    const { outcomes, requests } = simulated.result.total;
    expect(outcomes.unfinished / requests).toBeGreaterThan(0.18);
    expect(outcomes.unfinished / requests).toBeLessThan(0.2);
  });
});

describe("hedging", () => {
  test("exponential service of mean 1 s, a copy after 1 s -> P(over 2 s) = exp(-2) exp(-1), and exp(-1) more attempts", async () => {
    const hedge = { after: "1s", attempts: 2 } as const;
    const simulated = await run(
      world({ service: { exponential: { mean: "1s" } } }, {}, { horizon: "4000s", traffic: stream("10/s", { hedge }) }),
    );
    const { classes } = simulated.result;
    const times = column(simulated, "e2eMs").filter((ms) => ms !== null);
    const slow = times.filter((ms) => ms > 2000).length / times.length;
    // Copies of one attempt draw the same service time only if their draws are the same: they must be independent.
    expect(slow).toBeGreaterThan(Math.exp(-3) * 0.85);
    expect(slow).toBeLessThan(Math.exp(-3) * 1.15);
    const extra = classes[0]!.attempts / classes[0]!.requests - 1;
    expect(extra).toBeGreaterThan(Math.exp(-1) * 0.97);
    expect(extra).toBeLessThan(Math.exp(-1) * 1.03);
  });

  test("two copies, the first one wins -> the other is hung up and its server is free at once", async () => {
    const simulated = await run(world({ service: "3s" }, { hedge: { after: "1s" } }));
    expect(column(simulated, "e2eMs")).toEqual([3000]);
    // 3 s of the winner, 2 s of the loser; the station counts whether anybody is served.
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(3 / 30, 6);
    expect(simulated.result.classes[0]!.attempts).toBe(2);
  });

  test("all copies fail -> the request fails, and a failure starts the next copy at once", async () => {
    const simulated = await run(world({ service: "1s", failures: 1 }, { hedge: { after: "10s", attempts: 3 } }));
    expect(outcomesOf(simulated)).toEqual({ failed: 1 });
    expect(simulated.result.classes[0]!.attempts).toBe(3);
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(3 / 30, 6);
  });
});

describe("repeated contents", () => {
  test("half of the requests ask one of ten questions -> as many lengths, and half of all prompts share the tokens of another", async () => {
    const simulated = await run({
      name: "repeat",
      horizon: "100s",
      traffic: {
        chat: {
          arrivals: { poisson: { rate: "20/s" } },
          prompt: { uniform: [1000, 2000] },
          output: 1,
          repeat: { share: 0.5, contents: 10, zipf: 0 },
        },
      },
      fleet: { gpu: { gpu: "none", model: "none", engine: { kvBlocks: 100_000, step: { a: 1 } } } },
    });
    const lengths = new Map<number, number>();
    for (const tokens of column(simulated, "promptTokens")) lengths.set(tokens, (lengths.get(tokens) ?? 0) + 1);
    const popular = [...lengths.values()].filter((count) => count > 60);
    expect(popular.reduce((sum, count) => sum + count, 0) / simulated.result.total.requests).toBeCloseTo(0.5, 1);
    expect(popular.length).toBeLessThanOrEqual(10);
    const { hitRatio } = simulated.result.pools[0]!.prefixCache;
    expect(hitRatio).toBeGreaterThan(0.45);
    expect(hitRatio).toBeLessThan(0.52);
  });
});
