import type { PoolSpec, StepCoefficients } from "../../serving/ServingSpec.ts";

/** What a scenario says about a pool; the catalog knows the rest. */
export interface PoolRequest {
  readonly name: string;
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  readonly tensorParallel: number;
  readonly replicas: number;
  readonly weight: number;
  readonly backup: boolean;
  readonly usdPerGpuHour?: number;
  readonly engine: {
    readonly maxBatchedTokens: number;
    readonly maxSequences: number;
    readonly maxModelTokens?: number;
    readonly blockTokens: number;
    readonly kvBlocks?: number;
    readonly gpuMemoryUtilizationRatio: number;
    readonly prefixCache: boolean;
    readonly reserveFullPrompt: boolean;
    readonly maxWaiting: number;
    readonly step?: StepCoefficients;
    readonly hostOverheadMs?: number;
  };
}

/** Why the catalog cannot make a pool of a request. */
export interface CatalogFault {
  readonly field: "gpu" | "model" | "dtype" | "parallelism" | "engine.kvBlocks";
  readonly constraint: string;
  readonly value: unknown;
  readonly hint: string;
}

/** Completes a pool from the catalogs of GPUs, models and measured step times. */
export type PoolCatalog = (request: PoolRequest) => PoolSpec | CatalogFault;
