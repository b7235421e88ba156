/** The result document (`summary.json`). Same scenario, seed and replications give the same bytes on every machine. Times in ms, shares in 0..1. */

export const RESULT_VERSION = 1;

export type Outcome = "completed" | "degraded" | "cached" | "rejected" | "shed" | "expired" | "failed" | "abandoned" | "unfinished";
export const OUTCOMES: ReadonlyArray<Outcome> = [
  "completed",
  "degraded",
  "cached",
  "rejected",
  "shed",
  "expired",
  "failed",
  "abandoned",
  "unfinished",
];

/** A 95 % confidence interval over replications; absent with a single replication. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Distribution {
  readonly count: number;
  /** null where count is 0, here and below. */
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly intervals?: { readonly [statistic: string]: Interval };
}

export interface ClassResult {
  readonly name: string;
  readonly tenant: string;
  readonly priority: number;
  readonly slo: { readonly ttftMs?: number; readonly tpotMs?: number; readonly e2eMs?: number };
  /** Requests that arrived after the warm-up. Outcomes sum to it. */
  readonly requests: number;
  readonly outcomes: { readonly [K in Outcome]: number };
  /** Attempts, first tries and retries; per second below. */
  readonly attempts: number;
  readonly offeredPerSecond: number;
  readonly throughputPerSecond: number;
  readonly goodput: { readonly requests: number; readonly perSecond: number; readonly ratio: number | null; readonly interval?: Interval };
  readonly tokens: {
    readonly prompt: number;
    readonly cachedPrompt: number;
    readonly output: number;
    /** generated for attempts that no user got */ readonly wasted: number;
  };
  readonly ttftMs: Distribution;
  readonly tpotMs: Distribution;
  readonly itlMs: Distribution;
  readonly e2eMs: Distribution;
  readonly queueWaitMs: Distribution;
}

/** What a pool used of its resources, averaged over the time in which its replicas were rented; null where it is not modeled. */
export interface PoolResources {
  /** A step was running and did not wait for the host. */
  readonly gpu: { readonly busyRatio: number | null };
  /** Of each GPU. `usedRatio`: weights, reserve and all KV blocks. */
  readonly gpuMemory: {
    readonly totalBytes: number;
    readonly weightBytes: number;
    readonly reserveBytes: number;
    readonly kvBytes: number;
    readonly kvUsedBytes: number;
    readonly usedRatio: number;
  } | null;
  /** Engine core: a thread of its own. Front end: share of its cores. */
  readonly cpu: { readonly engineCoreRatio: number | null; readonly frontendRatio: number | null };
  readonly network: {
    readonly inBytesPerSecond: number;
    readonly outBytesPerSecond: number;
    readonly inRatio: number;
    readonly outRatio: number;
  } | null;
  /** Of the fullest disk: `maxUsedBytes`. */
  readonly disk: {
    readonly writtenBytes: number;
    readonly writeRatio: number;
    readonly maxUsedBytes: number;
    readonly capacityBytes: number;
    readonly refused: number;
  } | null;
  /** Links on which a prefill pool sends KV to decode pools. */
  readonly kvLinkRatio: number | null;
  /** The resource with the highest utilization; KV memory where requests wait for blocks, disk space where it ran out. */
  readonly bottleneck: { readonly resource: ResourceName; readonly ratio: number } | null;
}

export type ResourceName =
  | "GPU"
  | "KV memory"
  | "engine core CPU"
  | "front-end CPU"
  | "network in"
  | "network out"
  | "disk writes"
  | "disk space"
  | "KV link";

/** How many replicas there were over the measured time; means over replications. */
export interface ScalingResult {
  readonly ready: { readonly min: number; readonly mean: number; readonly max: number };
  /** Paid for, and not ready yet. */
  readonly booting: { readonly mean: number; readonly max: number };
  /** Decisions of the autoscaler for more and for fewer, all replications together. */
  readonly scaleUps: number;
  readonly scaleDowns: number;
  /** These decisions in the first replication: replicas wanted before and after. */
  readonly events: ReadonlyArray<{ readonly atMs: number; readonly from: number; readonly to: number }>;
}

