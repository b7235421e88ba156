import { expect, test } from "vitest";
import { burst, column, outcomesOf, pool, run, small } from "./SmallWorld.ts";

// Ten tokens are ten steps of 10 ms.
const ONE_AT_A_TIME = { maxInFlightPerReplica: 1 } as const;

test("gateway queue: full -> the rest is shed at once, the queue keeps its order", async () => {
  const simulated = await run(small(burst(6), { gateway: { ...ONE_AT_A_TIME, queue: { capacity: 2 } } }));
  expect(outcomesOf(simulated)).toEqual({ completed: 3, shed: 3 });
  expect(simulated.sample.filter((record) => record.outcome === "completed").map(({ id, e2eMs }) => [id, e2eMs])).toEqual([
    [0, 100],
    [1, 200],
    [2, 300],
  ]);
  expect(simulated.result.gateway.queue.max).toBe(2);
});

test("gateway queue: waited as long as the timeout -> shed then, whoever got in before is answered", async () => {
  const gateway = (timeout: "199ms" | "201ms") => ({ ...ONE_AT_A_TIME, queue: { capacity: 100, timeout } });
  const short = await run(small(burst(3), { gateway: gateway("199ms") }));
  expect(outcomesOf(short)).toEqual({ completed: 2, shed: 1 });
  expect(short.result.gateway.queue.mean).toBeCloseTo((100 + 199) / 10_000, 9);
  const long = await run(small(burst(3), { gateway: gateway("201ms") }));
  expect(outcomesOf(long)).toEqual({ completed: 3 });
  expect(column(long, "queueWaitMs")).toEqual([0, 100, 200]);
  expect(column(long, "ttftMs")).toEqual([10, 110, 210]);
});

test("gateway: no queue -> everything is forwarded at once and waits in the engine", async () => {
  const simulated = await run(small(burst(5), { fleet: { gpu: pool({ engine: { maxSequences: 1 } }) } }));
  expect(outcomesOf(simulated)).toEqual({ completed: 5 });
  expect(simulated.result.gateway.queue).toEqual({ mean: 0, max: 0 });
  expect(simulated.result.pools[0]!.waiting.max).toBeGreaterThanOrEqual(4);
  expect(column(simulated, "queueWaitMs")).toEqual([0, 100, 200, 300, 400]);
});

test("gateway: no queue, no room below the in-flight limit -> shed", async () => {
  const simulated = await run(small(burst(5), { gateway: { maxInFlightPerReplica: 2 } }));
  expect(outcomesOf(simulated)).toEqual({ completed: 2, shed: 3 });
});

test("gateway: engine's waiting queue full -> shed", async () => {
  const simulated = await run(small(burst(5), { fleet: { gpu: pool({ engine: { maxSequences: 1, maxWaiting: 2 } }) } }));
  // Nobody is admitted before the first step: all five come at the same time.
  expect(outcomesOf(simulated)).toEqual({ completed: 2, shed: 3 });
});

test("gateway: in-flight limit -> no replica ever holds more; without it, all at once", async () => {
  const fleet = { gpu: pool({ replicas: 2 }) };
  const limited = await run(small(burst(20), { fleet, gateway: { maxInFlightPerReplica: 3, queue: { capacity: 100 } } }));
  expect(outcomesOf(limited)).toEqual({ completed: 20 });
  expect(limited.result.pools[0]!.batch.max).toBe(3);
  expect(limited.result.pools[0]!.waiting.max).toBeLessThanOrEqual(3);
  expect(limited.result.gateway.queue.max).toBe(14);
  expect(Math.max(...column(limited, "e2eMs").map(Number))).toBe(400);
  const free = await run(small(burst(20), { fleet }));
  expect(free.result.pools[0]!.batch.max).toBe(10);
});

test("gateway queue without an in-flight limit -> as many in flight as an engine runs at once", async () => {
  const fleet = { gpu: pool({ engine: { maxSequences: 4 } }) };
  const simulated = await run(small(burst(10), { fleet, gateway: { queue: { capacity: 100 } } }));
  expect(simulated.result.gateway.queue.max).toBe(6);
  expect(simulated.result.pools[0]!.batch.max).toBe(4);
});

