import { describe, expect, test } from "vitest";
import type { Simulated } from "../../../src/experiment/simulate.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { column, outcomesOf, run } from "../SmallWorld.ts";

type TrafficClass = ScenarioInput["traffic"][string];
type Cache = NonNullable<NonNullable<ScenarioInput["gateway"]>["cache"]>;
type Station = NonNullable<ScenarioInput["fleet"][string]["station"]>;
type Arrivals = NonNullable<TrafficClass["arrivals"]>;

/** Everybody asks the same. */
const SAME = { share: "100%", contents: 1 } as const;
const AT_ONCE = { attempts: 1 } as const;

const world = (asks: TrafficClass, cache: Partial<Cache>, station: Partial<Station> = {}, changes: Partial<ScenarioInput> = {}) =>
  ({
    name: "cache",
    horizon: "30s",
    traffic: { web: { prompt: 100, output: 10, repeat: SAME, ...asks } },
    gateway: { cache: { entries: 100, ttl: "1h", latency: "0s", ...cache } },
    fleet: { server: { station: { service: "1s", ...station } } },
    ...changes,
  }) as ScenarioInput;

/** So many at time 0, each once. */
const crowd = (users: number): { readonly arrivals: Arrivals } => ({ arrivals: { closed: { users, think: "100h" } } });
/** One user, who asks again so long after each answer. */
const user = (think: `${number}${"ms" | "s"}`): { readonly arrivals: Arrivals } => ({ arrivals: { closed: { users: 1, think } } });

const cacheOf = ({ result }: Simulated) => result.gateway.cache!;
const servedBy = ({ result }: Simulated): number => result.pools[0]!.steps;
/** Time to the answer of each request, by arrival. */
const times = (simulated: Simulated): Array<number | null> => column(simulated, "e2eMs");
const outcomes = (simulated: Simulated): Array<string> => column(simulated, "outcome");

describe("hits and misses", () => {
  test("one user asks the same four times -> one load of 1 s, then whole answers at once, with all tokens", async () => {
    const simulated = await run(world(user("9s"), {}));
    expect(outcomes(simulated)).toEqual(["completed", "cached", "cached", "cached"]);
    expect(times(simulated)).toEqual([1000, 0, 0, 0]);
    expect(column(simulated, "ttftMs")).toEqual([1000, 0, 0, 0]);
    expect(column(simulated, "outputTokens")).toEqual([10, 10, 10, 10]);
    expect(column(simulated, "cachedTokens")).toEqual([0, 100, 100, 100]);
    expect(column(simulated, "replica")).toEqual(["server/0", null, null, null]);
    expect(cacheOf(simulated)).toMatchObject({ requests: 4, hits: 3, misses: 1, loads: 1, hitRatio: 0.75 });
    expect(servedBy(simulated)).toBe(1);
    expect(simulated.result.total.throughputPerSecond).toBeCloseTo(4 / 30, 9);
  });

  test("a look-up takes 50 ms -> before the load, and as the queue wait of a hit", async () => {
    const simulated = await run(world(user("9s"), { latency: "50ms" }));
    expect(times(simulated)).toEqual([1050, 50, 50, 50]);
    expect(column(simulated, "queueWaitMs")).toEqual([0, 50, 50, 50]);
  });

  test("the user gives up during the look-up -> no load", async () => {
    const simulated = await run(world({ ...crowd(1), client: { deadline: "20ms" } }, { latency: "50ms" }));
    expect(outcomes(simulated)).toEqual(["expired"]);
    expect(servedBy(simulated)).toBe(0);
  });

  test("requests without a content -> as if there were no cache", async () => {
    const simulated = await run(world({ ...crowd(3), repeat: { share: 0, contents: 1 } }, { latency: "50ms" }));
    expect(outcomesOf(simulated)).toEqual({ completed: 3 });
    expect(times(simulated)).toEqual([1000, 1000, 1000]);
    expect(cacheOf(simulated)).toMatchObject({ requests: 0, hitRatio: null });
  });

  test("the answer lives 10 s -> a question at 10 s after the load is a miss, one before is a hit", async () => {
    expect(outcomes(await run(world(user("9s"), { ttl: "10s" })))).toEqual(["completed", "cached", "completed", "cached"]);
    expect(outcomes(await run(world(user("10s"), { ttl: "10s" })))).toEqual(["completed", "completed", "completed"]);
  });

  test("room for one answer, two contents in turn -> each evicts the other; room for two -> none", async () => {
    const two = (entries: number) =>
      run(
        world(
          { arrivals: { poisson: { rate: "20/s" } }, repeat: { share: "100%", contents: 2, zipf: 0 } },
          { entries },
          { service: "1ms" },
        ),
      );
    const small = cacheOf(await two(1));
    expect(small.evictions).toBe(small.loads - 1);
    expect(small.hitRatio).toBeGreaterThan(0.4);
    expect(small.hitRatio).toBeLessThan(0.6);
    expect(cacheOf(await two(2))).toMatchObject({ evictions: 0, loads: 2 });
  });

  test("room for 39 bytes, answers of 10 tokens -> nothing is kept", async () => {
    expect(cacheOf(await run(world(user("9s"), { bytes: 39 }))).loads).toBe(4);
    expect(cacheOf(await run(world(user("9s"), { bytes: 40 }))).loads).toBe(1);
  });
});