export interface PoolResult {
  readonly name: string;
  readonly gpu: string;
  readonly model: string;
  readonly replicas: number;
  /** 0 for stations. */
  readonly gpus: number;
  /** Share of time in which a step was running. */
  readonly utilization: number;
  readonly waiting: { readonly mean: number; readonly max: number };
  /** Sequences in a step, averaged over busy time. */
  readonly batch: { readonly mean: number; readonly max: number };
  /** KV tokens of decoding sequences, shared ones once (of a prefill pool: of all blocks in use) over capacity, averaged over all time, and the largest share of KV blocks in use. Null for a station, which has no KV. */
  readonly kv: { readonly meanRatio: number; readonly maxRatio: number } | null;
  readonly preemptions: number;
  readonly prefixCache: { readonly hitTokens: number; readonly queryTokens: number; readonly hitRatio: number | null };
  /** Preempted sequences that were copied to host memory; absent without swap. */
  readonly swaps?: number;
  /** Absent without speculative decoding; the share of drafted tokens that were accepted. */
  readonly speculative?: { readonly draftedTokens: number; readonly acceptedTokens: number; readonly acceptedRatio: number | null };
  /** Prompt tokens loaded from the second tier of the prefix cache, beside its hits; absent without one. */
  readonly hostTier?: { readonly hitTokens: number; readonly hitRatio: number | null };
  /**
   * KV that a prefill pool sent to decode pools, and prompts that were computed again there because it was lost on the way; absent for other
   * pools. How busy its links were: `resources.kvLinkRatio`.
   */
  readonly handover?: { readonly transfers: number; readonly bytes: number; readonly recomputed: number };
  readonly steps: number;
  readonly tokens: { readonly prefill: number; readonly decode: number };
  readonly resources: PoolResources;
  /** Absent for a pool whose replicas are always on. */
  readonly scaling?: ScalingResult;
  /** Replica-hours that were paid for, per replication. */
  readonly replicaHours: number;
  readonly costUsd: number;
  readonly stepSource: string;
  /** What prompts waited for before they reached the engine; absent where they did not. */
  readonly requestOverhead?: { readonly perRequestMs: number; readonly perPromptTokenMs: number };
  /** Number format of the KV cache where the scenario chose one. */
  readonly kvDtype?: string;
  /** What the scenario declares that quantization costs; null where it declares nothing. */
  readonly qualityCost: { readonly dropRatio: number; readonly source: string } | null;
  readonly warnings: ReadonlyArray<string>;
}

/** What the rules of gateway and clients turned away or changed, in attempts; each is absent where the scenario has no such rule. */
export interface GatewayRules {
  /** By the queue; it shows as the outcome `shed`, for `pastDeadline` as `expired`. */
  readonly shed?: {
    readonly queueFull: number;
    readonly tokensFull: number;
    readonly lowPriority: number;
    readonly throttled: number;
    readonly delayed: number;
    readonly pastDeadline: number;
    readonly timedOut: number;
  };
  readonly limits?: { readonly rejected: number };
  /** Attempts that the fleet might hold and held; rejected where there is no queue to wait in. */
  readonly concurrency?: {
    readonly rejected: number;
    readonly limit: { readonly mean: number; readonly max: number };
    readonly inFlight: { readonly mean: number; readonly max: number };
  };
  /** How often the breaker of a replica refused an attempt, which then went elsewhere or waited. */
  readonly breaker?: { readonly refused: number };
  /** Share of time in which answers were cheaper, and attempts that got one. */
  readonly brownout?: {
    readonly timeRatio: number;
    readonly shorter: number;
    readonly smallerModel: number;
    readonly fromCache: number;
    readonly canned: number;
  };
  readonly store?: { readonly calls: number; readonly unanswered: number };
  /** Never sent by their clients. */
  readonly clients?: { readonly blockedByBreaker: number; readonly blockedByThrottle: number };
}

