import type { StepCoefficients } from "../ServingSpec.ts";
import type { Dtype } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import { peakFlopPerSecond } from "./Gpus.ts";
import type { ModelSpec } from "./Models.ts";
import { kvBytesPerTokenPerGpu, routedExpertBytes, weightBytesRead } from "./Models.ts";

/** What data sheets do not say, fitted once for all GPUs and models. Ratios are shares of the data sheet's figure. */
export interface RooflineFactors {
  /** Weight reads at 16 bits and below. */
  readonly weight16Ratio: number;
  readonly weight8Ratio: number;
  /** Matrix products at 16 bits and at 8. */
  readonly compute16Ratio: number;
  readonly compute8Ratio: number;
  readonly kvRatio: number;
  readonly attentionRatio: number;
  readonly linkRatio: number;
  /** Launches, norms and other small kernels of a layer. */
  readonly layerMs: number;
  /** Latency of one all-reduce. */
  readonly reduceMs: number;
  /** Times that the activations of a row cross the memory in each layer. */
  readonly activationPasses: number;
  /** Host (or anything else) once per step and per sequence. */
  readonly hostMs: number;
  readonly hostPerSequenceMs: number;
}

/**
 * Fitted to 523 closed-loop points of nine models on H100 and H200 under vLLM, TensorRT-LLM and SGLang (aiconfigurator 095f58a,
 * silicon_sample.csv) by test/validation/rooflineFit.ts. Median absolute error in sample: time per output token 16 %, time to first token 27 %;
 * with the predicted model left out of the fit 27 % and 42 %. The host is left out: it differs between engines (0.4 to 3.8 ms per step).
 */
export const FITTED_FACTORS: RooflineFactors = {
  weight16Ratio: 1,
  weight8Ratio: 0.714,
  compute16Ratio: 0.769,
  compute8Ratio: 1,
  kvRatio: 1,
  attentionRatio: 0.285,
  linkRatio: 0.916,
  layerMs: 0.0248,
  reduceMs: 0.0116,
  activationPasses: 11.6,
  hostMs: 0,
  hostPerSequenceMs: 0,
};

export interface RooflineShape {
  readonly tensorParallel: number;
  readonly dtype: Dtype;
  /** Bytes of one KV value; 2 if absent. */
  readonly kvValueBytes?: number;
}

const MS_PER_SECOND = 1000;
const BYTES_16_BIT = 2;

/**
 * Step times in the maximum form from data sheet and shape: the larger of weight reads (distinct experts included) and matrix products, plus
 * KV reads, attention of prompts, all-reduces (two per layer, ring), activations, small kernels and host. Undefined when the GPU has no units
 * for the dtype.
 */
export const rooflineForm = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): StepCoefficients | undefined => {
  const peak = peakFlopPerSecond(gpu, of.dtype);
  if (peak === undefined) return undefined;
  const { shape, layers } = model;
  const isWide = of.dtype === "bf16" || of.dtype === "fp16";
  const bandwidth = gpu.memoryBytesPerSecond;
  const readMs = (bytes: number): number =>
    (MS_PER_SECOND * bytes) / (of.tensorParallel * bandwidth * (isWide ? factors.weight16Ratio : factors.weight8Ratio));
  const products = peak * (of.dtype === "fp8" ? factors.compute8Ratio : factors.compute16Ratio);
  const flopMs = (flop: number): number => (MS_PER_SECOND * flop) / (of.tensorParallel * products);
  const head = shape.vocabulary * shape.hidden;
  const routed = routedExpertBytes(model, of.dtype);
  const rowMs = reduceRowMs(gpu, model, of.tensorParallel, factors) + activationMs(gpu, model, factors);
  const attending = shape.window === undefined ? 1 : (layers - shape.window.layers) / layers;
  const attentionFlop = 4 * layers * model.attentionWidth * attending;
  return {
    a: factors.hostMs + layers * (factors.layerMs + (of.tensorParallel > 1 ? 2 * factors.reduceMs : 0)),
    b: factors.hostPerSequenceMs + rowMs + flopMs(2 * head),
    c:
      (MS_PER_SECOND * kvBytesPerTokenPerGpu(model, of.tensorParallel) * attending * (of.kvValueBytes ?? BYTES_16_BIT)) /
      (BYTES_16_BIT * factors.kvRatio * bandwidth),
    d: rowMs,
    e: (MS_PER_SECOND * attentionFlop) / (of.tensorParallel * factors.attentionRatio * gpu.flopPerSecond.bf16),
    h: 0,
    floorMs: readMs(weightBytesRead(model, of.dtype) - routed),
    rowMs: flopMs(2 * (model.activeParameters - head)),
    ...(shape.experts === undefined
      ? {}
      : {
          experts: {
            count: shape.experts.count,
            active: shape.experts.active,
            msPerExpert: readMs(routed / shape.experts.count),
          },
        }),
  };
};

const reduceRowMs = (gpu: GpuSpec, model: ModelSpec, tensorParallel: number, factors: RooflineFactors): number => {
  const crossing = (2 * (tensorParallel - 1)) / tensorParallel;
  const bytes = 2 * model.layers * model.shape.hidden * BYTES_16_BIT * crossing;
  return (MS_PER_SECOND * bytes) / (gpu.intraNodeBytesPerSecond * factors.linkRatio);
};

const activationMs = (gpu: GpuSpec, model: ModelSpec, factors: RooflineFactors): number =>
  (MS_PER_SECOND * model.layers * model.shape.hidden * BYTES_16_BIT * factors.activationPasses) / gpu.memoryBytesPerSecond;
