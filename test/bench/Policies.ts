import { ResultCache, Answer, Loaded } from "../../src/policy/caching/index.ts";
import type { EvictionName } from "../../src/policy/caching/index.ts";
import type { FleetView, RouterSpec } from "../../src/policy/routing/index.ts";
import { RouteEnd, routerOf } from "../../src/policy/routing/index.ts";
import type { ScaleObservation } from "../../src/policy/scaling/index.ts";
import { HorizontalScaler, KUBERNETES_RULES } from "../../src/policy/scaling/index.ts";
import type { ShedderSpec } from "../../src/policy/shedding/index.ts";
import { QueueShedder, Verdict } from "../../src/policy/shedding/index.ts";
import { Streams } from "../../src/kernel/Streams.ts";
import { zipf } from "../../src/kernel/Sampler.ts";
import type { Benchmark, Measurement } from "./Benchmark.ts";
import { measure } from "./Benchmark.ts";

const REPLICAS = 64;
const DRAWS = 65_536;

/** Uniform numbers, drawn beforehand so that the policy is measured and not the generator. */
function drawsOf(): () => number {
  const source = new Streams(1).open("policies", "draw").sequence();
  const drawn = Float64Array.from({ length: DRAWS }, () => source.unit());
  let next = 0;
  return () => drawn[next++ & (DRAWS - 1)]!;
}

const warmed = (work: (decisions: number) => void, decisions: number): Measurement =>
  measure(
    () => work(decisions / 10),
    () => {
      work(decisions);
      return decisions;
    },
  );

/** A pick, a send and an end per decision, over a fleet that holds about half of its attempts. */
function routing(spec: RouterSpec): Measurement {
  const router = routerOf(spec);
  const draw = drawsOf();
  const fleet: FleetView = {
    count: REPLICAS,
    outstanding: Int32Array.from({ length: REPLICAS }, (_, i) => i % 7),
    available: new Uint8Array(REPLICAS).fill(1),
    weight: Int32Array.from({ length: REPLICAS }, (_, i) => 1 + (i % 3)),
    backup: new Uint8Array(REPLICAS),
  };
  const held = new Int32Array(256).fill(-1);
  const request = { promptTokens: 100, prefixHash: 0, classIndex: 0 };
  let now = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      now++;
      const at = turn & 255;
      const old = held[at]!;
      if (old >= 0) {
        fleet.outstanding[old]!--;
        router.ended?.(old, RouteEnd.Completed, 256, now);
      }
      request.prefixHash = 1 + (turn & 1023);
      const chosen = router.pick(fleet, request, draw, now);
      fleet.outstanding[chosen]!++;
      router.sent?.(chosen, now);
      held[at] = chosen;
    }
  }, 2_000_000);
}

/** Arrival, queue and turn of one request per decision, at twice the capacity. */
function shedding(spec: ShedderSpec): Measurement {
  const shedder = new QueueShedder(spec);
  const draw = drawsOf();
  const request = { tokens: 100, deadlineMs: Infinity, expectedServiceMs: 10, business: 0, user: 0 };
  let now = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      now += 0.5;
      request.user = turn & 127;
      const passed = shedder.arrive(request, draw(), now) === Verdict.Pass && shedder.enter(request, now) === Verdict.Pass;
      if (!passed || (turn & 1) === 0 || shedder.waiting === 0) continue;
      if (shedder.start(request, shedder.newestFirst(now) ? 1 : 30, true, now) === Verdict.Pass) shedder.answered(true, now);
    }
  }, 4_000_000);
}