describe("coalescing", () => {
  test("100 ask the same at once -> one load; all have the answer when it is there", async () => {
    const simulated = await run(world(crowd(100), {}));
    expect(outcomesOf(simulated)).toEqual({ completed: 1, cached: 99 });
    expect(new Set(times(simulated))).toEqual(new Set([1000]));
    expect(servedBy(simulated)).toBe(1);
    expect(cacheOf(simulated)).toMatchObject({ misses: 1, coalesced: 99, loads: 1 });
  });

  test("without coalescing -> 100 loads", async () => {
    const simulated = await run(world(crowd(100), { coalesce: false }));
    expect(outcomesOf(simulated)).toEqual({ completed: 100 });
    expect(servedBy(simulated)).toBe(100);
  });

  test("the load fails -> all who waited fail with it, and the next asker loads again", async () => {
    const simulated = await run(world(crowd(100), {}, { failures: 1 }));
    expect(outcomesOf(simulated)).toEqual({ failed: 100 });
    expect(servedBy(simulated)).toBe(1);
    expect(servedBy(await run(world(user("9s"), {}, { failures: 1 })))).toBe(3);
  });

  test("all who wait give up -> the load is called off: nobody's work", async () => {
    const simulated = await run(world({ ...crowd(3), client: { deadline: "500ms" } }, {}));
    expect(outcomesOf(simulated)).toEqual({ expired: 3 });
    expect(servedBy(simulated)).toBe(0);
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(0.5 / 30, 9);
  });

  test("two cut at 600 ms who ask again -> the load is called off with the second one and begins anew, three times", async () => {
    const retry = { attempts: 3, backoff: "100ms", maxBackoff: "100ms", jitter: "none" } as const;
    const simulated = await run(world({ ...crowd(2), client: { attemptTimeout: "600ms", retry } }, {}));
    expect(outcomesOf(simulated)).toEqual({ expired: 2 });
    expect(servedBy(simulated)).toBe(0);
    expect(simulated.result.pools[0]!.utilization).toBeCloseTo(1.8 / 30, 9);
  });

  /** Users who stay 700 ms each: whoever asked first is gone before a load of 1 s is over. */
  const passing = (onLeaderCancel: "keep" | "handOver") =>
    run(world({ arrivals: { poisson: { rate: "20/s" } }, client: { deadline: "700ms" } }, { onLeaderCancel, ttl: "1ms" }));

  test("each asker leaves before the load ends, its load is kept for those who came later -> they get it", async () => {
    const simulated = await passing("keep");
    // Who comes in the last 700 of each 1,000 ms is served.
    expect(outcomesOf(simulated)["cached"]! / simulated.result.total.requests).toBeGreaterThan(0.6);
    expect(servedBy(simulated)).toBeGreaterThan(25);
    expect(cacheOf(simulated).loads).toBeLessThan(32);
  });

  test("the same, handed over -> each new leader starts its own load, which never ends in time", async () => {
    const simulated = await passing("handOver");
    expect(outcomesOf(simulated)["cached"]).toBeUndefined();
    expect(servedBy(simulated)).toBe(0);
    expect(cacheOf(simulated).loads).toBeGreaterThan(40);
  });

  test("the load outlives its lease -> another waiter loads too, and each leader gets the end of its own load", async () => {
    // Two ask at 0; at 600 ms the second one starts its own load, which ends at 1,600 ms; the first load ends at 1,000 ms, for its own asker alone.
    const simulated = await run(world(crowd(2), { lease: "600ms" }));
    expect(outcomesOf(simulated)).toEqual({ completed: 2 });
    expect(times(simulated)).toEqual([1000, 1600]);
    expect(cacheOf(simulated).loads).toBe(2);
  });

  test("hedged copies of one question -> one load, one answer each", async () => {
    const simulated = await run(world({ ...crowd(5), client: { hedge: { after: "100ms", attempts: 3 } } }, {}));
    expect(sum(outcomesOf(simulated))).toBe(5);
    expect(times(simulated)).toEqual([1000, 1000, 1000, 1000, 1000]);
    expect(servedBy(simulated)).toBe(1);
    const again = await run(world({ ...user("3s"), client: { hedge: { after: "100ms", attempts: 3 } } }, { latency: "10ms" }));
    expect(times(again)[1]).toBe(10);
    expect(new Set(column(again, "attempts"))).toEqual(new Set([1]));
  });
});

