import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { burst, column, outcomesOf, pool, run, small, worldOf } from "../SmallWorld.ts";

type Gateway = NonNullable<ScenarioInput["gateway"]>;
type Station = NonNullable<ScenarioInput["fleet"][string]["station"]>;

const world = (gateway: Gateway, traffic: ScenarioInput["traffic"], station: Station = { service: "1s" }): ScenarioInput => ({
  name: "concurrency",
  horizon: "20s",
  traffic,
  gateway,
  fleet: { server: { station } },
});

const seconds = (times: ReadonlyArray<number | null>): Array<number> => times.map((ms) => ms! / 1000).toSorted((x, y) => x - y);

describe("fixed limit of 4 at once, answers of 1 s", () => {
  const fixed = { fixed: { limit: 4 } } as const;
  const queue = { capacity: 100 } as const;

  test("control: no limit -> all 10 at once", async () => {
    const simulated = await run(world({}, { web: burst(10) }));
    expect(seconds(column(simulated, "e2eMs"))).toEqual(Array.from({ length: 10 }, () => 1));
  });

  test("no queue -> 4 pass, 6 are rejected", async () => {
    expect(outcomesOf(await run(world({ concurrency: fixed }, { web: burst(10) })))).toEqual({ completed: 4, rejected: 6 });
  });

  test("a queue -> four by four", async () => {
    const simulated = await run(world({ concurrency: fixed, queue }, { web: burst(10) }));
    expect(seconds(column(simulated, "e2eMs"))).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3]);
  });

  test("all fail -> each failure makes room for the next", async () => {
    const simulated = await run(world({ concurrency: fixed, queue }, { web: burst(10) }, { service: "1s", failures: 1 }));
    expect(outcomesOf(simulated)).toEqual({ failed: 10 });
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(3 / 20, 6);
  });

  test("clients that hang up make room", async () => {
    const traffic = { gone: burst(4, { client: { deadline: "500ms" } }), web: burst(4) };
    const simulated = await run(world({ concurrency: fixed, queue }, traffic));
    expect(seconds(column(simulated, "e2eMs").filter((ms) => ms !== null))).toEqual([1.5, 1.5, 1.5, 1.5]);
  });

  test("one per tenant -> a tenant's crowd waits for itself and not in the way of the other", async () => {
    const traffic = { heavy: burst(5, { tenant: "a" }), light: burst(2, { tenant: "b" }) };
    const simulated = await run(world({ concurrency: { fixed: { limit: 4, perTenant: 1 } }, queue }, traffic));
    const of = (name: string) => simulated.sample.filter((record) => record.class === name).map(({ e2eMs }) => e2eMs);
    expect(seconds(of("heavy"))).toEqual([1, 2, 3, 4, 5]);
    expect(seconds(of("light"))).toEqual([1, 2]);
  });
});

describe("adaptive limits", () => {
  test("aimd: everything fails -> from 10 at once down to 1; control: a fixed 10 goes on", async () => {
    const traffic = { web: { arrivals: { deterministic: { rate: "10/s" } }, prompt: 1, output: 1 } } as const;
    const failing = { service: "950ms", failures: 1 } as const;
    const aimd = await run(world({ concurrency: { aimd: { initial: 10, backoff: 0.5 } } }, traffic, failing));
    // 10 in the first second, then one at a time in 19 s.
    expect(outcomesOf(aimd)["failed"]).toBeGreaterThanOrEqual(10 + 17);
    expect(outcomesOf(aimd)["failed"]).toBeLessThanOrEqual(10 + 20);
    const fixed = await run(world({ concurrency: { fixed: { limit: 10 } } }, traffic, failing));
    expect(outcomesOf(fixed)["failed"]).toBeGreaterThan(180);
  });

  const crowd = { web: burst(50, { arrivals: { closed: { users: 50, think: "0s" } } }) };
  const slower = { service: "10ms", perInFlight: "10ms" } as const;
  const busy = async (concurrency: Gateway["concurrency"]): Promise<number> => {
    const simulated = await run(world({ concurrency, queue: { capacity: 100 } } as Gateway, crowd, slower));
    return simulated.result.pools[0]!.batch.mean;
  };

  test("vegas: n at once take n times 10 ms -> n - 1 queue, which it keeps from 3 to 6; control: aimd takes all 40 it may", async () => {
    const vegas = await busy({ vegas: { initial: 1, max: 40, probeEvery: 1_000_000 } });
    expect(vegas).toBeGreaterThan(3.5);
    expect(vegas).toBeLessThan(7.5);
    expect(await busy({ aimd: { initial: 1, max: 40 } })).toBeGreaterThan(35);
  });

  test("gradient2: answers as fast as ever -> grows to its maximum", async () => {
    const simulated = await run(
      world({ concurrency: { gradient2: { initial: 2, max: 30 } }, queue: { capacity: 100 } }, crowd, { service: "10ms" }),
    );
    expect(simulated.result.pools[0]!.batch.max).toBe(30);
  });
});

describe("bad settings", () => {
  test("min above max, initial outside, beta below alpha -> told where and why", () => {
    const faults = (concurrency: Gateway["concurrency"]) => () => worldOf(world({ concurrency } as Gateway, { web: burst(1) }));
    expect(faults({ aimd: { min: 5, max: 4 } })).toThrow(/gateway\.concurrency\.aimd\.max must be at least min, 5/u);
    expect(faults({ gradient2: { initial: 50, max: 40 } })).toThrow(/gradient2\.initial must be between min and max, 1 and 40/u);
    expect(faults({ vegas: { alpha: 5, beta: 4 } })).toThrow(/vegas\.beta must be at least alpha, 5/u);
  });
});

