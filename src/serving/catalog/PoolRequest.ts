import type { StepPoint } from "../calibration/StepPoint.ts";
import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import type { StepCoefficients } from "../ServingSpec.ts";
import type { CalibrationEntry } from "./CalibrationEntry.ts";
import type { EngineName } from "./EngineNames.ts";
import type { KvDtype } from "./KvDtypes.ts";
import type { OwnCatalog } from "./OwnCatalog.ts";

/** A pool as a scenario states it: names of the catalog and what deviates from the defaults. */
export interface PoolRequest {
  readonly name: string;
  readonly gpu: string;
  readonly model: string;
  /** bf16, fp16 or fp8, and after "+" an engine variant ("fp16+vllm-2023", "fp8+ep64"). */
  readonly dtype: string;
  readonly tensorParallel: number;
  /** Pipeline stages, and ranks of data-parallel attention; 1 if absent. Each of their product is a group of `tensorParallel` GPUs. */
  readonly pipelineParallel?: number;
  readonly dataParallel?: number;
  /** GPUs that the routed experts are spread over. Absent: each rank cuts all experts by tensor parallelism, or an engine variant says it. */
  readonly expertParallel?: number;
  /** Whose host times and kernels the roofline takes; vLLM if absent. */
  readonly engineName?: EngineName;
  /** Number format of the KV cache; 16 bits if absent. */
  readonly kvDtype?: KvDtype;
  /** Hardware and models beside those of the catalog. */
  readonly catalog?: OwnCatalog;
  readonly replicas: number;
  readonly weight: number;
  readonly backup: boolean;
  /** Absent: the catalog's price. */
  readonly usdPerGpuHour?: number;
  readonly engine: EngineRequest;
  /** Share of GPU memory the engine may use, 0..1; 0.9 if absent. */
  readonly gpuMemoryUtilizationRatio?: number;
  /** Host time added to each step. Absent: 1.2 ms where the step times are GPU-only, 0 where the host is in them or `step` is given. */
  readonly hostOverheadMs?: number;
  /** What prompts wait for before they reach the engine. Absent: what was fitted together with the step times, if anything. */
  readonly requestOverhead?: RequestOverhead;
  /** Step coefficients of the user's own. GPU and model then need not be known, but `engine.kvBlocks` is needed if they are not. */
  readonly step?: StepCoefficients;
  /** Measured steps instead of coefficients. As with `step`, GPU and model need not be known. */
  readonly stepTable?: { readonly file: string; readonly points: ReadonlyArray<StepPoint> };
  /** Step times that were fitted to the user's own measurements. As with `step`, GPU and model need not be known. */
  readonly calibration?: { readonly file: string; readonly entry: CalibrationEntry };
}

/** Engine settings; what is absent takes vLLM V1's default. */
export interface EngineRequest {
  readonly maxBatchedTokens?: number;
  readonly maxSequences?: number;
  readonly maxModelTokens?: number;
  readonly blockTokens?: number;
  readonly kvBlocks?: number;
  readonly prefixCache?: boolean;
  readonly reserveFullPrompt?: boolean;
  readonly maxWaiting?: number;
}
