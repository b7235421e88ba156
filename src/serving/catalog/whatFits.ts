import type { Dtype } from "./Dtypes.ts";
import { DTYPES } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import { GPUS, peakFlopPerSecond } from "./Gpus.ts";
import type { ModelSpec } from "./Models.ts";
import { weightBytes } from "./Models.ts";

/** What decides whether a model fits. */
export interface Placement {
  readonly gpu: GpuSpec;
  readonly model: ModelSpec;
  readonly dtype: Dtype;
  readonly tensorParallel: number;
  readonly pipelineParallel?: number;
  readonly dataParallel?: number;
  readonly expertParallel?: number;
}

/** What would fit instead, each with all else unchanged; absent where nothing of the kind does. */
export interface Alternatives {
  /** The smallest larger one. */
  readonly tensorParallel?: number;
  /** The fewest GPUs in stages that stay inside a node each; only where no tensor parallelism inside a node fits. */
  readonly stages?: { readonly tensorParallel: number; readonly pipelineParallel: number };
  /** All GPUs of a data-parallel replica whose ranks each hold all experts so far. */
  readonly expertParallel?: number;
  /** The widest narrower one that fits as it is, else the widest with tensor parallelism inside a node. */
  readonly dtype?: { readonly dtype: Dtype; readonly tensorParallel: number };
  /** The one with the least memory that holds it as it is, else with the fewest GPUs inside a node. */
  readonly gpu?: { readonly name: string; readonly tensorParallel: number };
}

/** Why a model does not fit, in bytes per GPU. */
export interface MemoryShortage {
  readonly neededBytes: number;
  readonly usableBytes: number;
  readonly weightBytes: number;
  readonly reserveBytes: number;
  readonly alternatives: Alternatives;
}

const TENSOR_PARALLEL_STEPS: ReadonlyArray<number> = [1, 2, 4, 8, 16, 32, 64];
const PIPELINE_STEPS: ReadonlyArray<number> = [2, 3, 4, 6, 8, 12, 16];

/** Looks for placements near the given one that fit. */
export const whatFits = <P extends Placement>(of: P, fits: (placement: P) => boolean): Alternatives => {
  const divides = (tensorParallel: number): boolean => of.model.attentionHeads % tensorParallel === 0;
  const tensorParallel = TENSOR_PARALLEL_STEPS.find((tp) => tp > of.tensorParallel && divides(tp) && fits({ ...of, tensorParallel: tp }));
  const inNode = tensorParallel !== undefined && tensorParallel <= of.gpu.gpusPerNode;
  const stages = inNode ? undefined : fewestStages(of, fits, divides);
  // Beyond what was asked for, only fewer GPUs than without the change.
  const wider = TENSOR_PARALLEL_STEPS.filter((tp) => tp > of.tensorParallel && divides(tp) && tp < (inNode ? tensorParallel : Infinity));
  const holds = (placement: P): boolean =>
    (placement.tensorParallel === of.tensorParallel || placement.tensorParallel <= placement.gpu.gpusPerNode) && fits(placement);
  const formats = narrower(of).map((dtype) => ({ ...of, dtype }));
  const gpus = others(of).map((gpu) => ({ ...of, gpu }));
  const at = (placement: P, tp: number): P => ({ ...placement, tensorParallel: tp });
  const dtype = [...formats, ...formats.flatMap((placement) => wider.map((tp) => at(placement, tp)))].find(holds);
  const gpu = [...gpus, ...wider.flatMap((tp) => gpus.map((placement) => at(placement, tp)))].find(holds);
  const expertParallel = spreadExperts(of, fits);
  return {
    ...(expertParallel === undefined ? {} : { expertParallel }),
    ...(tensorParallel === undefined ? {} : { tensorParallel }),
    ...(stages === undefined ? {} : { stages }),
    ...(dtype === undefined ? {} : { dtype: { dtype: dtype.dtype, tensorParallel: dtype.tensorParallel } }),
    ...(gpu === undefined ? {} : { gpu: { name: gpu.gpu.name, tensorParallel: gpu.tensorParallel } }),
  };
};

