import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { simulate } from "../../src/experiment/simulate.ts";
import type { Result } from "../../src/metric/Result.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { Router } from "../../src/serving/Router.ts";
import { burst, column, outcomesOf, pool, run, small, worldOf } from "../serving/SmallWorld.ts";

type TrafficClass = ScenarioInput["traffic"][string];
type Pool = ScenarioInput["fleet"][string];

const ms = (min: number, max: number) => fc.integer({ min, max }).map((value) => `${value}ms` as const);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Drops the keys that are undefined. */
const present = <T extends object>(of: T): T => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

const retry = fc.record({
  attempts: fc.integer({ min: 2, max: 4 }),
  backoff: ms(0, 200),
  maxBackoff: fc.constant("500ms" as const),
  jitter: fc.constantFrom("none" as const, "full" as const),
});
const hedge = fc.record({ after: ms(1, 300), attempts: fc.integer({ min: 2, max: 4 }) });
const client = fc
  .record({
    deadline: maybe(ms(1, 1500)),
    patience: maybe(ms(1, 400)),
    attemptTimeout: maybe(ms(1, 600)),
    retry: maybe(retry),
    hedge: maybe(hedge),
  })
  .map(present);
const common = {
  prompt: fc.oneof(fc.integer({ min: 1, max: 700 }), fc.constant({ uniform: [1, 900] } as const)),
  output: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant({ uniform: [1, 60] } as const)),
  prefix: maybe(fc.record({ count: fc.integer({ min: 1, max: 3 }), tokens: fc.integer({ min: 1, max: 200 }) })),
  repeat: maybe(fc.record({ share: fc.constantFrom(0.5, 1), contents: fc.integer({ min: 1, max: 10 }) })),
  slo: fc.record({ ttft: maybe(ms(1, 300)), tpot: maybe(ms(1, 40)), e2e: maybe(ms(1, 1000)) }).map(present),
  client,
};
const closedClass = fc.record({
  ...common,
  arrivals: fc.record({ users: fc.integer({ min: 1, max: 12 }), think: ms(1, 500) }).map((closed) => ({ closed })),
});
const openClass = fc.record({
  ...common,
  arrivals: fc.integer({ min: 1, max: 40 }).map((n) => ({ poisson: { rate: `${n}/s` as const } })),
  session: maybe(fc.record({ turns: fc.integer({ min: 1, max: 4 }), think: ms(0, 300), maxContext: fc.integer({ min: 100, max: 3000 }) })),
});
const trafficClass: fc.Arbitrary<TrafficClass> = fc
  .oneof(closedClass, openClass)
  .map((of) => present("session" in of && of.session !== undefined ? { ...of, repeat: undefined } : of) as unknown as TrafficClass);

const cache = fc
  .record({
    entries: fc.integer({ min: 1, max: 8 }),
    ttl: ms(1, 2000),
    latency: maybe(ms(0, 20)),
    coalesce: maybe(fc.boolean()),
    onLeaderCancel: maybe(fc.constantFrom("keep" as const, "handOver" as const)),
    lease: maybe(ms(1, 300)),
    earlyRefresh: maybe(fc.constantFrom(1, 5)),
    staleWhileRevalidate: maybe(ms(1, 500)),
    staleIfError: maybe(ms(1, 500)),
    negativeTtl: maybe(ms(1, 200)),
  })
  .map(present);

const gateway = fc
  .record({
    queue: maybe(fc.record({ capacity: fc.integer({ min: 0, max: 8 }), timeout: maybe(ms(1, 400)) }).map(present)),
    cache: maybe(cache),
    retry: maybe(fc.record({ attempts: fc.integer({ min: 1, max: 3 }) })),
    maxInFlightPerReplica: maybe(fc.integer({ min: 1, max: 6 })),
    responseTimeLimit: maybe(ms(1, 800)),
    onDisconnect: fc.constantFrom("cancel" as const, "continue" as const),
    router: fc.constantFrom("roundRobin", "random", "weighted", "leastOutstanding", "powerOfTwo", "prefixAffinity"),
  })
  .map(present);