const sum = (counts: { readonly [name: string]: number }): number => Object.values(counts).reduce((total, count) => total + count, 0);

describe("past its end", () => {
  test("stale while revalidate -> the old answer at once, and one load behind it", async () => {
    // Loaded at 1 s, ends at 6 s; asked at 10 s (stale, reload until 11 s), 19 s (stale), 28 s (stale).
    const simulated = await run(world(user("9s"), { ttl: "5s", staleWhileRevalidate: "10s" }));
    expect(outcomes(simulated)).toEqual(["completed", "cached", "cached", "cached"]);
    expect(times(simulated)).toEqual([1000, 0, 0, 0]);
    expect(cacheOf(simulated)).toMatchObject({ stale: 3, hits: 0, loads: 4 });
    expect(servedBy(simulated)).toBe(4);
  });

  test("stale while revalidate is over too -> a load that the asker waits for", async () => {
    expect(times(await run(world(user("9s"), { ttl: "5s", staleWhileRevalidate: "3s" })))).toEqual([1000, 1000, 1000]);
  });

  const DOWN = [{ replicaDown: { pool: "server", replicas: 1, at: "5s", for: "100s" } }] as const;

  test("stale if error -> the old answer when the load fails, for so long", async () => {
    const simulated = await run(world(user("9s"), { ttl: "5s", staleIfError: "10s" }, {}, { faults: DOWN }));
    // Loaded at 1 s, ends at 6 s, good for failures until 16 s: asked at 10 s and 19 s.
    expect(outcomes(simulated)).toEqual(["completed", "cached", "failed", "failed"]);
    expect(column(simulated, "outputTokens")).toEqual([10, 10, 0, 0]);
    expect(outcomes(await run(world(user("9s"), { ttl: "5s" }, {}, { faults: DOWN })))).toEqual([
      "completed",
      "failed",
      "failed",
      "failed",
    ]);
  });

  test("negative TTL -> a failure is served without a load for so long, and not longer", async () => {
    const patient = { ...user("1s"), client: { retry: AT_ONCE } };
    const never = await run(world(patient, {}, { service: "100ms", failures: 1 }));
    const some = await run(world(patient, { negativeTtl: "3500ms" }, { service: "100ms", failures: 1 }));
    expect(cacheOf(never)).toMatchObject({ negative: 0, loads: 28 });
    // A load, answers at once after 1, 2 and 3 s, and again.
    expect(cacheOf(some).loads).toBe(8);
    expect(cacheOf(some).negative).toBeGreaterThanOrEqual(21);
    expect(outcomesOf(some)).toEqual({ failed: some.result.total.requests });
  });

  test("early refresh under steady load -> nobody waits at the end of a life; without it, somebody does at each", async () => {
    const asks = { arrivals: { poisson: { rate: "100/s" } } } as const;
    const waited = (simulated: Simulated): number => column(simulated, "outcome").filter((outcome) => outcome === "completed").length;
    const early = await run(world(asks, { ttl: "3s", earlyRefresh: 1 }, { service: "200ms" }, { horizon: "60s" }));
    const plain = await run(world(asks, { ttl: "3s" }, { service: "200ms" }, { horizon: "60s" }));
    expect(waited(early)).toBe(1);
    expect(waited(plain)).toBeGreaterThan(15);
    expect(cacheOf(early).loads).toBeGreaterThan(cacheOf(plain).loads);
    expect(cacheOf(early).coalesced).toBeLessThan(40);
  });
});