describe("fair queue: one answer at a time, 1 s each, ten of a heavy tenant before two of a light one", () => {
  const traffic = (light = {}) => ({
    heavy: burst(10, { tenant: "a", prompt: 100, output: 100 }),
    light: burst(2, { tenant: "b", prompt: 100, output: 100, ...light }),
  });
  const ofLight = async (order: NonNullable<Gateway["queue"]>["order"], light = {}): Promise<Array<number>> => {
    const gateway: Gateway = { concurrency: { fixed: { limit: 1 } }, queue: { capacity: 100, order } as NonNullable<Gateway["queue"]> };
    const simulated = await run(world(gateway, traffic(light)));
    return seconds(simulated.sample.filter((record) => record.class === "light").map(({ e2eMs }) => e2eMs));
  };

  test("control: oldest first -> the light one comes last", async () => {
    expect(await ofLight("fifo")).toEqual([11, 12]);
  });

  // One of the heavy tenant starts at once. From then on they take turns.
  test("fair by tenant -> they take turns", async () => {
    expect(await ofLight({ fair: {} })).toEqual([2, 4]);
  });

  test("answers of 490 tokens instead of 100 -> after its first turn the light tenant lets three of the heavy one pass", async () => {
    // Heavy: 100 when light joins; 300 per request. Light: 1180 after its first one; heavy: 300, and it goes until it has 1200.
    expect(await ofLight({ fair: {} }, { output: 490 })).toEqual([2, 6]);
  });

  // Equal requests: 300 each. Light: 150 by its weight after its first turn, so that its second follows at once.
  test("light has twice the weight -> two of light for one of heavy", async () => {
    expect(await ofLight({ fair: {} }, { weight: 2 })).toEqual([2, 3]);
  });

  test("light has half the weight -> it lets two of heavy pass", async () => {
    expect(await ofLight({ fair: {} }, { weight: 0.5 })).toEqual([2, 5]);
  });

  test("fair by class, one tenant -> they take turns too; by tenant they are one", async () => {
    expect(await ofLight({ fair: { by: "class" } }, { tenant: "a" })).toEqual([2, 4]);
    expect(await ofLight({ fair: { by: "tenant" } }, { tenant: "a" })).toEqual([11, 12]);
  });
});

describe("fair queue that is full: three may wait, one answer of 1 s at a time", () => {
  type Order = NonNullable<Gateway["queue"]>["order"];
  /** Ten of the heavy tenant at once, then two of the light one. */
  const outcomes = async (order: Order, classes: Parameters<typeof world>[1], queue = {}) => {
    const gateway = { concurrency: { fixed: { limit: 1 } }, queue: { capacity: 3, order, ...queue } } as Gateway;
    const { result } = await run(world(gateway, classes));
    return Object.fromEntries(result.classes.map(({ name, outcomes: of }) => [name, [of.completed, of.shed]]));
  };
  const traffic = {
    heavy: burst(10, { tenant: "a", prompt: 100, output: 100 }),
    light: burst(2, { tenant: "b", prompt: 100, output: 100 }),
  };

  test("control: oldest first -> the light tenant finds no room", async () => {
    expect(await outcomes("fifo", traffic)).toEqual({ heavy: [4, 6], light: [0, 2] });
  });

  test("fair -> the heavy tenant's newest makes room, until both hold as much", async () => {
    expect(await outcomes({ fair: {} }, traffic)).toEqual({ heavy: [3, 7], light: [1, 1] });
  });

  test("the one that is pushed out tries again at once -> it is refused, and nobody else is", async () => {
    const retry = { attempts: 3, backoff: "1ms", maxBackoff: "1ms", jitter: "none" } as const;
    const again = { ...traffic, heavy: { ...traffic.heavy, client: { retry } } };
    expect(await outcomes({ fair: {} }, again)).toEqual({ heavy: [3, 7], light: [1, 1] });
  });

  test("tokens are the bound -> shared by tokens: a prompt of 200 pushes out two of 100 of the heavy tenant", async () => {
    const long = { ...traffic, light: burst(1, { tenant: "b", prompt: 200, output: 100 }) };
    expect(await outcomes({ fair: {} }, long, { capacity: 100, tokens: 500 })).toEqual({ heavy: [4, 6], light: [1, 0] });
  });

  test("admission by urgency -> an urgent one pushes out the least urgent, never the other way", async () => {
    const urgent = { calm: { ...traffic.heavy, priority: 1 }, urgent: { ...traffic.light, priority: 0 } };
    expect(await outcomes({ fair: {} }, urgent, { priority: {} })).toEqual({ calm: [2, 8], urgent: [2, 0] });
    const late = { urgent: { ...traffic.heavy, priority: 0 }, calm: { ...traffic.light, priority: 1 } };
    expect(await outcomes({ fair: {} }, late, { priority: {} })).toEqual({ urgent: [4, 6], calm: [0, 2] });
  });
});

test("breakwater behind a request overhead above its target -> the wait in the engine counts, not the way there", async () => {
  const concurrency = { breakwater: { target: "20ms" } } as const;
  const chat = { arrivals: { poisson: { rate: "20/s" } }, prompt: 100, output: 10 } as const;
  const gpu = pool({ engine: { requestOverhead: { perRequest: "100ms" } } });
  const simulated = await run(small(chat, { gateway: { queue: { capacity: 500 }, concurrency }, fleet: { gpu } }));
  const { completed = 0, unfinished = 0, ...others } = outcomesOf(simulated);
  expect(others).toEqual({});
  expect(completed).toBeGreaterThan(30 * unfinished);
});
