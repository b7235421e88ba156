import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { burst, column, outcomesOf, run, worldOf } from "../SmallWorld.ts";

type Gateway = NonNullable<ScenarioInput["gateway"]>;
type Store = NonNullable<Gateway["store"]>;
type Faults = NonNullable<ScenarioInput["faults"]>;

/** 10 attempts/s for 10 s on servers that take 10 ms. */
const world = (gateway: Gateway, faults: Faults = [], changes: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: "faults",
  horizon: "10s",
  traffic: { web: { arrivals: { deterministic: { rate: "10/s" } }, prompt: 1, output: 1 } },
  gateway,
  fleet: { server: { station: { service: "10ms" }, replicas: 2 } },
  faults,
  ...changes,
});

const plenty = [{ tokenBucket: { rate: "1000/s", burst: 1000 } }] as const;
const limited = (store: Store): Gateway => ({ limits: plenty, store });

describe("rate limits in a store", () => {
  const one = (gateway: Gateway) => world(gateway, [], { traffic: { web: burst(1) } });

  test("control: no store -> the service alone", async () => {
    expect(column(await run(one({ limits: plenty })), "e2eMs")).toEqual([10]);
  });

  test("20 ms away -> each decision takes 20 ms", async () => {
    expect(column(await run(one(limited({ latency: "20ms" }))), "e2eMs")).toEqual([30]);
  });

  test("slower than the time-out of 50 ms -> open: passes after 50 ms; closed: rejected", async () => {
    expect(column(await run(one(limited({ latency: "60ms", timeout: "50ms", onFailure: "open" }))), "e2eMs")).toEqual([60]);
    const closed = await run(one(limited({ latency: "60ms", timeout: "50ms", onFailure: "closed" })));
    expect(outcomesOf(closed)).toEqual({ rejected: 1 });
    expect(closed.result.gateway.store).toEqual({ calls: 1, unanswered: 1 });
    expect(closed.result.gateway.limits).toEqual({ rejected: 1 });
  });

  test("10 at once for a bucket of 5 -> the store decides one after the other: 5 pass", async () => {
    const limits = [{ tokenBucket: { rate: "1/h", burst: 5 } }] as const;
    const simulated = await run(world({ limits, store: { latency: "5ms" } }, [], { traffic: { web: burst(10) } }));
    expect(outcomesOf(simulated)).toEqual({ completed: 5, rejected: 5 });
  });

  test("token budgets there -> what is settled at the end counts for the next", async () => {
    const limits = [{ tokenBudgets: { tokens: "300/m", answer: 100 } }] as const;
    const web = burst(1, { arrivals: { closed: { users: 1, think: "100ms" } } });
    const simulated = await run(world({ limits, store: { latency: "2ms" } }, [], { traffic: { web }, horizon: "1s" }));
    // 110 each, and 200 must be left: 300 - 110 < 200.
    expect(outcomesOf(simulated)["completed"]).toBe(1);
    expect(outcomesOf(simulated)["rejected"]).toBeGreaterThan(5);
  });
});

describe("faults in front of the fleet", () => {
  test("control: none -> nobody is rejected, every call is answered", async () => {
    const simulated = await run(world(limited({ latency: "1ms", onFailure: "closed" })));
    expect(outcomesOf(simulated)["rejected"]).toBeUndefined();
    expect(simulated.result.gateway.store!.unanswered).toBe(0);
  });

  const down: Faults = [{ storeDown: { at: "2s", for: "5s" } }];

  test("storeDown for 5 s, fails closed -> the 50 of that time are rejected", async () => {
    const simulated = await run(world(limited({ latency: "1ms", onFailure: "closed" }), down));
    expect(outcomesOf(simulated)["rejected"]).toBe(50);
    expect(simulated.result.gateway.store!.unanswered).toBe(50);
    expect(simulated.result.faults).toEqual([{ kind: "storeDown", pool: "store", startMs: 2000, endMs: 7000 }]);
  });

  test("storeDown for 5 s, fails open -> everybody passes, 50 after the time-out", async () => {
    const simulated = await run(world(limited({ latency: "1ms", timeout: "50ms", onFailure: "open" }), down));
    expect(outcomesOf(simulated)["rejected"]).toBeUndefined();
    expect(column(simulated, "e2eMs").filter((ms) => ms === 60)).toHaveLength(50);
  });

  test("storeSlow twice over, 2 x 3 -> six round trips' time while both hold", async () => {
    const faults: Faults = [{ storeSlow: { at: "2s", for: "6s", factor: 2 } }, { storeSlow: { at: "4s", for: "2s", factor: 3 } }];
    const simulated = await run(world(limited({ latency: "5ms" }), faults));
    const times = column(simulated, "e2eMs");
    const count = (ms: number) => times.filter((time) => time === ms).length;
    expect([count(10 + 10), count(10 + 30)]).toEqual([40, 20]);
    expect(count(15)).toBeGreaterThanOrEqual(38);
  });

  test("cacheFlush -> one more load of the one content; control: one", async () => {
    const traffic = {
      web: { arrivals: { deterministic: { rate: "10/s" } }, prompt: 1, output: 1, repeat: { share: 1, contents: 1 } },
    } as const;
    const loads = async (faults: Faults) =>
      (await run(world({ cache: { entries: 10, ttl: "1h" } }, faults, { traffic }))).result.gateway.cache!.loads;
    expect(await loads([])).toBe(1);
    expect(await loads([{ cacheFlush: { at: "5s" } }])).toBe(2);
  });

  test("failing: one of two replicas, in turn -> half fail at once; least outstanding -> it looks idle and draws nearly all", async () => {
    const faults: Faults = [{ failing: { pool: "server", replicas: 1, share: 1, at: "0s", for: "10s" } }];
    const turns = await run(world({ router: "roundRobin" }, faults));
    const { failed, completed } = turns.result.total.outcomes;
    expect(Math.abs(failed - completed)).toBeLessThanOrEqual(1);
    const crowd = { web: burst(20, { arrivals: { closed: { users: 20, think: "1ms" } } }) };
    const drawn = await run(world({ router: "leastOutstanding" }, faults, { traffic: crowd }));
    const { failed: more, completed: fewer } = drawn.result.total.outcomes;
    expect(more / (more + fewer)).toBeGreaterThan(0.9);
  });

  test("failing: a share of 40 % and one of 50 % on all replicas -> 70 % fail while both hold, none after", async () => {
    const on = { pool: "server", replicas: 2, at: "0s" } as const;
    const faults: Faults = [{ failing: { ...on, share: 0.4, for: "100s" } }, { failing: { ...on, share: 0.5, for: "100s" } }];
    const traffic = { web: { arrivals: { deterministic: { rate: "20/s" } }, prompt: 1, output: 1 } } as const;
    const simulated = await run(world({}, faults, { traffic, horizon: "200s" }));
    // 2000 of 4000 attempts; three standard deviations are 61.
    expect(Math.abs(outcomesOf(simulated)["failed"]! - 1400)).toBeLessThan(62);
    expect(simulated.sample.filter(({ arrivalMs, outcome }) => arrivalMs > 100_000 && outcome === "failed")).toHaveLength(0);
  });

  test("no store, no cache -> told where and why", () => {
    const fault = (faults: Faults) => () => worldOf(world({}, faults));
    expect(fault(down)).toThrow(/faults\[0\]\.storeDown must be together with gateway\.store/u);
    expect(fault([{ cacheFlush: { at: "1s" } }])).toThrow(/cacheFlush must be together with gateway\.cache/u);
  });
});

