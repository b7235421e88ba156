import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { burst, column, outcomesOf, pool, run, small, worldOf } from "../SmallWorld.ts";

type Limits = NonNullable<NonNullable<ScenarioInput["gateway"]>["limits"]>;
type Station = NonNullable<ScenarioInput["fleet"][string]["station"]>;
type Traffic = ScenarioInput["traffic"];

const world = (limits: Limits | undefined, traffic: Traffic, station: Station = { service: "1ms" }, horizon = "10s"): ScenarioInput => ({
  name: "limits",
  horizon: horizon as "10s",
  traffic,
  gateway: limits === undefined ? {} : { limits },
  fleet: { server: { station } },
});

/** Attempts at 10 ms, 20 ms and so on up to 10 s. */
const steady: Traffic = { web: { arrivals: { deterministic: { rate: "100/s" } }, prompt: 1, output: 1 } };

const admitted = async (limits: Limits | undefined): Promise<number> => outcomesOf(await run(world(limits, steady)))["completed"]!;

describe("limiters by windows and meters: 100 attempts/s for 10 s, 10/s allowed", () => {
  test("control: no limit -> all pass", async () => {
    expect(await admitted(undefined)).toBeGreaterThanOrEqual(998);
  });

  test("fixedWindow: 10 in each of ten windows", async () => {
    expect(await admitted([{ fixedWindow: { limit: 10, window: "1s" } }])).toBe(100);
  });

  test("fixedWindow anchored: windows of 3 s that begin at the first attempt -> four of them", async () => {
    expect(await admitted([{ fixedWindow: { limit: 10, window: "3s", anchored: true } }])).toBe(40);
  });

  test("slidingLog: no more than 10 in any second -> 10 at once in each second", async () => {
    expect(await admitted([{ slidingLog: { limit: 10, window: "1s" } }])).toBe(100);
  });

  test("slidingCounter: 10 in the first window, then the former one weighs on the next -> 9 in each", async () => {
    expect(await admitted([{ slidingCounter: { limit: 10, window: "1s" } }])).toBe(10 + 9 * 9);
  });

  test("leakyMeter: 1 + 5 at once, then one each 100 ms", async () => {
    const passed = await admitted([{ leakyMeter: { rate: "10/s", burst: 5 } }]);
    expect(passed).toBeGreaterThanOrEqual(104);
    expect(passed).toBeLessThanOrEqual(106);
  });

  test("two limits -> the tighter one decides", async () => {
    const limits: Limits = [{ slidingLog: { limit: 50, window: "1s" } }, { fixedWindow: { limit: 7, window: "1s" } }];
    expect(await admitted(limits)).toBe(70);
  });

  test("rejected attempts come back when they were told to -> one per window, at its edge", async () => {
    const retry = { attempts: 5, backoff: "1ms", maxBackoff: "1ms", jitter: "none" } as const;
    const web = burst(3, { client: { retry } });
    const simulated = await run(world([{ fixedWindow: { limit: 1, window: "1s" } }], { web }, { service: "10ms" }));
    expect(column(simulated, "e2eMs").toSorted((x, y) => x! - y!)).toEqual([10, 1010, 2010]);
  });
});

describe("leakyQueue: ten attempts at once, 10/s", () => {
  const ten = { web: burst(10) };
  const queue = (length: number, changes = {}): Limits => [{ leakyQueue: { rate: "10/s", length }, ...changes }];

  test("room for all -> one at once, then one each 100 ms", async () => {
    const simulated = await run(world(queue(9), ten, { service: "1ms", servers: 10 }));
    expect(column(simulated, "e2eMs").map((ms) => Math.round(ms!))).toEqual([1, 101, 201, 301, 401, 501, 601, 701, 801, 901]);
  });

  test("room for three -> the others are rejected, and counted", async () => {
    const simulated = await run(world(queue(3), ten, { service: "1ms", servers: 10 }));
    expect(outcomesOf(simulated)).toEqual({ completed: 4, rejected: 6 });
    expect(simulated.result.gateway.limits).toEqual({ rejected: 6 });
  });

  test("clients give up while they wait -> those behind move up", async () => {
    const web = { ...burst(2), client: { deadline: "50ms" } } as const;
    const late = burst(1, { client: {} });
    const simulated = await run(world(queue(9), { web, late }, { service: "1ms" }));
    expect(outcomesOf(simulated)).toEqual({ completed: 2, expired: 1 });
    expect(Math.max(...column(simulated, "e2eMs").map((ms) => ms ?? 0))).toBeLessThan(102);
  });

  test("per tenant -> each has a queue of its own", async () => {
    const traffic = { a: burst(3, { tenant: "a" }), b: burst(3, { tenant: "b" }) };
    const simulated = await run(world(queue(9, { per: "tenant" }), traffic, { service: "1ms", servers: 6 }));
    expect(Math.max(...column(simulated, "e2eMs").map((ms) => ms!))).toBeCloseTo(201, 6);
  });

  test("behind another limit -> that one rejects first", async () => {
    const both: Limits = [...queue(9), { fixedWindow: { limit: 2, window: "1h" } }];
    expect(outcomesOf(await run(world(both, ten, { service: "1ms", servers: 10 })))).toEqual({ completed: 2, rejected: 8 });
  });
});

