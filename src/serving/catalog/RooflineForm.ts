import type { ExpertReads, StepCoefficients } from "../ServingSpec.ts";
import type { Dtype } from "./Dtypes.ts";
import type { EngineName } from "./EngineNames.ts";
import type { GpuSpec } from "./Gpus.ts";
import { peakFlopPerSecond } from "./Gpus.ts";
import type { ModelSpec } from "./Models.ts";
import { kvBytesPerTokenPerGpu, routedExpertBytes, weightBytesRead } from "./Models.ts";
import { countParameters } from "./ModelShape.ts";
import type { RooflineFactors } from "./RooflineFactors.ts";

/** How a model runs. */
export interface RooflineShape {
  readonly tensorParallel: number;
  readonly dtype: Dtype;
  readonly engine: EngineName;
  /** Ranks of data-parallel attention; 1 if absent. */
  readonly dataParallel?: number;
  /** GPUs that the routed experts are spread over, of the `tensorParallel * dataParallel`. Absent: each rank cuts all of them by tensor parallelism. */
  readonly expertParallel?: number;
  /** KV of 8 bits; the model's `kvBytesPerToken` says so already. */
  readonly kv8?: boolean;
  /** In place of the engine's host times. */
  readonly hostMs?: number;
}

const MS_PER_SECOND = 1000;
const BYTES_16_BIT = 2;
const BYTES_8_BIT = 1;

/**
 * Step times from data sheet and shape: the larger of reading dense weights and multiplying with them; reading the distinct routed experts, and what
 * rows take in them; KV reads; attention of prompts; all-reduces (two per layer, ring) or dispatch and combine of expert parallelism; activations;
 * small kernels; host. Per rank of data-parallel attention where all have as many rows; `experts` says how much of a row's time follows the rows of
 * all ranks. Undefined when the GPU has no units for the dtype.
 * Source: Williams et al., Roofline, CACM 2009.
 */
export const rooflineForm = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): StepCoefficients | undefined => {
  const peak = peakFlopPerSecond(gpu, of.dtype);
  if (peak === undefined) return undefined;
  const { shape, layers } = model;
  const engine = factors.engines[of.engine];
  const tp = of.tensorParallel;
  const bandwidth = gpu.memoryBytesPerSecond;
  const readMs = (bytes: number): number => (MS_PER_SECOND * bytes) / (tp * bandwidth * factors.memoryRatio);
  const densePeak = (shape.quantizesExpertsOnly === true ? gpu.flopPerSecond.bf16 : peak) * factors.computeRatio;
  const flopMs = (flop: number): number => (MS_PER_SECOND * flop) / (tp * densePeak);
  const counts = countParameters(shape);
  const attending = attendingShare(model);
  const rowMs = [reduceRowMs, exchangeRowMs, activationMs, expertRowMs].reduce((sum, term) => sum + term(gpu, model, of, factors), 0);
  const experts = expertReads(gpu, model, of, factors);
  return {
    a: (of.hostMs ?? engine.hostMs) + layers * layerMs(model, of, factors) + exchangeLatencyMs(model, of, factors),
    b: (of.hostMs === undefined ? engine.hostPerSequenceMs : 0) + rowMs + flopMs(2 * counts.embedding),
    c: kvMs(gpu, model, of, factors) * attending,
    d: rowMs,
    e: (MS_PER_SECOND * pairFlop(model) * attending) / (tp * factors.attentionRatio * gpu.flopPerSecond.bf16),
    h: 0,
    floorMs: readMs(weightBytesRead(model, of.dtype) - routedExpertBytes(model, of.dtype)),
    rowMs: flopMs(2 * (model.activeParameters - counts.activeRouted - counts.embedding)),
    ...(experts === undefined ? {} : { experts }),
  };
};

/** Share of the layers that attend to all tokens. */
const attendingShare = ({ shape, layers }: ModelSpec): number => (shape.window === undefined ? 1 : (layers - shape.window.layers) / layers);

/** FLOP of all layers for a pair of tokens: products for the score and for the value, two FLOP each. */
const pairFlop = ({ shape, layers }: ModelSpec): number => {
  const { latent, attentionHeads, headDimension } = shape;
  const widths = latent === undefined ? 2 * headDimension : latent.nopeDimension + latent.ropeDimension + latent.valueDimension;
  return 2 * layers * attentionHeads * widths;
};

const kvMs = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): number => {
  const ratio = model.shape.latent === undefined ? factors.kvRatio : factors.latentKvRatio;
  const speed = of.kv8 === true ? ratio * factors.engines[of.engine].kv8Ratio : ratio;
  return (MS_PER_SECOND * kvBytesPerTokenPerGpu(model, of.tensorParallel)) / (speed * gpu.memoryBytesPerSecond);
};

const layerMs = (model: ModelSpec, of: RooflineShape, factors: RooflineFactors): number =>
  factors.engines[of.engine].layerMs +
  (model.shape.latent === undefined ? 0 : factors.latentLayerMs) +
  (of.dtype === "fp8" ? factors.castLayerMs : 0);

const expertLayersOf = ({ shape }: ModelSpec): number =>
  shape.experts === undefined ? 0 : shape.layers - (shape.experts.denseLayers ?? 0);

