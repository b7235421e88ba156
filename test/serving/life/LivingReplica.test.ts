import { expect, test } from "vitest";
import { burst, column, outcomesOf, pool, run, small } from "../SmallWorld.ts";

const startup = {
  imagePull: { time: "100ms" },
  weightSize: "2GB",
  weightBandwidth: "10GB/s",
  compile: "50ms",
  drainTimeout: "10s",
} as const;
const where = { pool: "gpu", replicas: 1 };
const queue = { queue: { capacity: 100 } };

test("startup: after a fault -> ready when weights are loaded and warm; the image is there already", async () => {
  const faults = [{ replicaDown: { ...where, at: "0ms", for: "100ms" } }] as const;
  const world = small(burst(1), { gateway: queue, fleet: { gpu: pool({ startup }) }, faults });
  expect(column(await run(world), "queueWaitMs")).toEqual([100 + 200 + 50]);
  expect(column(await run({ ...world, fleet: { gpu: pool() } }), "queueWaitMs")).toEqual([100]);
});

test("restart: what runs fails, then a cold start; caches are empty", async () => {
  const chat = burst(1, { arrivals: { closed: { users: 1, think: "400ms" } }, prompt: 1, prefix: { count: 1, tokens: 160 } });
  const fleet = { gpu: pool({ startup, engine: { prefixCache: true } }) };
  const struck = await run(small(chat, { horizon: "1990ms", fleet, gateway: queue, faults: [{ restart: { ...where, at: "650ms" } }] }));
  // At 0, 500, 1000, 1500 ms; the restart begins between two requests.
  expect(column(struck, "cachedTokens")).toEqual([0, 160, 0, 160]);
  const hit = await run(small(burst(1), { fleet, faults: [{ restart: { ...where, at: "55ms" } }] }));
  expect(outcomesOf(hit)).toEqual({ failed: 1 });
});

test("drain: with requests in flight -> all of them are answered, new ones go elsewhere; then the machine is off and costs nothing", async () => {
  const faults = [{ drain: { ...where, at: "45ms", for: "5s" } }] as const;
  const world = small(burst(6), { fleet: { gpu: pool({ replicas: 2, startup }) }, gateway: { router: "roundRobin" }, faults });
  const simulated = await run(world);
  expect(outcomesOf(simulated)).toEqual({ completed: 6 });
  // 100 ms until it is drained; it starts at 5,045 ms and runs to 10 s.
  expect(simulated.result.pools[0]!.replicaHours * 3_600_000).toBeCloseTo(10_000 + 100 + 4955, 6);
});

test("drain: takes longer than its time limit -> the rest fails", async () => {
  const faults = [{ drain: { ...where, at: "45ms", for: "5s" } }] as const;
  const fleet = { gpu: pool({ startup: { ...startup, drainTimeout: "20ms" } }) };
  expect(outcomesOf(await run(small(burst(2), { fleet, faults })))).toEqual({ failed: 2 });
});

test("drain: never loses an attempt -> every request of a busy pool has an outcome, and none fails", async () => {
  const chat = { arrivals: { poisson: { rate: "40/s" } }, prompt: 100, output: { uniform: [5, 60] } } as const;
  const faults = [1, 3, 5, 7].map((at) => ({ drain: { ...where, at: `${at}s`, for: "1s" } }) as const);
  const fleet = { gpu: pool({ replicas: 2, startup }) };
  const { result } = await run(small(chat, { fleet, faults }));
  expect(result.total.outcomes.failed).toBe(0);
  expect(result.total.outcomes.completed + result.total.outcomes.unfinished).toBe(result.total.requests);
  expect(result.total.outcomes.completed).toBeGreaterThan(300);
});

test("initial: fewer than replicas -> the others are off, take nothing and cost nothing", async () => {
  const fleet = { gpu: pool({ replicas: 3, initial: 1, startup }) };
  const simulated = await run(small(burst(6), { fleet, gateway: { router: "roundRobin" } }));
  expect(new Set(column(simulated, "replica"))).toEqual(new Set(["gpu/0"]));
  expect(simulated.result.pools[0]!.replicaHours * 3_600_000).toBeCloseTo(10_000, 6);
});

test("cacheWipe: between two requests -> the next one finds nothing; what runs goes on", async () => {
  const chat = burst(1, { arrivals: { closed: { users: 1, think: "100ms" } }, prompt: 1, prefix: { count: 1, tokens: 160 } });
  const fleet = { gpu: pool({ engine: { prefixCache: true } }) };
  const faults = [{ cacheWipe: { ...where, at: "350ms" } }, { cacheWipe: { ...where, at: "650ms" } }] as const;
  const simulated = await run(small(chat, { horizon: "990ms", fleet, faults }));
  // Requests at 0, 200, 400, 600, 800 ms; the second wipe strikes a request at work, whose blocks stay.
  expect(column(simulated, "cachedTokens")).toEqual([0, 160, 0, 160, 160]);
  expect(outcomesOf(simulated)).toEqual({ completed: 5 });
});

test("timeline: one of three replicas is on and always busy -> utilization 1, and KV in use of one replica; the waiting of that one", async () => {
  const chat = burst(6, { arrivals: { closed: { users: 6, think: "1ms" } }, output: 20 });
  const engine = { kvBlocks: 100, maxSequences: 2 };
  const fleet = { gpu: pool({ replicas: 3, initial: 1, startup, engine: { ...pool().engine, ...engine } }) };
  const { result } = await run(small(chat, { horizon: "40s", warmup: "2s", fleet }));
  const busy = result.timeline.filter(({ atMs }) => atMs > 2500);
  for (const { utilization } of busy) expect(utilization).toBeGreaterThan(0.95);
  // Two sequences of 100 to 120 tokens in 1,600, in most steps; a third of that if all replicas counted.
  expect(busy.reduce((sum, { kvRatio }) => sum + kvRatio, 0) / busy.length).toBeGreaterThan(0.06);
  expect(result.pools[0]!.utilization).toBeCloseTo(1, 1);
  expect(result.pools[0]!.waiting.mean).toBeGreaterThan(3.5);
  // All of them on: three times the machines, a third of the users each.
  const all = await run(
    small(chat, {
      horizon: "4s",
      warmup: "1s",
      fleet: { gpu: pool({ replicas: 3, engine: fleet.gpu.engine! }) },
      gateway: { router: "roundRobin" },
    }),
  );
  expect(all.result.pools[0]!.waiting.mean).toBeLessThan(0.2);
});