test("response time limit: engine cancels -> cut, and the engine stops at the next step boundary", async () => {
  const simulated = await run(small(burst(1), { gateway: { responseTimeLimit: "55ms", onDisconnect: "cancel" } }));
  const { gateway, pools, classes } = simulated.result;
  expect(outcomesOf(simulated)).toEqual({ expired: 1 });
  expect(gateway.cut).toBe(1);
  expect(classes[0]!.tokens).toMatchObject({ output: 0, wasted: 6 });
  expect(pools[0]!.tokens.decode).toBe(6);
  expect(pools[0]!.utilization).toBeCloseTo(60 / 10_000, 9);
});

test("response time limit: engine goes on -> cut, and the whole answer is generated for nobody", async () => {
  const simulated = await run(small(burst(1), { gateway: { responseTimeLimit: "55ms", onDisconnect: "continue" } }));
  const { gateway, pools, classes } = simulated.result;
  expect(outcomesOf(simulated)).toEqual({ expired: 1 });
  expect(gateway.cut).toBe(1);
  expect(classes[0]!.tokens).toMatchObject({ output: 0, wasted: 10 });
  expect(pools[0]!.utilization).toBeCloseTo(100 / 10_000, 9);
});

test("response time limit: engine goes on -> who comes next waits for the work for nobody", async () => {
  const queueWaits = async (onDisconnect: "cancel" | "continue") => {
    const second = burst(1, { arrivals: { closed: { users: 2, think: "100h", rampUp: "160ms" } }, output: 7 });
    const gateway = { ...ONE_AT_A_TIME, queue: { capacity: 10 }, responseTimeLimit: "95ms", onDisconnect } as const;
    const simulated = await run({
      ...small(second),
      // Its answer would end at 120 ms; the second user of `chat` comes at 80 ms, the first at 0.
      traffic: { long: burst(1, { output: 12 }), chat: second },
      fleet: { gpu: pool() },
      gateway,
    });
    return simulated.sample.filter((record) => record.class === "chat").map(({ outcome, queueWaitMs }) => [outcome, queueWaitMs]);
  };
  expect(await queueWaits("cancel")).toEqual([
    ["expired", null],
    ["completed", 20],
  ]);
  expect(await queueWaits("continue")).toEqual([
    ["expired", null],
    ["expired", null],
  ]);
});

test("response time limit: cut while still waiting at the gateway -> no token, not even a wasted one", async () => {
  const simulated = await run(small(burst(2), { gateway: { ...ONE_AT_A_TIME, queue: { capacity: 5 }, responseTimeLimit: "55ms" } }));
  expect(outcomesOf(simulated)).toEqual({ expired: 2 });
  expect(simulated.result.gateway.cut).toBe(2);
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(6);
  expect(simulated.result.pools[0]!.tokens.prefill).toBe(100);
});

test("response time limit: the answer ends at the very limit -> answered; a step later -> cut", async () => {
  const withLimit = (responseTimeLimit: "100ms" | "99ms") => run(small(burst(1), { gateway: { responseTimeLimit } }));
  expect(outcomesOf(await withLimit("100ms"))).toEqual({ completed: 1 });
  expect(outcomesOf(await withLimit("99ms"))).toEqual({ expired: 1 });
});

test("response time limit: retries -> each attempt has its own", async () => {
  const client = { retry: { attempts: 3, backoff: "100ms", factor: 1, jitter: "none" } } as const;
  const simulated = await run(small(burst(1, { client }), { gateway: { responseTimeLimit: "55ms" } }));
  expect(outcomesOf(simulated)).toEqual({ expired: 1 });
  expect(column(simulated, "attempts")).toEqual([3]);
  expect(simulated.result.gateway.cut).toBe(3);
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(18);
});

test("gateway.cut: cuts before the end of the warm-up -> not counted, as nothing of the warm-up is", async () => {
  const simulated = await run(small(burst(1), { warmup: "5s", gateway: { responseTimeLimit: "55ms" } }));
  expect(simulated.result.total.requests).toBe(0);
  expect(simulated.result.gateway.cut).toBe(0);
});