describe("breakers and throttles, all attempts fail", () => {
  type Client = NonNullable<ScenarioInput["traffic"][string]["client"]>;
  const failing = { server: { station: { service: "10ms", failures: 1 } } } as const;
  const guarded = (client: Client): ScenarioInput =>
    world({}, [], { traffic: { web: { arrivals: { deterministic: { rate: "10/s" } }, prompt: 1, output: 1, client } }, fleet: failing });
  const sent = async (client: Client) => {
    const simulated = await run(guarded(client));
    return { failed: simulated.result.total.outcomes.failed, clients: simulated.result.gateway.clients };
  };

  test("control: neither -> all are sent and fail", async () => {
    const { failed, clients } = await sent({});
    expect(failed).toBeGreaterThanOrEqual(99);
    expect(clients).toBeUndefined();
  });

  test("a client's breaker, 3 failures, open for 3 s -> 3, and a probe every 3 s", async () => {
    const { failed, clients } = await sent({ breaker: { trip: { consecutive: 3 }, openFor: "3s" } });
    expect(failed).toBe(3 + 3);
    expect(clients!.blockedByBreaker).toBeGreaterThanOrEqual(99 - 6);
    expect(clients!.blockedByThrottle).toBe(0);
  });

  test("a client's throttle -> the n-th is sent with probability 1/n: about ln n", async () => {
    const { failed, clients } = await sent({ throttle: {} });
    expect(failed).toBeGreaterThanOrEqual(1);
    expect(failed).toBeLessThan(15);
    expect(clients!.blockedByThrottle + failed).toBeGreaterThanOrEqual(99);
  });

  test("the gateway's breakers, one replica fails -> 3 failures and then none; control: half fail", async () => {
    const faults: Faults = [{ failing: { pool: "server", replicas: 1, share: 1, at: "0s", for: "10s" } }];
    const open = { breaker: { trip: { consecutive: 3 }, openFor: "100s" } } as const;
    const broken = await run(world({ router: "roundRobin", ...open }, faults));
    expect(outcomesOf(broken)["failed"]).toBe(3);
    expect(broken.result.gateway.breaker!.refused).toBeGreaterThanOrEqual(1);
    expect(outcomesOf(await run(world({ router: "roundRobin" }, faults)))["failed"]).toBeGreaterThanOrEqual(49);
  });

  test("the gateway's breakers, the replica is well after 2 s, open for 1 s -> a probe finds out", async () => {
    const faults: Faults = [{ failing: { pool: "server", replicas: 1, share: 1, at: "0s", for: "2s" } }];
    const gateway: Gateway = { router: "roundRobin", breaker: { trip: { consecutive: 3 }, openFor: "1s" } };
    const simulated = await run(world(gateway, faults));
    const { failed } = simulated.result.total.outcomes;
    expect(failed).toBeGreaterThanOrEqual(4);
    expect(failed).toBeLessThanOrEqual(5);
    const late = simulated.sample.filter(({ arrivalMs, replica }) => arrivalMs > 5000 && replica === "server/0").length;
    expect(late).toBeGreaterThan(20);
  });

  test("the warm-up is over -> counts begin anew", async () => {
    const client = { breaker: { trip: { consecutive: 3 }, openFor: "100s" } } as const;
    const { result } = await run({ ...guarded(client), warmup: "5s" });
    expect(result.gateway.clients!.blockedByBreaker).toBe(result.total.outcomes.rejected);
    const store = (await run({ ...world(limited({ latency: "1ms" })), warmup: "5s" })).result.gateway.store!;
    expect(Math.abs(store.calls - 50)).toBeLessThanOrEqual(1);
  });
});