describe("token budgets", () => {
  const rpm: Limits = [{ tokenBudgets: { requests: "60/m" } }];

  test("60 requests/min, 100 at once -> 60 pass; control: all", async () => {
    expect(outcomesOf(await run(world(rpm, { web: burst(100) })))).toEqual({ completed: 60, rejected: 40 });
    expect(outcomesOf(await run(world(undefined, { web: burst(100) })))).toEqual({ completed: 100 });
  });

  test("per tenant -> each has a budget of its own; per all -> one for both", async () => {
    const traffic = { a: burst(50, { tenant: "a" }), b: burst(80, { tenant: "b" }) };
    const own = await run(world([{ ...rpm[0]!, per: "tenant" } as Limits[number]], traffic));
    expect(own.result.classes.map(({ outcomes }) => outcomes.completed)).toEqual([50, 60]);
    expect((await run(world(rpm, traffic))).result.total.outcomes.completed).toBe(60);
  });

  const tpm = (answer: number): Limits => [{ tokenBudgets: { tokens: "1000/m", answer } }];

  test("1000 tokens/min, prompt 100, 100 reserved for the answer -> 5 of 20 at once", async () => {
    expect(outcomesOf(await run(world(tpm(100), { web: burst(20) })))).toEqual({ completed: 5, rejected: 15 });
  });

  test("answers of 10 -> each costs 110 once it is over: 8 in a row before fewer than 200 are left", async () => {
    const web = burst(1, { arrivals: { closed: { users: 1, think: "2ms" } } });
    const simulated = await run(world(tpm(100), { web }, { service: "1ms" }, "100ms"));
    expect(outcomesOf(simulated)["completed"]).toBe(8);
    expect(outcomesOf(simulated)["rejected"]).toBeGreaterThan(10);
  });

  test("60 requests/min per fixed window, a try every second -> 60 at once, then none until the minute is over; refilled steadily: more", async () => {
    const web = burst(200, {
      client: { retry: { attempts: 2, backoff: "30s", maxBackoff: "30s", jitter: "none", honorRetryAfter: false } },
    });
    const passed = async (refill: "steady" | "window") =>
      outcomesOf(await run(world([{ tokenBudgets: { requests: "60/m", refill } }], { web }, { service: "1ms" }, "50s")))["completed"];
    expect([await passed("window"), await passed("steady")]).toEqual([60, 90]);
  });

  test("refilled by windows, asked within the first -> told to come at its end", async () => {
    const web = burst(2, { client: { retry: { attempts: 2, backoff: "1ms", jitter: "none" } } });
    const limits: Limits = [{ tokenBudgets: { requests: "1/m", refill: "window" } }];
    const simulated = await run(world(limits, { web }, { service: "1ms" }, "2m"));
    expect(column(simulated, "e2eMs")).toEqual([1, 60_001]);
  });

  test("the server fails -> refunded: nothing is ever rejected", async () => {
    const web = burst(1, { arrivals: { closed: { users: 1, think: "2ms" } } });
    const simulated = await run(world(tpm(100), { web }, { service: "1ms", failures: 1 }, "100ms"));
    expect(outcomesOf(simulated)["failed"]).toBeGreaterThan(30);
    expect(outcomesOf(simulated)["rejected"]).toBeUndefined();
  });

  test("answers given up after about 100 tokens -> each costs about 200 of 1000, not the 600 reserved: 3 in a row", async () => {
    const chat = burst(1, {
      arrivals: { closed: { users: 1, think: "1ms" } },
      output: 1000,
      client: { deadline: "1s" },
    });
    const simulated = await run(small(chat, { horizon: "3500ms", gateway: { limits: tpm(500) }, fleet: { gpu: pool() } }));
    expect(outcomesOf(simulated)["expired"]).toBe(3);
    expect(outcomesOf(simulated)["rejected"]).toBeGreaterThan(10);
  });

  test("an estimate above the whole budget -> rejected for good, whatever the retries", async () => {
    const web = burst(1, { client: { retry: { attempts: 3, backoff: "1ms" } } });
    const simulated = await run(world([{ tokenBudgets: { inputTokens: "50/m" } }], { web }));
    expect(outcomesOf(simulated)).toEqual({ rejected: 1 });
    expect(column(simulated, "attempts")).toEqual([1]);
  });

  test("the longest wait is told: 100 prompt tokens of 100/min -> the next one a minute later", async () => {
    const web = burst(2, { client: { retry: { attempts: 2, backoff: "1ms", jitter: "none" } } });
    const simulated = await run(world([{ tokenBudgets: { inputTokens: "100/m", requests: "600/m" } }], { web }, { service: "1ms" }, "2m"));
    expect(column(simulated, "e2eMs")).toEqual([1, 60_001]);
  });

  test("prompts from the prefix cache need not count -> all of them pass", async () => {
    const limits = (cachedInput: boolean): Limits => [{ tokenBudgets: { inputTokens: "2k/m", cachedInput } }];
    const chat = burst(1, {
      arrivals: { closed: { users: 1, think: "1ms" } },
      prompt: 16,
      output: 1,
      prefix: { count: 1, tokens: 800 },
    });
    const fleet = { gpu: pool({ engine: { kvBlocks: 1000, prefixCache: true, step: { a: 10 } } }) };
    const outcomes = async (cachedInput: boolean) =>
      outcomesOf(await run(small(chat, { horizon: "1s", gateway: { limits: limits(cachedInput) }, fleet })));
    expect((await outcomes(true))["completed"]).toBe(2);
    // The first one costs 816, each later one 16 and room for an estimate of 816.
    expect((await outcomes(false))["completed"]).toBeGreaterThan(20);
  });
});