describe("warm-up", () => {
  const contents = { share: "100%", contents: 100, zipf: 1 } as const;
  /** Nobody before 20 s, then 50/s. */
  const peak = {
    arrivals: {
      poisson: {
        rate: {
          piecewise: [
            ["0s", "0/s"],
            ["20s", "50/s"],
          ],
          interpolation: "step",
        },
      },
    },
  } as const;

  test("4 loads per second for 10 s before the peak -> the 40 hottest are there, and the loads are not requests", async () => {
    const warmUp = { traffic: "web", from: "10s", peak: "20s", rate: "4/s" } as const;
    const warm = await run(world({ ...peak, repeat: contents }, { warmUp }, { service: "10ms" }));
    const cold = await run(world({ ...peak, repeat: contents }, {}, { service: "10ms" }));
    expect(warm.result.total.requests).toBe(cold.result.total.requests);
    const completed = (simulated: Simulated): number => outcomesOf(simulated)["completed"]!;
    expect(completed(warm)).toBeLessThanOrEqual(60);
    expect(completed(cold) - completed(warm)).toBeGreaterThanOrEqual(30);
    expect(cacheOf(warm).loads).toBe(40 + completed(warm));
  });

  test("a warm-up beside users who ask already -> what is there or on its way is not loaded again", async () => {
    const warmUp = { traffic: "web", from: "0s", peak: "10s", rate: "20/s" } as const;
    const simulated = await run(world({ arrivals: { poisson: { rate: "50/s" } }, repeat: contents }, { warmUp }, { service: "100ms" }));
    expect(cacheOf(simulated).loads).toBeLessThanOrEqual(100);
    expect(servedBy(simulated)).toBe(cacheOf(simulated).loads);
  });

  test("no class of that name repeats contents -> an error at its place", () => {
    const warmUp = { traffic: "nobody", peak: "20s", rate: "4/s" } as const;
    expect(() => run(world(crowd(1), { warmUp }))).toThrow("must be a traffic class with repeat");
  });
});

test("contents that nobody repeats -> the cache changes nothing: each load has the service time that the request would have had", async () => {
  const asks = { arrivals: { poisson: { rate: "20/s" } }, repeat: { share: "100%", contents: 1_000_000, zipf: 0 } } as const;
  const station = { service: { exponential: { mean: "400ms" } } } as const;
  const cached = await run(world(asks, {}, station));
  const plain = await run({ ...world(asks, {}, station), gateway: {} });
  expect(cacheOf(cached).hits).toBeLessThan(3);
  const loaded = new Map(cached.sample.filter(({ outcome }) => outcome === "completed").map(({ id, e2eMs }) => [id, e2eMs]));
  expect(loaded.size).toBeGreaterThan(500);
  for (const { id, e2eMs, outcome } of plain.sample) if (outcome === "completed" && loaded.has(id)) expect(loaded.get(id)).toBe(e2eMs);
});