const engine = fc.record({
  kvBlocks: fc.integer({ min: 20, max: 200 }),
  maxSequences: fc.integer({ min: 1, max: 8 }),
  maxBatchedTokens: fc.integer({ min: 8, max: 512 }),
  maxWaiting: fc.integer({ min: 1, max: 20 }),
  prefixCache: fc.boolean(),
  reserveFullPrompt: fc.boolean(),
  step: fc.constantFrom({ a: 10 }, { a: 2, b: 0.3, c: 0.002, d: 0.05 }, { a: 1, b: 1, c: 0.001, d: 0.1, e: 1e-4, h: 1e-3 }),
});
const backup = fc.boolean();
const fault = fc.record({
  kind: fc.constantFrom("replicaDown", "slowdown"),
  pool: fc.constantFrom("gpu", "spare"),
  at: ms(0, 3000),
  length: ms(1, 2000),
  factor: fc.constantFrom(0.5, 2, 7),
});

const network = fc
  .record({ latency: fc.oneof(ms(0, 50), fc.constant({ exponential: { mean: "20ms" } } as const)), loss: maybe(fc.constant(0.05)) })
  .map(present);

/** A pool of engines, or of stations. */
const main = fc.oneof(
  { weight: 4, arbitrary: engine.map((of) => pool({ engine: of })) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        servers: maybe(fc.integer({ min: 1, max: 8 })),
        service: fc.constantFrom("20ms" as const, { exponential: { mean: "80ms" } } as const),
        perInFlight: ms(0, 10),
        failures: fc.constantFrom(0, 0.2),
        maxWaiting: maybe(fc.integer({ min: 0, max: 10 })),
        quota: maybe(fc.record({ limit: fc.integer({ min: 1, max: 10 }), window: ms(1, 1000) })),
      })
      .map((station) => ({ station: present(station) }) as Pool),
  },
);