/** The gateway's cache of whole answers; attempts with a content count. requests = hits + stale + negative + misses + coalesced + refused. */
export interface CacheResult {
  readonly requests: number;
  readonly hits: number;
  /** Served after their end while a load ran. */
  readonly stale: number;
  /** Failures served again. */
  readonly negative: number;
  readonly misses: number;
  /** Waited for a load that ran. */
  readonly coalesced: number;
  readonly refused: number;
  /** Sent to the fleet: for misses, refreshes and the warm-up. */
  readonly loads: number;
  readonly evictions: number;
  /** Served at once or after the load of somebody else, of all. */
  readonly hitRatio: number | null;
}

export interface TimelinePoint {
  readonly atMs: number;
  /** Attempts per second offered, requests completed and good per second, in the interval that ends at atMs. */
  readonly offeredPerSecond: number;
  readonly throughputPerSecond: number;
  readonly goodputPerSecond: number;
  readonly failedPerSecond: number;
  readonly ttftP50Ms: number | null;
  readonly ttftP99Ms: number | null;
  /** At atMs. */
  readonly gatewayQueue: number;
  readonly engineWaiting: number;
  readonly running: number;
  readonly kvRatio: number;
  readonly utilization: number;
  /** At atMs, of each pool whose replicas can be off; absent where there is none. */
  readonly replicas?: ReadonlyArray<ReplicasPoint>;
}

export interface ReplicasPoint {
  readonly pool: string;
  readonly ready: number;
  /** On their way to ready. */
  readonly booting: number;
}

export interface GateResult {
  readonly expression: string;
  readonly value: number | null;
  readonly verdict: "pass" | "fail" | "inconclusive";
  /** Why, in words. */
  readonly reason: string;
}

export interface Result {
  readonly version: typeof RESULT_VERSION;
  readonly scenario: { readonly name: string; readonly digest: string; readonly description?: string };
  readonly seed: number;
  readonly replications: number;
  /** One command that gives this document again. */
  readonly repeat: string;
  readonly horizonMs: number;
  readonly warmupMs: number;
  /** Simulated time reached; less than the horizon when interrupted. */
  readonly simulatedMs: number;
  readonly interrupted: boolean;
  readonly engine: {
    readonly events: number;
    readonly requests: number;
    readonly attempts: number;
    readonly steps: number;
    readonly phases: number;
  };
  readonly classes: ReadonlyArray<ClassResult>;
  readonly total: {
    readonly requests: number;
    readonly outcomes: { readonly [K in Outcome]: number };
    readonly offeredPerSecond: number;
    readonly throughputPerSecond: number;
    readonly goodput: { readonly requests: number; readonly perSecond: number; readonly ratio: number | null };
  };
  readonly gateway: {
    readonly queue: { readonly mean: number; readonly max: number };
    readonly router: string;
    readonly cut: number;
    /** Absent without a result cache. */
    readonly cache?: CacheResult;
  } & GatewayRules;
  readonly pools: ReadonlyArray<PoolResult>;
  readonly trace?: { readonly rows: number; readonly skippedRows: number };
  readonly timeline: ReadonlyArray<TimelinePoint>;
  readonly faults: ReadonlyArray<{
    readonly kind: string;
    /** or `store`, `cache` */ readonly pool: string;
    readonly startMs: number;
    readonly endMs: number;
  }>;
  readonly cost: { readonly totalUsd: number; readonly perMillionOutputTokensUsd: number | null };
  readonly gates: ReadonlyArray<GateResult>;
  readonly verdict: "pass" | "fail" | "inconclusive" | "none";
  readonly warnings: ReadonlyArray<string>;
}