/** Whether rows travel to the experts' GPUs: the ranks of data-parallel attention hold different ones. */
const travels = (of: RooflineShape): boolean => of.expertParallel !== undefined && (of.dataParallel ?? 1) > 1;

const gpusOf = (of: RooflineShape): number => of.tensorParallel * (of.dataParallel ?? 1);

/** Latencies of a step: two all-reduces per layer with tensor parallelism, of which dispatch and combine take the place of the second where rows travel. */
const exchangeLatencyMs = (model: ModelSpec, of: RooflineShape, factors: RooflineFactors): number => {
  const expertLayers = expertLayersOf(model);
  const reduces = Math.log2(of.tensorParallel) * (2 * model.layers - (travels(of) ? expertLayers : 0));
  const exchanges = travels(of) ? Math.log2(gpusOf(of)) * 2 * expertLayers : 0;
  return expertLayers * factors.expertLayerMs + factors.exchangeMs * (reduces + exchanges);
};

const reduceRowMs = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): number => {
  const tp = of.tensorParallel;
  const crossing = (2 * (tp - 1)) / tp;
  const reduces = 2 * model.layers - (travels(of) ? expertLayersOf(model) : 0);
  const link = tp > gpu.gpusPerNode ? (gpu.networkBytesPerSecond ?? gpu.intraNodeBytesPerSecond) : gpu.intraNodeBytesPerSecond;
  return (MS_PER_SECOND * reduces * model.shape.hidden * BYTES_16_BIT * crossing) / (link * factors.linkRatio);
};

/**
 * Dispatch at the experts' format, of at least 8 bits, and combine at 16 of each row to the distinct GPUs of its experts (to all that share one, where experts are cut too), in and out of a GPU at the same time: inside the node by
 * its links, the rest by the network. Source: DeepEP, the layout of its low-latency kernels.
 */
const exchangeRowMs = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): number => {
  const { experts } = model.shape;
  if (!travels(of) || experts === undefined) return 0;
  const gpus = gpusOf(of);
  const spread = of.expertParallel!;
  const copies = gpus * (1 - ((spread - 1) / spread) ** experts.active);
  const valueBytes = (of.dtype === "fp8" ? BYTES_8_BIT : BYTES_16_BIT) + BYTES_16_BIT;
  const bytes = (expertLayersOf(model) * model.shape.hidden * valueBytes * copies) / of.tensorParallel;
  const near = Math.min(gpus, gpu.gpusPerNode);
  const inside = (near - 1) / gpus;
  const outside = (gpus - near) / gpus;
  const network = gpu.networkBytesPerSecond ?? gpu.intraNodeBytesPerSecond;
  return (MS_PER_SECOND * bytes * (inside / gpu.intraNodeBytesPerSecond + outside / network)) / factors.linkRatio;
};

const activationMs = (gpu: GpuSpec, model: ModelSpec, _: RooflineShape, factors: RooflineFactors): number =>
  (MS_PER_SECOND * model.layers * model.shape.hidden * BYTES_16_BIT * factors.activationPasses) / gpu.memoryBytesPerSecond;

/** Ranks whose rows meet in the same experts. */
const meetingRanks = (of: RooflineShape): number => (of.expertParallel === undefined ? 1 : (of.dataParallel ?? 1));

const skewOf = (of: RooflineShape, factors: RooflineFactors): number => 1 + factors.expertSkewRatio * (1 - 1 / (of.expertParallel ?? 1));

/**
 * A row on the way through its experts, besides their reading: products, and activations that cross the memory. Cut in `tensorParallel`, narrower
 * matrices take longer than their share; the time of the activations is found to fall with the root. Ranks bring as many more GPUs as rows: each
 * computes the rows of the mean rank.
 */
const expertRowMs = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): number => {
  const { experts, hidden } = model.shape;
  if (experts === undefined) return 0;
  const flop = 2 * countParameters(model.shape).activeRouted;
  const productsMs = flop / (of.tensorParallel * peakFlopPerSecond(gpu, of.dtype)! * factors.expertComputeRatio);
  const bytes = expertLayersOf(model) * hidden * BYTES_16_BIT * experts.active * factors.expertPasses;
  const passesMs = bytes / (Math.sqrt(of.tensorParallel) * gpu.memoryBytesPerSecond);
  return skewOf(of, factors) * MS_PER_SECOND * (productsMs + passesMs);
};

/** Undefined for dense models. The rows of all ranks meet on as many times more GPUs, each of which reads fewer experts. */
const expertReads = (gpu: GpuSpec, model: ModelSpec, of: RooflineShape, factors: RooflineFactors): ExpertReads | undefined => {
  const { experts } = model.shape;
  if (experts === undefined) return undefined;
  const ranks = meetingRanks(of);
  const readMs = (MS_PER_SECOND * routedExpertBytes(model, of.dtype)) / (gpu.memoryBytesPerSecond * factors.memoryRatio);
  return {
    count: experts.count,
    active: experts.active,
    msPerExpert: (skewOf(of, factors) * readMs) / (experts.count * of.tensorParallel * ranks),
    independentRatio: factors.independentRatio,
    ...(ranks === 1 ? {} : { ranks, rowMs: expertRowMs(gpu, model, of, factors), exchangeRowMs: exchangeRowMs(gpu, model, of, factors) }),
  };
};
