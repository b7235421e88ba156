import type { PoolMemory } from "../ServingSpec.ts";
import { isCatalogFault } from "./CatalogFault.ts";
import type { DtypeKey } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import { planMemory } from "./MemoryPlan.ts";
import type { ModelSpec } from "./Models.ts";
import { kvBytesPerTokenPerGpu } from "./Models.ts";

export interface PoolMemoryRequest {
  readonly gpu: GpuSpec | undefined;
  readonly model: ModelSpec | undefined;
  readonly dtype: DtypeKey | undefined;
  readonly tensorParallel: number;
  readonly expertParallel?: number;
  readonly dataParallel?: number;
  readonly pipelineParallel?: number;
  readonly maxBatchedTokens: number;
  readonly blockTokens: number;
  readonly kvBlocks: number;
}

/** Where the memory of one GPU goes with so many KV blocks; undefined when GPU, model or dtype is not in the catalog, or the model does not fit. */
export const poolMemory = (request: PoolMemoryRequest): PoolMemory | undefined => {
  const { gpu, model, dtype, kvBlocks, blockTokens, tensorParallel } = request;
  if (gpu === undefined || model === undefined || dtype === undefined) return undefined;
  const plan = planMemory({ ...request, gpu, model, dtype: dtype.dtype, utilizationRatio: 1 });
  if (isCatalogFault(plan)) return undefined;
  const kvBytesPerToken = kvBytesPerTokenPerGpu(model, tensorParallel, request.pipelineParallel);
  const kvBytes = kvBlocks * blockTokens * kvBytesPerToken;
  if (plan.weightBytes + kvBytes > gpu.memoryBytes) return undefined;
  return {
    gpuBytes: gpu.memoryBytes,
    weightBytes: plan.weightBytes,
    // A measured count of blocks may leave less than the catalog would keep.
    reserveBytes: Math.min(plan.reserveBytes, gpu.memoryBytes - plan.weightBytes - kvBytes),
    kvBytes,
    kvBytesPerToken,
  };
};
