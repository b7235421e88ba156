import type { ClassResult, Distribution, PoolResult, Result } from "../metric/Result.ts";
import { OUTCOMES } from "../metric/Result.ts";
import type { Unit } from "./showQuantity.ts";
import { showNumber } from "./showQuantity.ts";

/** What gates judge: the result document before its gates are known. */
export type Judged = Omit<Result, "gates" | "verdict">;

/** A measured value and what it rests on (`over 18,204 requests`), or null with the reason why nothing was measured. */
export interface Measured {
  readonly value: number | null;
  readonly evidence: string;
}

/** A metric that a gate can name below its scope: `ttft.p99` of a class, `kv.max` of a pool, `cost.perMillionTokens` of the whole run. */
export interface GateMetric<Subject> {
  readonly path: string;
  readonly unit: Unit;
  readonly read: (subject: Subject) => Measured;
}

const STATISTICS = ["mean", "p50", "p90", "p95", "p99", "p999", "max"] as const;

const DISTRIBUTIONS = {
  ttft: { field: "ttftMs", sample: "first tokens" },
  tpot: { field: "tpotMs", sample: "answers of two tokens or more" },
  itl: { field: "itlMs", sample: "token gaps" },
  e2e: { field: "e2eMs", sample: "answers" },
  queueWait: { field: "queueWaitMs", sample: "queue waits" },
} as const;

const over = (count: number, things: string): string => `over ${showNumber(count)} ${things}`;

const readDistribution = (of: Distribution, statistic: (typeof STATISTICS)[number], sample: string): Measured => {
  const value = of[statistic];
  return of.count === 0 || value === null ? { value: null, evidence: `no ${sample}` } : { value, evidence: over(of.count, sample) };
};

const distributionMetrics: ReadonlyArray<GateMetric<ClassResult>> = Object.entries(DISTRIBUTIONS).flatMap(([name, { field, sample }]) =>
  STATISTICS.map((statistic) => ({
    path: `${name}.${statistic}`,
    unit: "ms" as const,
    read: (of: ClassResult) => readDistribution(of[field], statistic, sample),
  })),
);

/** What a class and the total have in common. */
type Traffic = Pick<ClassResult, "requests" | "outcomes" | "offeredPerSecond" | "throughputPerSecond" | "goodput">;

const perRequest =
  (value: (of: Traffic) => number | null) =>
  (of: Traffic): Measured => {
    const read = of.requests === 0 ? null : value(of);
    return read === null ? { value: null, evidence: "no requests" } : { value: read, evidence: over(of.requests, "requests") };
  };

const trafficMetrics: ReadonlyArray<GateMetric<Traffic>> = [
  { path: "goodput.ratio", unit: "ratio", read: perRequest((of) => of.goodput.ratio) },
  { path: "goodput.rate", unit: "perSecond", read: perRequest((of) => of.goodput.perSecond) },
  { path: "goodput", unit: "perSecond", read: perRequest((of) => of.goodput.perSecond) },
  { path: "offered", unit: "perSecond", read: perRequest((of) => of.offeredPerSecond) },
  { path: "throughput", unit: "perSecond", read: perRequest((of) => of.throughputPerSecond) },
  { path: "requests", unit: "number", read: perRequest((of) => of.requests) },
  ...OUTCOMES.flatMap((outcome): ReadonlyArray<GateMetric<Traffic>> => [
    {
      path: `${outcome}.ratio`,
      unit: "ratio",
      read: perRequest((of) => of.outcomes[outcome] / of.requests),
    },
    { path: `${outcome}.count`, unit: "number", read: perRequest((of) => of.outcomes[outcome]) },
  ]),
];

/** `<class>.PATH`. */
export const CLASS_METRICS: ReadonlyArray<GateMetric<ClassResult>> = [...distributionMetrics, ...trafficMetrics];

/** A time average is evidence only of a run that had traffic. */
const observed =
  <Subject extends { readonly run: Judged }>(value: (of: Subject) => number) =>
  (of: Subject): Measured =>
    of.run.total.requests === 0
      ? { value: null, evidence: "no requests" }
      : { value: value(of), evidence: over(of.run.total.requests, "requests") };

/** A pool together with the run that it was part of. */
export interface PoolInRun {
  readonly pool: PoolResult;
  readonly run: Judged;
}

