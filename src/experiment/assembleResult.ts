import { Histogram } from "../kernel/Histogram.ts";
import { Summary } from "../kernel/Summary.ts";
import type { ClassMeter } from "../metric/ClassMeter.ts";
import type {
  CacheResult,
  ClassResult,
  Distribution,
  Interval,
  Outcome,
  PoolResult,
  ReplicasPoint,
  Result,
  TimelinePoint,
} from "../metric/Result.ts";
import { OUTCOMES, RESULT_VERSION } from "../metric/Result.ts";
import { confidenceInterval } from "../queueing/ConfidenceInterval.ts";
import type { CacheCounts } from "../policy/caching/ResultCache.ts";
import type { PoolSpec } from "../serving/ServingSpec.ts";
import { domainWarnings } from "./domainWarnings.ts";
import { evaluateGates } from "./evaluateGates.ts";
import type { Gate } from "./Gate.ts";
import type { Judged } from "./GateMetric.ts";
import { handoverResult } from "./handoverResult.ts";
import { meteredUse } from "./meteredUse.ts";
import { poolResources } from "./poolResources.ts";
import { showDuration } from "./showQuantity.ts";
import { scalingResult } from "./scalingResult.ts";
import { rulesResult } from "./rulesResult.ts";
import { scheduledResult } from "./scheduledResult.ts";
import type { Replication } from "./runReplication.ts";

/** What the document says of the scenario besides what was measured. */
export interface ResultHeader {
  readonly name: string;
  readonly description?: string;
  readonly digest: string;
  readonly seed: number;
  readonly repeat: string;
  readonly horizonMs: number;
  readonly warmupMs: number;
  readonly fleet: ReadonlyArray<PoolSpec>;
  readonly faults: ReadonlyArray<
    { readonly kind: string; readonly atMs: number; readonly durationMs: number } & ({ readonly pool: string } | { readonly part: string })
  >;
  readonly gates: ReadonlyArray<Gate>;
  /** Of the scenario itself. */
  readonly warnings?: ReadonlyArray<string>;
}

const HOUR_MS = 3_600_000;
const TOKENS_PER_MILLION = 1e6;

/** Puts replications together: counts are sums, rates and time averages are means, quantiles come from the merged records. */
export const assembleResult = (header: ResultHeader, runs: ReadonlyArray<Replication>): Result => {
  const measuredMs = runs.map((run) => Math.max(0, run.simulatedMs - header.warmupMs));
  const seconds = sum(measuredMs) / 1000;
  const classes = runs[0]!.recorder.classes.map((meter, i) =>
    classResult(
      meter,
      runs.map((run) => run.recorder.classes[i]!),
      seconds,
    ),
  );
  const pools = header.fleet.map((pool, i) => poolResult(pool, i, runs, measuredMs));
  const outputTokens = sum(classes.map((of) => of.tokens.output));
  const totalUsd = sum(pools.map((pool) => pool.costUsd));
  const perMillionOutputTokensUsd = outputTokens > 0 ? (totalUsd * runs.length * TOKENS_PER_MILLION) / outputTokens : null;
  const total = totalOf(classes, seconds);
  const cost = { totalUsd, perMillionOutputTokensUsd };
  const gateway = gatewayResult(runs);
  const judged: Judged = {
    version: RESULT_VERSION,
    scenario: {
      name: header.name,
      digest: header.digest,
      ...(header.description === undefined ? {} : { description: header.description }),
    },
    seed: header.seed,
    replications: runs.length,
    repeat: header.repeat,
    horizonMs: header.horizonMs,
    warmupMs: header.warmupMs,
    simulatedMs: Math.min(...runs.map((run) => run.simulatedMs)),
    interrupted: runs.some((run) => run.interrupted),
    engine: {
      events: sum(runs.map((run) => run.events)),
      requests: sum(runs.map((run) => run.recorder.requests)),
      attempts: sum(runs.map((run) => run.recorder.attempts)),
      steps: sum(runs.flatMap((run) => run.fleet.replicas.map((replica) => replica.meter.steps))),
      phases: sum(runs.flatMap((run) => run.fleet.replicas.map((replica) => replica.meter.phases))),
    },
    classes,
    total,
    gateway,
    pools,
    ...traceResult(runs),
    timeline: meanTimeline(runs),
    faults: header.faults.map((fault) => ({
      kind: fault.kind,
      pool: "pool" in fault ? fault.pool : fault.part,
      startMs: fault.atMs,
      endMs: fault.atMs + fault.durationMs,
    })),
    cost,
    warnings: [
      ...(header.warnings ?? []),
      ...pools.flatMap((pool) => pool.warnings.map((text) => `${pool.name}: ${text}`)),
      ...overloadWarnings(classes),
      ...traceWarnings(header.horizonMs, runs[0]!.traffic),
    ],
  };
  return { ...judged, ...evaluateGates(header.gates, judged) };
};