/** One request per decision, Zipf 1 over ten times as many keys as fit; misses load at once. */
function caching(eviction: EvictionName): Measurement {
  const cache = new ResultCache<number>({
    eviction,
    maxEntries: 10_000,
    maxBytes: Infinity,
    ttlMs: 1e6,
    ttlJitterRatio: 0.1,
    earlyRefresh: 1,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    negativeTtlMs: 0,
    coalesce: true,
    maxLoads: 16,
    maxWaiters: 16,
    leaseMs: Infinity,
    onLeaderCancel: "keep",
  });
  const draw = drawsOf();
  const source = new Streams(1).open("policies", "key").sequence();
  const ranks = zipf(100_000, 1);
  const keys = Int32Array.from({ length: 1 << 20 }, () => ranks.sample(source));
  let now = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      const answer = cache.request(keys[turn & ((1 << 20) - 1)]!, 0, draw(), ++now);
      if (answer !== Answer.Lead && answer !== Answer.HitAndLoad) continue;
      const { flight } = cache;
      cache.settle(flight, Loaded.Value, 1, draw(), now);
      while (cache.nextCaller(flight) >= 0);
    }
  }, 2_000_000);
}

/** One decision each 15 s over 64 replicas with a load that swings. */
function scaling(): Measurement {
  const scaler = new HorizontalScaler({
    ...KUBERNETES_RULES,
    minReplicas: 1,
    maxReplicas: 100,
    targets: [{ metric: "utilization", value: 0.7 }],
  });
  const seen: ScaleObservation = {
    replicas: REPLICAS,
    count: REPLICAS,
    ready: new Uint8Array(REPLICAS).fill(1),
    utilization: new Float64Array(REPLICAS),
    concurrency: new Float64Array(REPLICAS),
    tokensPerSecond: new Float64Array(REPLICAS),
    queueLength: 0,
    offeredPerSecond: 0,
  };
  let now = 0;
  return warmed((decisions) => {
    for (let turn = 0; turn < decisions; turn++) {
      now += 15_000;
      seen.utilization.fill(0.7 + 0.3 * Math.sin(turn / 50));
      seen.replicas = scaler.decide(seen, now);
    }
  }, 500_000);
}

const ROUTERS: ReadonlyArray<RouterSpec> = [
  { kind: "weighted" },
  { kind: "nginx", maxFails: 1, failTimeoutMs: 10_000 },
  { kind: "leastConnections", maxFails: 1, failTimeoutMs: 10_000 },
  { kind: "powerOfTwo" },
  { kind: "peakEwma", decayMs: 10_000 },
  { kind: "prefixAffinity", loadFactor: 1.25 },
  { kind: "consistentHash", loadFactor: 1.25, virtualNodes: 100 },
];

const OUTLIER = {
  consecutiveFailures: 5,
  sweepMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedRatio: 0.1,
  panicRatio: 0.5,
};
const QUEUE: ShedderSpec = { requests: 1000, tokens: 1e6, order: { kind: "adaptiveLifo", standingMs: 100 }, deadlines: true };

/** Decisions of the policies, without a world around them. */
export const policyBenchmarks: ReadonlyArray<Benchmark> = [
  ...ROUTERS.map((spec): Benchmark => ({ name: `route ${spec.kind} 64`, unit: "decision", run: () => routing(spec) })),
  { name: "route powerOfTwo 64, outlier ejection", unit: "decision", run: () => routing({ kind: "powerOfTwo", outlierEjection: OUTLIER }) },
  { name: "shed bound, adaptive lifo", unit: "decision", run: () => shedding(QUEUE) },
  { name: "shed codel", unit: "decision", run: () => shedding({ ...QUEUE, delay: { kind: "codel", targetMs: 5, intervalMs: 100 } }) },
  {
    name: "shed client throttle",
    unit: "decision",
    run: () => shedding({ ...QUEUE, throttle: { kind: "client", multiplier: 2, windowMs: 120_000, buckets: 120 } }),
  },
  {
    name: "shed priority 4 x 128",
    unit: "decision",
    run: () =>
      shedding({
        ...QUEUE,
        priority: {
          queueWaitMs: 20,
          windowMs: 1000,
          windowRequests: 2000,
          cutRatio: 0.05,
          growRatio: 0.01,
          businessLevels: 4,
          userLevels: 128,
        },
      }),
  },
  ...(["lru", "lfu", "s3fifo"] as const).map((eviction): Benchmark => ({
    name: `cache ${eviction}`,
    unit: "decision",
    run: () => caching(eviction),
  })),
  { name: "scale horizontal 64", unit: "decision", run: scaling },
];