const stepping =
  (value: (pool: PoolResult) => number) =>
  ({ pool }: PoolInRun): Measured =>
    pool.steps === 0 ? { value: null, evidence: "no engine steps" } : { value: value(pool), evidence: over(pool.steps, "engine steps") };

const ofKv =
  (value: (kv: NonNullable<PoolResult["kv"]>) => number) =>
  ({ pool, run }: PoolInRun): Measured =>
    pool.kv === null ? { value: null, evidence: "a station has no KV" } : observed(() => value(pool.kv!))({ run });

const readHitRatio = ({ pool }: PoolInRun): Measured => {
  const { hitRatio, queryTokens } = pool.prefixCache;
  return hitRatio === null || queryTokens === 0
    ? { value: null, evidence: "no prompt tokens" }
    : { value: hitRatio, evidence: over(queryTokens, "prompt tokens") };
};

/** `fleet.<pool>.PATH`. */
export const POOL_METRICS: ReadonlyArray<GateMetric<PoolInRun>> = [
  { path: "utilization", unit: "ratio", read: observed(({ pool }) => pool.utilization) },
  { path: "waiting.mean", unit: "number", read: observed(({ pool }) => pool.waiting.mean) },
  { path: "waiting.max", unit: "number", read: observed(({ pool }) => pool.waiting.max) },
  { path: "kv.mean", unit: "ratio", read: ofKv((kv) => kv.meanRatio) },
  { path: "kv.max", unit: "ratio", read: ofKv((kv) => kv.maxRatio) },
  { path: "batch.mean", unit: "number", read: stepping((pool) => pool.batch.mean) },
  { path: "batch.max", unit: "number", read: stepping((pool) => pool.batch.max) },
  { path: "preemptions", unit: "number", read: observed(({ pool }) => pool.preemptions) },
  { path: "hitRatio", unit: "ratio", read: readHitRatio },
  { path: "replicas.min", unit: "number", read: observed(({ pool }) => pool.scaling?.ready.min ?? pool.replicas) },
  { path: "replicas.mean", unit: "number", read: observed(({ pool }) => pool.scaling?.ready.mean ?? pool.replicas) },
  { path: "replicas.max", unit: "number", read: observed(({ pool }) => pool.scaling?.ready.max ?? pool.replicas) },
  { path: "replicaHours", unit: "number", read: observed(({ pool }) => pool.replicaHours) },
];

const readCostPerMillion = (run: Judged): Measured => {
  const value = run.cost.perMillionOutputTokensUsd;
  return value === null
    ? { value: null, evidence: "no output tokens" }
    : {
        value,
        evidence: over(
          run.classes.reduce((sum, of) => sum + of.tokens.output, 0),
          "output tokens",
        ),
      };
};

const readCacheHitRatio = ({ gateway: { cache } }: Judged): Measured =>
  cache === undefined || cache.hitRatio === null
    ? { value: null, evidence: "no requests that a cache could answer" }
    : { value: cache.hitRatio, evidence: over(cache.requests, "requests") };

const ofRun =
  (value: (run: Judged) => number) =>
  (run: Judged): Measured =>
    observed((of: { readonly run: Judged }) => value(of.run))({ run });

/** `PATH` alone: the whole run. */
export const RUN_METRICS: ReadonlyArray<GateMetric<Judged>> = [
  ...trafficMetrics.map(({ path, unit, read }): GateMetric<Judged> => ({
    path,
    unit,
    read: (run) => read(run.total),
  })),
  { path: "gateway.queue.mean", unit: "number", read: ofRun((run) => run.gateway.queue.mean) },
  { path: "gateway.queue.max", unit: "number", read: ofRun((run) => run.gateway.queue.max) },
  { path: "gateway.cut", unit: "number", read: ofRun((run) => run.gateway.cut) },
  { path: "gateway.cache.hitRatio", unit: "ratio", read: readCacheHitRatio },
  { path: "cost.perMillionTokens", unit: "usd", read: readCostPerMillion },
  { path: "cost.total", unit: "usd", read: ofRun((run) => run.cost.totalUsd) },
];

/** All names that a gate can begin with, with `<class>` and `<pool>` for the names of the scenario, in the order of the documentation. */
export const metricNames: ReadonlyArray<string> = [
  ...CLASS_METRICS.map(({ path }) => `<class>.${path}`),
  ...RUN_METRICS.map(({ path }) => path),
  ...POOL_METRICS.map(({ path }) => `fleet.<pool>.${path}`),
];