const classResult = (first: ClassMeter, meters: ReadonlyArray<ClassMeter>, seconds: number): ClassResult => {
  const { spec } = first;
  const requests = sum(meters.map((meter) => meter.requests));
  const good = sum(meters.map((meter) => meter.good));
  const attempts = sum(meters.map((meter) => meter.attempts));
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sum(meters.map((meter) => meter.outcomes[outcome]))])) as {
    [K in Outcome]: number;
  };
  const interval = intervalOf(
    meters.map((meter) => (meter.requests > 0 ? meter.good / meter.requests : undefined)),
    1,
  );
  return {
    name: spec.name,
    tenant: spec.tenant,
    priority: spec.priority,
    slo: spec.slo,
    requests,
    outcomes,
    attempts,
    offeredPerSecond: rate(attempts, seconds),
    throughputPerSecond: rate(answered(outcomes), seconds),
    goodput: {
      requests: good,
      perSecond: rate(good, seconds),
      ratio: requests > 0 ? good / requests : null,
      ...(interval === undefined ? {} : { interval }),
    },
    tokens: {
      prompt: sum(meters.map((meter) => meter.promptTokens)),
      cachedPrompt: sum(meters.map((meter) => meter.cachedTokens)),
      output: sum(meters.map((meter) => meter.outputTokens)),
      wasted: sum(meters.map((meter) => meter.wastedTokens)),
    },
    ttftMs: distribution(
      meters.map((meter) => meter.ttftMs),
      new Summary(),
    ),
    tpotMs: distribution(
      meters.map((meter) => meter.tpotMs),
      new Summary(),
    ),
    itlMs: distribution(
      meters.map((meter) => meter.itlMs),
      new Histogram(),
    ),
    e2eMs: distribution(
      meters.map((meter) => meter.e2eMs),
      new Summary(),
    ),
    queueWaitMs: distribution(
      meters.map((meter) => meter.queueWaitMs),
      new Summary(),
    ),
  };
};

const STATISTICS = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const;

interface Records<Self> {
  readonly count: number;
  readonly mean: number | undefined;
  readonly max: number;
  merge(other: Self): void;
  quantile(q: number): number | undefined;
}

const distribution = <Of extends Records<Of>>(parts: ReadonlyArray<Of>, merged: Of): Distribution => {
  for (const part of parts) merged.merge(part);
  const intervals: { [statistic: string]: Interval } = {};
  const put = (statistic: string, values: ReadonlyArray<number | undefined>): void => {
    const interval = intervalOf(values);
    if (interval !== undefined) intervals[statistic] = interval;
  };
  put(
    "mean",
    parts.map((part) => part.mean),
  );
  for (const [statistic, q] of Object.entries(STATISTICS))
    put(
      statistic,
      parts.map((part) => part.quantile(q)),
    );
  const quantile = (q: number): number | null => merged.quantile(q) ?? null;
  return {
    count: merged.count,
    mean: merged.mean ?? null,
    p50: quantile(STATISTICS.p50),
    p90: quantile(STATISTICS.p90),
    p95: quantile(STATISTICS.p95),
    p99: quantile(STATISTICS.p99),
    p999: quantile(STATISTICS.p999),
    max: merged.count > 0 ? merged.max : null,
    ...(Object.keys(intervals).length > 0 ? { intervals } : {}),
  };
};