describe("token budgets behind which the gateway tries again", () => {
  test("an answer given up -> stays charged as reserved: 600 of 1000, one and no more", async () => {
    const chat = burst(1, { arrivals: { closed: { users: 1, think: "1ms" } }, output: 1000, client: { deadline: "1s" } });
    const limits: Limits = [{ tokenBudgets: { tokens: "1000/m", answer: 500 } }];
    const simulated = await run(small(chat, { horizon: "3500ms", gateway: { limits, retry: { attempts: 2 } }, fleet: { gpu: pool() } }));
    expect(outcomesOf(simulated)["expired"]).toBe(1);
    expect(outcomesOf(simulated)["rejected"]).toBeGreaterThan(10);
  });
});

describe("bad settings of limits", () => {
  const faults = (limit: object) => () => worldOf(world([limit as Limits[number]], { web: burst(1) }));

  test("no budget, a limit of 0, two kinds at once, an unknown kind -> told where and why", () => {
    expect(faults({ tokenBudgets: {} })).toThrow(/limits\[0\]\.tokenBudgets must have a budget.*requests, tokens, inputTokens/su);
    expect(faults({ slidingLog: { limit: 0, window: "1s" } })).toThrow(/slidingLog\.limit must be at least 1/u);
    expect(faults({ slidingLog: { limit: 1, window: "1s" }, gcra: { rate: "1/s", burst: 1 } })).toThrow(/must have only one key/u);
    expect(faults({ slidinglog: { limit: 1, window: "1s" } })).toThrow(/did you mean "slidingLog"/u);
  });

  test("more than can be counted exactly -> told, and not a defect of the simulation", () => {
    expect(faults({ fixedWindow: { limit: 1e9, window: "1h" } })).toThrow(/fixedWindow\.limit must be at most/u);
    expect(faults({ tokenBucket: { rate: "7919/d", burst: 1e9 } })).toThrow(/burst must be countable exactly: at most 26062 permits/u);
    expect(faults({ tokenBudgets: { tokens: "7919/d", window: "30d" } })).toThrow(/tokens must be countable exactly/u);
  });
});
