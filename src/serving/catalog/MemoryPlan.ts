import type { CatalogFault } from "./CatalogFault.ts";
import { catalogFault } from "./CatalogFault.ts";
import type { Dtype } from "./Dtypes.ts";
import { dtypeKeyText } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import type { ModelSpec } from "./Models.ts";
import { kvBytesPerTokenPerGpu, weightBytesPerGpu } from "./Models.ts";
import { findStepEntry } from "./StepTimes.ts";
import type { Alternatives } from "./whatFits.ts";
import { alternativesText, whatFits } from "./whatFits.ts";

const GIB = 2 ** 30;
/** Activations, graphs and context: the margin that aiconfigurator keeps beside weights and KV. */
const RESERVE_BYTES = 3.5 * GIB;
/** Collectives with tensor parallelism: the middle of 0.3 to 0.4 GiB. */
const COLLECTIVE_BYTES = 0.35 * GIB;

export interface MemoryRequest {
  readonly gpu: GpuSpec;
  readonly model: ModelSpec;
  readonly dtype: Dtype;
  readonly tensorParallel: number;
  /** GPUs that the routed experts are spread over. */
  readonly expertParallel?: number;
  /** Ranks of data-parallel attention, each with `tensorParallel` GPUs; 1 if absent. */
  readonly dataParallel?: number;
  /** Stages, 1 if absent: each GPU holds weights and KV of its stage's layers only. */
  readonly pipelineParallel?: number;
  /** Share of GPU memory the engine may use, 0..1. */
  readonly utilizationRatio: number;
  readonly blockTokens: number;
  readonly maxBatchedTokens: number;
  /** Memory beside weights and KV where it is known; else the GPU's measured one if it covers maxBatchedTokens, else 3.5 GiB (+ 0.35 GiB with TP or experts on several GPUs). */
  readonly reserveBytes?: number;
}

/** Where one GPU's memory goes. */
export interface MemoryPlan {
  readonly kvBlocks: number;
  readonly weightBytes: number;
  readonly reserveBytes: number;
  readonly kvBytesPerBlock: number;
}

/**
 * KV blocks of a replica: floor((utilization * memory - weights - reserve) / (block tokens * KV bytes per token)), each per GPU.
 *
 * A fault when not one block is left; it says what is needed, and what would fit.
 * Take the block count of a real engine where it is known: leaving the reserve out once gave -20.7 % TTFT at the KV limit.
 */
export const planMemory = (request: MemoryRequest): MemoryPlan | CatalogFault => {
  const plan = layOut(request);
  return plan.kvBlocks >= 1 ? plan : doesNotFit(request, plan);
};

/**
 * As many KV blocks as the user says an engine has: whoever measured knows the reserve. A fault when there is no memory for them beside the
 * weights, or, where the weights may be spread in ways that are not told, no memory at all.
 */
export const holdBlocks = (
  request: MemoryRequest,
  of: { readonly kvBlocks: number; readonly weightsElsewhere: boolean },
): number | CatalogFault => {
  const { kvBytesPerBlock, weightBytes: all } = layOut(request);
  const weightBytes = of.weightsElsewhere ? 0 : all;
  const most = Math.floor((request.gpu.memoryBytes - weightBytes) / kvBytesPerBlock);
  if (of.kvBlocks <= most) return of.kvBlocks;
  if (most < 1) return doesNotFit(request, layOut(request));
  const beside = of.weightsElsewhere ? "" : ` beside weights of ${gib(weightBytes)}`;
  return catalogFault({
    field: "engine.kvBlocks",
    constraint: `needs ${gib(of.kvBlocks * kvBytesPerBlock)} of KV per GPU${beside}, but ${request.gpu.name} has ${gib(request.gpu.memoryBytes)}`,
    value: of.kvBlocks,
    hint: `at most ${most} with this parallelism, or leave it out: the catalog takes what fits`,
  });
};

const layOut = (request: MemoryRequest): MemoryPlan => {
  const { model, dtype, tensorParallel, pipelineParallel } = request;
  const weights = weightBytesPerGpu(model, dtype, request);
  const reserveBytes = reserveFor(request);
  const kvBytesPerBlock = request.blockTokens * kvBytesPerTokenPerGpu(model, tensorParallel, pipelineParallel);
  const left = request.utilizationRatio * request.gpu.memoryBytes - weights - reserveBytes;
  return {
    kvBlocks: Math.max(0, Math.floor(left / kvBytesPerBlock)),
    weightBytes: weights,
    reserveBytes,
    kvBytesPerBlock,
  };
};

const reserveFor = (request: MemoryRequest): number => {
  if (request.reserveBytes !== undefined) return request.reserveBytes;
  const measured = request.gpu.measuredReserve;
  const base = measured !== undefined && request.maxBatchedTokens <= measured.maxBatchedTokens ? measured.bytes : RESERVE_BYTES;
  return base + (exchanges(request) ? COLLECTIVE_BYTES : 0);
};

/** Whether a GPU takes part in collectives: it shares layers, or experts, with others. Experts are spread over all ranks of attention, and further if told so. */
const exchanges = ({ tensorParallel, dataParallel = 1, expertParallel }: MemoryRequest): boolean =>
  tensorParallel > 1 || (expertParallel !== undefined && (dataParallel > 1 || expertParallel > 1));

const doesNotFit = (request: MemoryRequest, plan: MemoryPlan): CatalogFault => {
  const usable = request.utilizationRatio * request.gpu.memoryBytes;
  const needed = plan.weightBytes + plan.reserveBytes + plan.kvBytesPerBlock;
  const alternatives = whatFits(request, (other) => layOut(other).kvBlocks >= 1);
  return catalogFault({
    field: "parallelism.tp",
    constraint:
      `needs ${gib(needed)} per GPU (weights ${gib(plan.weightBytes)}, reserve ${gib(plan.reserveBytes)}, at least one KV block), ` +
      `but ${request.gpu.name} offers ${gib(usable)} at a utilization of ${request.utilizationRatio}`,
    value: request.tensorParallel,
    hint: fittingHint(request, alternatives),
    shortage: {
      neededBytes: needed,
      usableBytes: usable,
      weightBytes: plan.weightBytes,
      reserveBytes: plan.reserveBytes,
      alternatives,
    },
  });
};

const fittingHint = (request: MemoryRequest, alternatives: Alternatives): string => {
  const text =
    alternativesText(request, alternatives) ??
    `${request.model.name} fits on ${request.gpu.name} at no tensor parallelism: take another GPU`;
  const wide = findStepEntry({
    gpu: request.gpu.name,
    model: request.model.name,
    tensorParallel: 1,
    dtype: { dtype: "fp8", variant: "ep64" },
  });
  const other =
    wide === undefined
      ? ""
      : `, or wide expert parallelism, per GPU: dtype "${dtypeKeyText({ dtype: "fp8", variant: "ep64" })}" with parallelism 1`;
  return `${text}${other}`;
};

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