/** Needs a value of at least two replications, and one of each. What lies beyond `most` or below 0 cannot be, whatever Student's interval says. */
const intervalOf = (values: ReadonlyArray<number | undefined>, most = Infinity): Interval | undefined => {
  const known = values.filter((value) => value !== undefined);
  if (known.length < 2 || known.length < values.length) return undefined;
  const { low, high } = confidenceInterval(known);
  return { low: Math.max(0, low), high: Math.min(most, high) };
};

const poolResult = (pool: PoolSpec, index: number, runs: ReadonlyArray<Replication>, measuredMs: ReadonlyArray<number>): PoolResult => {
  const replicas = runs.flatMap((run) => run.fleet.replicas.filter((_, i) => run.fleet.poolOf[i] === index));
  const meters = replicas.map((replica) => replica.meter);
  const total = (of: (meter: (typeof meters)[number]) => number): number => sum(meters.map(of));
  const replicaMs = paidMs(index, runs, sum(measuredMs) * pool.replicas);
  const hitTokens = total((meter) => meter.hitTokens);
  const queryTokens = total((meter) => meter.queryTokens);
  const gpus = pool.station === undefined ? pool.replicas * pool.gpusPerReplica : 0;
  const use = meteredUse(pool, meters, replicaMs);
  return {
    name: pool.name,
    gpu: pool.gpu,
    model: pool.model,
    replicas: pool.replicas,
    gpus,
    ...use,
    preemptions: total((meter) => meter.preemptions),
    prefixCache: {
      hitTokens,
      queryTokens,
      hitRatio: pool.engine.prefixCache && queryTokens > 0 ? hitTokens / queryTokens : null,
    },
    ...scheduledResult(pool, total),
    ...handoverResult(index, runs),
    steps: total((meter) => meter.steps),
    tokens: {
      prefill: total((meter) => meter.prefillTokens),
      decode: total((meter) => meter.decodeTokens),
    },
    ...scalingResult(index, runs),
    resources: poolResources(pool, { runs, index, replicaMs, meters, kv: use.kv, waitingMean: use.waiting.mean }),
    replicaHours: replicaMs / runs.length / HOUR_MS,
    costUsd: (pool.gpusPerReplica * pool.usdPerGpuHour * replicaMs) / runs.length / HOUR_MS,
    stepSource: pool.stepSource,
    ...(pool.requestOverhead === undefined ? {} : { requestOverhead: pool.requestOverhead }),
    ...(pool.kvDtype === undefined ? {} : { kvDtype: pool.kvDtype }),
    qualityCost: pool.qualityCost ?? null,
    warnings: [...pool.warnings, ...domainWarnings(pool, meters)],
  };
};

/** Time that the replicas of a pool were rented, over all replications; `all`: as if none was ever off. */
const paidMs = (pool: number, runs: ReadonlyArray<Replication>, all: number): number => {
  const paid = runs.flatMap(({ fleet }) =>
    [...fleet.poolOf].flatMap((of, replica) => (of === pool ? [fleet.lifecycle?.paidMs(replica)] : [])),
  );
  return paid.every((ms) => ms !== undefined) ? sum(paid) : all;
};

const totalOf = (classes: ReadonlyArray<ClassResult>, seconds: number): Result["total"] => {
  const requests = sum(classes.map((of) => of.requests));
  const good = sum(classes.map((of) => of.goodput.requests));
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sum(classes.map((of) => of.outcomes[outcome]))])) as {
    [K in Outcome]: number;
  };
  return {
    requests,
    outcomes,
    offeredPerSecond: sum(classes.map((of) => of.offeredPerSecond)),
    throughputPerSecond: rate(answered(outcomes), seconds),
    goodput: {
      requests: good,
      perSecond: rate(good, seconds),
      ratio: requests > 0 ? good / requests : null,
    },
  };
};

const gatewayResult = (runs: ReadonlyArray<Replication>): Result["gateway"] => ({
  queue: {
    mean: sum(runs.map((run) => run.gateway.queueLength.mean(run.simulatedMs))) / runs.length,
    max: Math.max(...runs.map((run) => run.gateway.queueLength.max)),
  },
  router: runs[0]!.router,
  cut: sum(runs.map((run) => run.gateway.cut)),
  ...cacheResult(runs),
  ...rulesResult(runs),
});