const spreadExperts = <P extends Placement>(of: P, fits: (placement: P) => boolean): number | undefined => {
  const { dataParallel = 1, tensorParallel } = of;
  const expertParallel = tensorParallel * dataParallel;
  const most = of.model.shape.experts?.count ?? 0;
  const isOpen = dataParallel > 1 && of.expertParallel === undefined && expertParallel <= most;
  return isOpen && fits({ ...of, expertParallel }) ? expertParallel : undefined;
};

/** Fewest GPUs; of as many, the most tensor parallel. */
const fewestStages = <P extends Placement>(
  of: P,
  fits: (placement: P) => boolean,
  divides: (tensorParallel: number) => boolean,
): Alternatives["stages"] =>
  TENSOR_PARALLEL_STEPS.filter((tp) => tp <= of.gpu.gpusPerNode && divides(tp))
    .flatMap((tensorParallel) =>
      PIPELINE_STEPS.filter((pp) => pp > (of.pipelineParallel ?? 1) && pp <= of.model.layers).map((pipelineParallel) => ({
        tensorParallel,
        pipelineParallel,
      })),
    )
    .toSorted(
      (left, right) =>
        left.tensorParallel * left.pipelineParallel - right.tensorParallel * right.pipelineParallel ||
        right.tensorParallel - left.tensorParallel,
    )
    .find((stages) => fits({ ...of, ...stages }));

/** Formats with fewer bytes that the GPU computes in, the widest first; 8-bit floats before 8-bit weights. */
const narrower = (of: Placement): ReadonlyArray<Dtype> => {
  const bytes = (dtype: Dtype): number => weightBytes(of.model, dtype);
  return DTYPES.filter((dtype) => bytes(dtype) < bytes(of.dtype) && peakFlopPerSecond(of.gpu, dtype) !== undefined).toSorted(
    (left, right) => bytes(right) - bytes(left),
  );
};

/** Other GPUs that compute in the format, the least memory first. */
const others = (of: Placement): ReadonlyArray<GpuSpec> =>
  GPUS.filter((other) => other.name !== of.gpu.name && peakFlopPerSecond(other, of.dtype) !== undefined).toSorted(
    (left, right) => left.memoryBytes - right.memoryBytes,
  );

/** The alternatives as a sentence; undefined where there is none. */
export const alternativesText = (of: Placement, alternatives: Alternatives): string | undefined => {
  const { expertParallel, tensorParallel, stages, dtype, gpu } = alternatives;
  const at = (tp: number): string | undefined => (tp === of.tensorParallel ? undefined : `with tp ${tp}`);
  const parts = [
    ...(expertParallel === undefined ? [] : [`ep ${expertParallel} spreads the experts over all of its GPUs`]),
    ...(tensorParallel === undefined ? [] : [`the smallest tensor parallelism that fits is ${tensorParallel}`]),
    ...(stages === undefined ? [] : [`tp ${stages.tensorParallel} x pp ${stages.pipelineParallel} stays inside nodes`]),
    ...(dtype === undefined ? [] : [`dtype ${dtype.dtype} fits ${at(dtype.tensorParallel) ?? "as it is"}`]),
    ...(gpu === undefined ? [] : [gpuText(gpu.name, at(gpu.tensorParallel))]),
  ];
  if (parts.length === 0) return undefined;
  const none = tensorParallel === undefined ? `${of.model.name} fits on ${of.gpu.name} at no tensor parallelism up to 64: ` : "";
  return `${none}${parts.join("; ")}`;
};

const gpuText = (name: string, parallel: string | undefined): string =>
  `the smallest GPU of the catalog that holds it ${parallel === undefined ? `is ${name}` : `inside a node is ${name} ${parallel}`}`;
