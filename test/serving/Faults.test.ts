import { expect, test } from "vitest";
import { burst, column, outcomesOf, pool, run, small } from "./SmallWorld.ts";

type Fault = NonNullable<NonNullable<Parameters<typeof small>[1]>["faults"]>[number];

const down = (at: number, length: number, replicas = 1): Fault => ({
  replicaDown: { pool: "gpu", replicas, at: `${at}ms`, for: `${length}ms` },
});
const slow = (factor: number, at: number, length: number): Fault => ({
  slowdown: { pool: "gpu", replicas: 1, factor, at: `${at}ms`, for: `${length}ms` },
});
/** A user who asks again 100 ms after each end; an answer takes 100 ms. */
const steady = burst(1, { arrivals: { closed: { users: 1, think: "100ms" } } });

test("replicaDown: what runs there fails, what runs elsewhere goes on; without the fault all are answered", async () => {
  const world = (faults: ReadonlyArray<Fault>) =>
    small(burst(6), { fleet: { gpu: pool({ replicas: 3 }) }, gateway: { router: "roundRobin" }, faults });
  const struck = await run(world([down(55, 1000)]));
  expect(outcomesOf(struck)).toEqual({ completed: 4, failed: 2 });
  expect(struck.sample.filter(({ outcome }) => outcome === "completed").map(({ replica, e2eMs }) => [replica, e2eMs])).toEqual([
    ["gpu/1", 100],
    ["gpu/2", 100],
    ["gpu/1", 100],
    ["gpu/2", 100],
  ]);
  expect(struck.result.classes[0]!.tokens.wasted).toBe(2 * 5);
  expect(outcomesOf(await run(world([])))).toEqual({ completed: 6 });
});

test("replicaDown: at the very end of a step -> that step is lost", async () => {
  const simulated = await run(small(burst(1), { faults: [down(50, 10)] }));
  expect(simulated.result.classes[0]!.tokens.wasted).toBe(4);
});

test("replicaDown: attempts wait in the engine -> they fail too", async () => {
  const simulated = await run(small(burst(3), { fleet: { gpu: pool({ engine: { maxSequences: 1 } }) }, faults: [down(55, 10)] }));
  expect(outcomesOf(simulated)).toEqual({ failed: 3 });
});

test("replicaDown: nobody is up and there is no queue -> failed; with a queue, attempts wait for the replica", async () => {
  const faults = [down(0, 200)];
  expect(outcomesOf(await run(small(burst(2), { faults })))).toEqual({ failed: 2 });
  const queued = await run(small(burst(2), { faults, gateway: { queue: { capacity: 10 } } }));
  expect(outcomesOf(queued)).toEqual({ completed: 2 });
  expect(column(queued, "queueWaitMs")).toEqual([200, 200]);
});

test("replicaDown: comes back -> takes attempts again, with an empty cache", async () => {
  const chat = { ...steady, prompt: 1, prefix: { count: 1, tokens: 160 } };
  const fleet = { gpu: pool({ engine: { prefixCache: true } }) };
  // Requests at 0, 200, 400 ms ...; the replica is down while the user thinks.
  const simulated = await run(small(chat, { fleet, horizon: "990ms", faults: [down(310, 20)] }));
  expect(outcomesOf(simulated)).toEqual({ completed: 5 });
  expect(column(simulated, "cachedTokens")).toEqual([0, 160, 0, 160, 160]);
});

test("replicaDown: only the first replicas of the named pool are struck", async () => {
  const fleet = { other: pool({ replicas: 2 }), gpu: pool({ replicas: 3 }) };
  const simulated = await run(small(burst(5), { fleet, gateway: { router: "roundRobin" }, faults: [down(55, 10, 2)] }));
  expect(outcomesOf(simulated)).toEqual({ completed: 3, failed: 2 });
  const answeredBy = simulated.sample.filter(({ outcome }) => outcome === "completed").map(({ replica }) => replica);
  expect(answeredBy.toSorted()).toEqual(["gpu/2", "other/0", "other/1"]);
});

test("replicaDown: two overlap -> the replica is down until the last one ends", async () => {
  const faults = [down(150, 200), down(250, 300)];
  // At 0 and 200 ms (failed, 300 ms, failed ...): every request while it is down fails at once, and the user thinks 100 ms.
  const simulated = await run(small(steady, { horizon: "800ms", faults }));
  expect(simulated.sample.map(({ arrivalMs, outcome }) => [arrivalMs, outcome])).toEqual([
    [0, "completed"],
    [200, "failed"],
    [300, "failed"],
    [400, "failed"],
    [500, "failed"],
    [600, "completed"],
  ]);
});

test("replicaDown: one ends where the next begins -> down without a gap", async () => {
  const simulated = await run(small(burst(1), { faults: [down(0, 50), down(50, 50)], gateway: { queue: { capacity: 1 } } }));
  expect(column(simulated, "queueWaitMs")).toEqual([100]);
});

test("slowdown: all along -> each token takes the factor longer", async () => {
  const simulated = await run(small(burst(1), { faults: [slow(3, 0, 5000)] }));
  expect(simulated.sample).toMatchObject([{ ttftMs: 30, tpotMs: 30, e2eMs: 300 }]);
});

test("slowdown: begins and ends in the middle of a step -> takes effect at the next step", async () => {
  // Steps end at 10, 20, 30 (began at full speed), 60, 90 (began slow), then 100, 110 ...
  const simulated = await run(small(burst(1), { faults: [slow(3, 25, 50)] }));
  expect(column(simulated, "e2eMs")).toEqual([140]);
});

test("slowdown: one that speeds up -> the other way round", async () => {
  expect(column(await run(small(burst(1), { faults: [slow(0.5, 0, 5000)] })), "e2eMs")).toEqual([50]);
});

test("slowdown: two overlap -> factors multiply, and each ends by itself", async () => {
  // From 30 to 90 ms six times slower: one step. Then twice, until 110 ms.
  const simulated = await run(small(burst(1), { faults: [slow(3, 30, 60), slow(2, 30, 80)] }));
  expect(column(simulated, "e2eMs")).toEqual([30 + 60 + 20 + 50]);
});

test("slowdown: the replica dies in it and comes back -> still slow", async () => {
  const simulated = await run(small(burst(1), { faults: [slow(3, 0, 5000), down(0, 50)], gateway: { queue: { capacity: 1 } } }));
  expect(column(simulated, "tpotMs")).toEqual([30]);
});

test("faults after the horizon -> nothing happens", async () => {
  const simulated = await run(small(burst(1), { faults: [down(10_001, 3_600_000_000), slow(2, 360_000_000, 1000)] }));
  expect(outcomesOf(simulated)).toEqual({ completed: 1 });
});

test("retries through a fault -> the answer comes from another replica", async () => {
  const client = { retry: { attempts: 2, backoff: "10ms", jitter: "none" } } as const;
  const fleet = { gpu: pool({ replicas: 2 }) };
  const simulated = await run(small(burst(1, { client }), { fleet, faults: [down(55, 1000)] }));
  expect(simulated.sample).toMatchObject([{ outcome: "completed", attempts: 2, replica: "gpu/1", e2eMs: 165 }]);
});