const scenarios = fc
  .record({
    one: trafficClass,
    two: maybe(trafficClass),
    gateway,
    main,
    network: maybe(network),
    engine,
    backup,
    replicas: fc.integer({ min: 1, max: 3 }),
    warmup: fc.constantFrom("0s" as const, "300ms" as const),
    faults: fc.array(fault, { maxLength: 3 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })
  .map((of) => ({
    seed: of.seed,
    authored: {
      name: "random",
      horizon: "3s",
      warmup: of.warmup,
      traffic: of.two === undefined ? { one: of.one } : { one: of.one, two: of.two },
      gateway: of.gateway,
      ...(of.network === undefined ? {} : { network: of.network }),
      fleet: { gpu: { ...of.main, replicas: of.replicas }, spare: pool({ backup: of.backup, engine: of.engine }) },
      faults: of.faults.map(({ kind, length, factor, ...where }) => {
        const target = { pool: where.pool, replicas: 1, at: where.at, for: length };
        return kind === "replicaDown" ? { replicaDown: target } : { slowdown: { ...target, factor } };
      }),
    } as ScenarioInput,
  }));

const sumOf = (counts: object): number => Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);

const expectBooks = ({ classes, total, pools, gateway: front, interrupted }: Result): void => {
  for (const of of classes) {
    expect(sumOf(of.outcomes)).toBe(of.requests);
    const answered = of.outcomes.completed + of.outcomes.cached + of.outcomes.degraded;
    expect(of.goodput.requests).toBeLessThanOrEqual(answered);
    expect(of.ttftMs.count).toBe(answered);
    expect(of.e2eMs.count).toBe(answered);
    expect(of.tokens.output).toBeGreaterThanOrEqual(answered);
    expect(of.tokens.cachedPrompt).toBeLessThanOrEqual(of.tokens.prompt);
  }
  expect(total.requests).toBe(classes.reduce((sum, of) => sum + of.requests, 0));
  expect(sumOf(total.outcomes)).toBe(total.requests);
  expect(interrupted).toBe(false);
  for (const of of pools) {
    expect(of.utilization >= 0 && of.utilization <= 1).toBe(true);
    if (of.kv !== null) expect(of.kv.maxRatio >= 0 && of.kv.maxRatio <= 1).toBe(true);
    expect(of.waiting.mean).toBeLessThanOrEqual(of.waiting.max);
    expect(of.batch.mean).toBeLessThanOrEqual(of.batch.max);
    expect(of.prefixCache.hitTokens).toBeLessThanOrEqual(of.prefixCache.queryTokens);
  }
  expect(front.queue.mean).toBeLessThanOrEqual(front.queue.max);
  if (front.cache === undefined) return;
  const { requests, hits, stale, negative, misses, coalesced, refused, loads } = front.cache;
  expect(hits + stale + negative + misses + coalesced + refused).toBe(requests);
  expect(loads).toBeGreaterThanOrEqual(misses);
};

const LONG = process.env["SPILLWAY_LONG"] !== undefined;

test("simulate: random small scenarios -> outcomes sum to requests, no answer before its question, no invariant breaks", async () => {
  const seen: { [outcome: string]: number } = {};
  await fc.assert(
    fc.asyncProperty(scenarios, async ({ seed, authored }) => {
      const simulated = await run(authored, { seed });
      expectBooks(simulated.result);
      for (const [outcome, count] of Object.entries(outcomesOf(simulated))) seen[outcome] = (seen[outcome] ?? 0) + count;
      for (const record of simulated.sample) {
        const limit = authored.traffic[record.class]!.client?.retry?.attempts ?? 1;
        expect(record.attempts >= 1 && record.attempts <= limit).toBe(true);
        if (record.outcome !== "completed" && record.outcome !== "cached") {
          expect(record.good).toBe(false);
          continue;
        }
        expect(record.queueWaitMs! >= 0 && record.queueWaitMs! <= record.ttftMs!).toBe(true);
        expect(record.ttftMs! <= record.e2eMs! && record.arrivalMs + record.e2eMs! <= 3000).toBe(true);
      }
    }),
    { numRuns: LONG ? 3000 : 100, seed: LONG ? Math.floor(performance.now()) : 20 },
  );
  for (const outcome of ["completed", "cached", "shed", "rejected", "expired", "failed", "abandoned", "unfinished"])
    expect(seen[outcome], outcome).toBeGreaterThan(0);
}, 600_000);

test("simulate: requests on the way at the horizon -> unfinished, with a warning; all done before it -> none", async () => {
  const late = await run(small(burst(4), { horizon: "95ms" }));
  expect(outcomesOf(late)).toEqual({ unfinished: 4 });
  expect(late.result.warnings.join()).toContain("unfinished");
  expect(late.sample).toEqual([]);
  const done = await run(small(burst(4), { horizon: "105ms" }));
  expect(outcomesOf(done)).toEqual({ completed: 4 });
  expect(done.result.warnings).toEqual([]);
});

test("simulate: warm-up -> only requests that arrive after it are counted, and time averages begin with it", async () => {
  const chat = burst(1, { arrivals: { closed: { users: 1, think: "100ms" } } });
  const { result, sample } = await run(small(chat, { warmup: "5s", horizon: "9900ms" }));
  expect(sample[0]!.arrivalMs).toBe(5000);
  expect(result.total.requests).toBe(25);
  expect(result.engine.requests).toBe(50);
  expect(result.pools[0]!.utilization).toBeCloseTo(2500 / 4900, 9);
  expect(result.classes[0]!.throughputPerSecond).toBeCloseTo(25 / 4.9, 9);
});

test("simulate: attempts that wait in the engine at the end of the warm-up -> in the maximum as in the mean", async () => {
  const fleet = { gpu: pool({ engine: { maxSequences: 1 } }) };
  const { waiting } = (await run(small(burst(5), { fleet, warmup: "50ms" }))).result.pools[0]!;
  expect(waiting.mean).toBeCloseTo((4 * 50 + 3 * 100 + 2 * 100 + 100) / 9950, 9);
  expect(waiting.max).toBe(4);
});

test("simulate: a preempted sequence waits -> in the maximum as in the mean", async () => {
  // Both prompts fit into 8 blocks of 16, their answers do not. Both have arrived when the measurement begins, so only the preempted one waits.
  const fleet = { gpu: pool({ engine: { kvBlocks: 8, maxModelLen: 100 } }) };
  const { waiting, preemptions } = (await run(small(burst(2, { prompt: 60, output: 30 }), { fleet, warmup: "5ms" }))).result.pools[0]!;
  expect(preemptions).toBeGreaterThan(0);
  expect(waiting.mean).toBeGreaterThan(0);
  expect(waiting.max).toBe(1);
});

test("simulate: one answer -> every figure of it", async () => {
  const { result, sample } = await run(small(burst(1, { slo: { ttft: "10ms", tpot: "10ms", e2e: "100ms" } })));
  expect(sample).toEqual([
    {
      class: "chat",
      id: 0,
      arrivalMs: 0,
      promptTokens: 100,
      cachedTokens: 0,
      outputTokens: 10,
      attempts: 1,
      replica: "gpu/0",
      queueWaitMs: 0,
      ttftMs: 10,
      tpotMs: 10,
      e2eMs: 100,
      outcome: "completed",
      good: true,
    },
  ]);
  expect(result.classes[0]!.itlMs).toMatchObject({ count: 9 });
  expect(result.classes[0]!.tokens).toEqual({ prompt: 100, cachedPrompt: 0, output: 10, wasted: 0 });
  expect(result.pools[0]!).toMatchObject({ steps: 10, tokens: { prefill: 100, decode: 10 }, preemptions: 0 });
  expect(result.cost.totalUsd).toBeCloseTo(10 / 3600, 12);
  expect(result.cost.perMillionOutputTokensUsd).toBeCloseTo((10 / 3600 / 10) * 1e6, 6);
});

test("simulate: SLO -> goodput counts answers within each bound only", async () => {
  const fleet = { gpu: pool({ engine: { maxSequences: 1 } }) };
  const good = async (slo: TrafficClass["slo"]) => (await run(small(burst(4, { slo: slo! }), { fleet }))).result.classes[0]!.goodput;
  expect(await good({ ttft: "210ms" })).toMatchObject({ requests: 3, ratio: 0.75 });
  expect(await good({ e2e: "100ms" })).toMatchObject({ requests: 1, ratio: 0.25 });
  expect(await good({ tpot: "9ms" })).toMatchObject({ requests: 0, ratio: 0 });
  expect(await good({ ttft: "400ms", tpot: "10ms", e2e: "1s" })).toMatchObject({ requests: 4, ratio: 1 });
});

test("simulate: timeline -> 120 points up to the horizon that sum to the totals", async () => {
  const { result } = await run(small({ arrivals: { poisson: { rate: "50/s" } }, prompt: 50, output: 5 }));
  expect(result.timeline).toHaveLength(120);
  expect(result.timeline.at(-1)!.atMs).toBe(10_000);
  const seconds = 10 / 120;
  const sum = (field: "offeredPerSecond" | "throughputPerSecond") =>
    result.timeline.reduce((total, point) => total + point[field] * seconds, 0);
  expect(sum("offeredPerSecond")).toBeCloseTo(result.classes[0]!.attempts, 6);
  expect(sum("throughputPerSecond")).toBeCloseTo(result.total.outcomes.completed, 6);
});

test("simulate: stopped early -> interrupted, its books balance, and its rates are of the time that was simulated", async () => {
  const chat = { arrivals: { poisson: { rate: "200/s" } }, prompt: 50, output: 20 } as const;
  let asked = 0;
  const { result } = await run(small(chat, { horizon: "10h" }), { stopped: () => ++asked === 2 });
  expect(result.interrupted).toBe(true);
  expect(result.simulatedMs > 0 && result.simulatedMs < result.horizonMs).toBe(true);
  expect(sumOf(result.total.outcomes)).toBe(result.total.requests);
  expect(result.total.outcomes.unfinished).toBeGreaterThan(0);
  expect(result.total.throughputPerSecond).toBeCloseTo((result.total.outcomes.completed * 1000) / result.simulatedMs, 6);
  expect(result.timeline.every((point) => point.atMs <= result.simulatedMs)).toBe(true);
});

test("simulate: stopped in the first of two replications -> the second is not begun", async () => {
  const chat = { arrivals: { poisson: { rate: "200/s" } }, prompt: 50, output: 20 } as const;
  const { result } = await run(small(chat, { horizon: "10h" }), { replications: 2, stopped: () => true });
  expect(result).toMatchObject({ interrupted: true, replications: 1 });
});

test("simulate: users who never think and are refused at once -> the run ends all the same, at the horizon or with a defect", async () => {
  const chat = burst(1, { arrivals: { closed: { users: 1, think: "0s" } } });
  const faults = [{ replicaDown: { pool: "gpu", replicas: 1, at: "0s", for: "1s" } }] as const;
  let chunks = 0;
  // 100 chunks of events are 100 times what this takes with one request per millisecond of the fault.
  const ended = await run(small(chat, { faults }), { stopped: () => ++chunks > 100 }).then(
    ({ result }) => (result.interrupted ? `still at ${result.simulatedMs} ms after ${result.engine.events} events` : "ended"),
    () => "ended",
  );
  expect(ended).toBe("ended");
});

test("simulate: a setting that a policy cannot work with -> a fault of the input that names it", async () => {
  const world = worldOf(small(burst(1), { gateway: { breaker: { trip: { consecutive: 5 } } } }));
  const breaker = { ...world.gateway.breaker!, probeLeaseMs: 0.0001 };
  const failed = await Effect.runPromise(Effect.flip(simulate({ ...world, gateway: { ...world.gateway, breaker } }, { seed: 5 })));
  expect(failed).toMatchObject({ _tag: "SettingUnusable", setting: "breaker.probeLeaseMs" });
  expect(failed.message).toContain("breaker.probeLeaseMs: must be a finite number >= 0.001");
});

test("simulate: a component that throws -> a defect with seed, replication and time", async () => {
  const router = Layer.succeed(Router, {
    name: "broken",
    pick: () => {
      throw new Error("no idea");
    },
  });
  const chat = burst(1, { arrivals: { closed: { users: 2, think: "1s", rampUp: "1s" } } });
  const failed = await Effect.runPromise(Effect.flip(simulate(worldOf(small(chat)), { seed: 5, components: { router } })));
  expect(failed).toMatchObject({ _tag: "SimulationDefect", message: "no idea", seed: 5, replication: 0, atMs: 0 });
});

test("simulate: a sample smaller than the run -> so many records, all of different requests", async () => {
  const chat = { arrivals: { poisson: { rate: "50/s" } }, prompt: 50, output: 5 } as const;
  const simulated = await run(small(chat), { sampleSize: 40 });
  expect(new Set(column(simulated, "id")).size).toBe(40);
  expect(Math.max(...column(simulated, "arrivalMs"))).toBeGreaterThan(8000);
  expect(column(simulated, "arrivalMs")).toEqual(column(simulated, "arrivalMs").toSorted((x, y) => x - y));
});

test("simulate: replications near a bound -> intervals of shares stay within 0 and 1", async () => {
  const chat = { arrivals: { poisson: { rate: "5/s" } }, prompt: 50, output: 20 } as const;
  const { result } = await run(small(chat, { horizon: "1s" }), { replications: 2 });
  const { ratio, interval } = result.classes[0]!.goodput;
  expect(ratio).toBeGreaterThan(0.5);
  expect(interval!.high).toBe(1);
  expect(interval!.low).toBeGreaterThanOrEqual(0);
});