const cacheResult = (runs: ReadonlyArray<Replication>): { readonly cache?: CacheResult } => {
  const caches = runs.flatMap(({ cache }) => (cache === undefined ? [] : [cache]));
  if (caches.length === 0) return {};
  const count = (name: keyof CacheCounts): number => sum(caches.map(({ counts }) => counts[name]));
  const requests = count("requests");
  return {
    cache: {
      requests,
      hits: count("hits"),
      stale: count("stale"),
      negative: count("negative"),
      misses: count("misses"),
      coalesced: count("coalesced"),
      refused: count("refused"),
      loads: count("loads"),
      evictions: sum(caches.map(({ entries }) => entries.evictions)),
      hitRatio: requests > 0 ? (count("hits") + count("stale") + count("coalesced")) / requests : null,
    },
  };
};

const traceResult = (runs: ReadonlyArray<Replication>): Pick<Result, "trace"> => {
  if (!runs.some((run) => run.traffic.hasTrace)) return {};
  return {
    trace: {
      rows: sum(runs.map((run) => run.traffic.rows)),
      skippedRows: sum(runs.map((run) => run.traffic.skippedRows)),
    },
  };
};

/** Point by point the mean over replications; a quantile that only some replications have is the mean of those. */
const meanTimeline = (runs: ReadonlyArray<Replication>): Array<TimelinePoint> => {
  const length = Math.min(...runs.map((run) => run.observer.timeline.length));
  return Array.from({ length }, (_, i) => {
    const points = runs.map((run) => run.observer.timeline[i]!);
    const first = points[0]!;
    const { replicas, ...numbers } = first;
    const fields = Object.keys(numbers) as Array<keyof typeof numbers>;
    const means = Object.fromEntries(fields.map((field) => [field, meanOf(points.map((point) => point[field]))]));
    return { ...(means as unknown as TimelinePoint), ...(replicas === undefined ? {} : { replicas: meanReplicas(points) }) };
  });
};

const meanReplicas = (points: ReadonlyArray<TimelinePoint>): ReadonlyArray<ReplicasPoint> =>
  points[0]!.replicas!.map(({ pool }, i) => ({
    pool,
    ready: sum(points.map((point) => point.replicas![i]!.ready)) / points.length,
    booting: sum(points.map((point) => point.replicas![i]!.booting)) / points.length,
  }));

const meanOf = (values: ReadonlyArray<number | null>): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? sum(known) / known.length : null;
};

/** From this share of unfinished requests on, quantiles of the finished ones look better than what users will have felt. */
const UNFINISHED_WARNING = 0.01;

const overloadWarnings = (classes: ReadonlyArray<ClassResult>): Array<string> =>
  classes
    .filter((of) => of.requests > 0 && of.outcomes.unfinished / of.requests > UNFINISHED_WARNING)
    .map(
      (of) =>
        `${of.name}: ${((100 * of.outcomes.unfinished) / of.requests).toFixed(1)} % of requests were unfinished at the horizon; their times are not in the quantiles`,
    );

/** A horizon may leave so much room for the last answers. */
const ROOM_AFTER_TRACE = 0.1;

const traceWarnings = (horizonMs: number, { endedTraces }: Replication["traffic"]): Array<string> =>
  endedTraces
    .filter(({ endedAtMs }) => endedAtMs < (1 - ROOM_AFTER_TRACE) * horizonMs)
    .map(
      ({ name, endedAtMs }) =>
        `${name}: its trace ends ${showDuration(endedAtMs)} into a horizon of ${showDuration(horizonMs)}; nothing of it arrives after, which lowers all means over time: shorten the horizon, or set loop in the trace`,
    );

const answered = ({ completed, degraded, cached }: { readonly [K in Outcome]: number }): number => completed + degraded + cached;

const rate = (count: number, seconds: number): number => (seconds > 0 ? count / seconds : 0);
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0);
