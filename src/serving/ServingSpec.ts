import type { ConcurrencySpec } from "./gateway/InFlightLimit.ts";
import type { FairSpec } from "./gateway/Lanes.ts";
import type { BreakerSpec } from "../policy/breaker/BreakerSpec.ts";

export type { BreakerSpec } from "../policy/breaker/BreakerSpec.ts";
import type { CacheSpec } from "./stage/CacheSpec.ts";
import type { LimiterSpec } from "./stage/limiterOf.ts";
import type { BrownoutSpec } from "./stage/BrownoutSpec.ts";
import type { SharedPer } from "./stage/sharedByKey.ts";
import type { ShapeSpec } from "./stage/ShapeSpec.ts";
import type { TokenBudgetSpec } from "./stage/TokenBudgetSpec.ts";
import type { TriesSpec } from "./stage/TriesSpec.ts";
import type { StoreSpec } from "./store/StoreSpec.ts";
import type { ShedderSpec } from "../policy/shedding/ShedderSpec.ts";
import type { RouterSpec } from "../policy/routing/RouterSpec.ts";
import type { SchedulingSpec } from "./SchedulingSpec.ts";
import type { StepModel } from "./steptime/StepModel.ts";

import type { DisaggregationSpec } from "./DisaggregationSpec.ts";
import type { StartupSpec } from "./life/StartupSpec.ts";
import type { MachineSpec } from "./machine/MachineSpec.ts";
import type { RequestOverhead } from "./machine/RequestOverhead.ts";
import type { AutoscaleSpec } from "./scaling/AutoscaleSpec.ts";
import type { FitDomain } from "./catalog/FitDomain.ts";
import type { StationSpec } from "./station/StationSpec.ts";

export type { RouterSpec } from "../policy/routing/RouterSpec.ts";

/** Numeric descriptions of gateway and fleet: what a scenario becomes once quantities are parsed and catalog names are looked up. */

export interface GatewayQueueSpec {
  /** An attempt that has waited this long is shed. */
  readonly timeoutMs?: number;
  /** Who may wait, who is next, who is dropped. */
  readonly rules: ShedderSpec;
  /** Present: the order of the rules holds within each tenant or class, and whoever got the least service is next. */
  readonly fair?: FairSpec;
}

/** A rate limit of the gateway. */
export interface RateLimitSpec {
  readonly limiter: LimiterSpec;
  readonly per: SharedPer;
  /** What an attempt costs: one permit, or one for each token of its prompt. */
  readonly cost: "request" | "promptTokens";
}

export interface GatewaySpec {
  /** Prefill and decode pools, and the way between them. */
  readonly disaggregation?: DisaggregationSpec;
  /** An attempt passes when all of them admit it. */
  readonly limits?: ReadonlyArray<RateLimitSpec>;
  /** And when all of these have tokens left for it. */
  readonly tokenBudgets?: ReadonlyArray<TokenBudgetSpec>;
  /** Behind the limits: each holds attempts back to an even rate. */
  readonly shapes?: ReadonlyArray<ShapeSpec>;
  /** Whole answers to identical requests. */
  readonly cache?: CacheSpec;
  /** Tries of the gateway itself, for what fails or finds no room before its first token; absent: one. */
  readonly tries?: TriesSpec;
  /** Where limits are kept; absent: in the gateway itself, without delay. */
  readonly store?: StoreSpec;
  /** Attempts that wait at the gateway because no replica has room. Absent: everything is forwarded at once and waits in the engines. */
  readonly queue?: GatewayQueueSpec;
  /** Attempts that the fleet may hold; more wait in the queue, or are rejected where there is none. */
  readonly concurrency?: ConcurrencySpec;
  /** Cheaper answers under load. */
  readonly brownout?: BrownoutSpec;
  /** Attempts a replica may hold (waiting and running) before the gateway stops sending to it. */
  readonly maxInFlightPerReplica: number;
  /** The gateway cuts an attempt that has not finished this long after it arrived. */
  readonly responseTimeLimitMs?: number;
  /** What the engine does when the client or the gateway hangs up: stop at the next step boundary, or go on for nobody. */
  readonly onDisconnect: "cancel" | "continue";
  readonly router: RouterSpec;
  /** Time between two reports of the replicas' loads to the router; absent: it always sees the present ones. */
  readonly loadReportMs?: number;
  /** In front of each replica. */
  readonly breaker?: BreakerSpec;
}

/**
 * Milliseconds of one engine step: a + b*seqs + c*kvTokens + d*prefillTokens + e*prefillTokens*(context + prefillTokens/2), and
 * h*kvTokens if prefillTokens > 0, and, where given, max(floorMs, rowMs*(seqs + prefillTokens)), the larger of reading the weights and multiplying
 * with them, and the reading of routed experts. Where the rows of data-parallel ranks meet in the experts, `b` and `d` hold for ranks with as many
 * rows as this one; `experts` says what of them changes where they have fewer or more.
 */
export interface StepCoefficients {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly h: number;
  /** Reading the weights that every step reads; 0 if absent. */
  readonly floorMs?: number;
  /** Compute per row of the matrix products; 0 if absent. */
  readonly rowMs?: number;
  /** Routed experts that the rows of a step choose: msPerExpert for reading each distinct one (all layers at once). */
  readonly experts?: ExpertReads;
}

/** Each row chooses `active` of `count` experts, evenly. */
export interface ExpertReads {
  readonly count: number;
  readonly active: number;
  readonly msPerExpert: number;
  /** Data-parallel ranks whose rows meet in the same experts, each of which holds as large a share of them. 1 if absent. */
  readonly ranks?: number;
  /** Of `b` and `d`: what a row takes in its experts, in ms; a rank computes the mean of all ranks' rows. 0 if absent. */
  readonly rowMs?: number;
  /** Of `b` and `d`: dispatch and combine of a row, in ms; a rank sends its own rows and gets the mean of all at the same time. 0 if absent. */
  readonly exchangeRowMs?: number;
  /** Share of the rows beyond the first that choose on their own, 0..1, while the others choose what was chosen; 1 if absent. */
  readonly independentRatio?: number;
}

/** Work of the engine core on the CPU, by step and by sequence that decodes in it. */
export interface HostSpec {
  readonly perStepMs: number;
  readonly perSequenceMs: number;
  /** serial: the GPU waits for it. overlapped: the next step is planned while the GPU computes; a step takes the longer of both. */
  readonly mode: "serial" | "overlapped";
}

export interface EngineSpec {
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly maxModelTokens: number;
  readonly blockTokens: number;
  readonly kvBlocks: number;
  readonly prefixCache: boolean;
  /** vLLM's scheduler_reserve_full_isl: admit only when the whole prompt fits into free blocks. */
  readonly reserveFullPrompt: boolean;
  /** Attempts that may wait in the engine; more are refused. */
  readonly maxWaiting: number;
  /** Present: simulated step by step, even when empty. Absent: vLLM V1 with its defaults. */
  readonly scheduling?: SchedulingSpec;
  readonly step: StepCoefficients;
  /** Step times that no coefficients give; then `step` is not used, and the engine is simulated step by step. */
  readonly stepTable?: StepModel;
  /** Absent: host time is in the step coefficients, or nowhere. */
  readonly host?: HostSpec;
}

/** Memory of one GPU, in bytes. */
export interface PoolMemory {
  readonly gpuBytes: number;
  readonly weightBytes: number;
  /** Activations, graphs, context. */
  readonly reserveBytes: number;
  /** All KV blocks. */
  readonly kvBytes: number;
  readonly kvBytesPerToken: number;
}

export interface PoolSpec {
  readonly name: string;
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  /** Nobody chose `dtype`: it is that of the published checkpoint. */
  readonly dtypeAsPublished?: boolean;
  /** GPUs that share each layer: of the replica's GPUs those of one stage and rank. */
  readonly tensorParallel: number;
  readonly gpusPerReplica: number;
  readonly replicas: number;
  readonly weight: number;
  readonly backup: boolean;
  /** Present for a pool without GPUs; the engine then says nothing. */
  readonly station?: StationSpec;
  readonly engine: EngineSpec;
  readonly usdPerGpuHour: number;
  /** What the pool does when prompts and answers are computed apart; both where absent. */
  readonly role?: "prefill" | "decode" | "both";
  /** KV that moves for one token from a prefill replica. */
  readonly kvBytesPerToken?: number;
  /** What the catalog, or the scenario's own, says of the model; KV at the pool's format, all GPUs together. */
  readonly knownModel?: { readonly layers: number; readonly kvBytesPerToken: number };
  /** Number format of the KV cache where it was chosen. */
  readonly kvDtype?: string;
  /** What the user says that quantization costs, as a share of the score without it. */
  readonly qualityCost?: { readonly dropRatio: number; readonly source: string };
  /** Absent where the catalog knows too little. */
  readonly memory?: PoolMemory;
  /** API server, network port and disk of each replica. */
  readonly machine?: MachineSpec;
  /** What prompts wait for before they reach the engine; nothing if absent. */
  readonly requestOverhead?: RequestOverhead;
  /** Present: replicas can be off, and start in phases. */
  readonly startup?: StartupSpec;
  /** Replicas that are ready at time 0, all by default; the others are off. */
  readonly initial?: number;
  /** Present: the number of replicas changes by itself; `replicas` is the most that there can be. */
  readonly autoscale?: AutoscaleSpec;
  /** Where the step coefficients come from, and how far to trust them. */
  readonly stepSource: string;
  /** Median absolute error of the fit, 0..1, where the source states one. */
  readonly stepErrorRatio?: number;
  /** What the step times were fitted on; beyond it they are an extrapolation. */
  readonly stepDomain?: FitDomain;
  /** What a reader must know before trusting the pool's figures. */
  readonly warnings: ReadonlyArray<string>;
}

/** What breaks, and when. Times in ms of simulated time. */
export type FaultSpec =
  | { readonly kind: "replicaDown"; readonly pool: string; readonly replicas: number; readonly atMs: number; readonly durationMs: number }
  | {
      /** restart: down for the duration, then a cold start. drain: finished and off, started again after the duration. */
      readonly kind: "restart" | "drain" | "cacheWipe" | "linkDown";
      readonly pool: string;
      readonly replicas: number;
      readonly atMs: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: "slowdown" | "linkSlow";
      readonly pool: string;
      readonly replicas: number;
      readonly factor: number;
      readonly atMs: number;
      readonly durationMs: number;
    }
  | {
      /** This share of the attempts that reach the replicas fails at once. */
      readonly kind: "failing";
      readonly pool: string;
      readonly replicas: number;
      readonly shareRatio: number;
      readonly atMs: number;
      readonly durationMs: number;
    }
  | { readonly kind: "storeDown" | "cacheFlush"; readonly part: "store" | "cache"; readonly atMs: number; readonly durationMs: number }
  | {
      readonly kind: "storeSlow";
      readonly part: "store";
      readonly factor: number;
      readonly atMs: number;
      readonly durationMs: number;
    };
