import type { StepCoefficients } from "../ServingSpec.ts";
import type { Dtype } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import { peakFlopPerSecond } from "./Gpus.ts";
import type { ModelSpec } from "./Models.ts";
import { FITTED_FACTORS, rooflineForm } from "./RooflineForm.ts";
import { kvBytesPerTokenPerGpu, weightBytesRead } from "./Models.ts";

/** Shown wherever a pool's step times come from the roofline. */
export const ROOFLINE_WARNING = "roofline estimate, +-20 % assumed";

/** Shown besides for models with routed experts. */
export const ROOFLINE_EXPERTS_WARNING =
  "roofline of a mixture of experts: distinct experts are read, median error 16 % where it was fitted; it knows no expert skew or all-to-all";

/** Share of the peak that a step reaches, from weight reads and from matrix products, by tensor parallelism. All-reduces are inside. */
interface Efficiency {
  readonly tensorParallel: number;
  readonly weightRatio: number;
  readonly computeRatio: number;
}

/** Medians of the shares implied by the composed bf16 fits of H100, H200, A100. */
const EFFICIENCY_16_BIT: ReadonlyArray<Efficiency> = [
  { tensorParallel: 1, weightRatio: 0.69, computeRatio: 0.92 },
  { tensorParallel: 2, weightRatio: 0.58, computeRatio: 0.73 },
  { tensorParallel: 4, weightRatio: 0.64, computeRatio: 0.72 },
  { tensorParallel: 8, weightRatio: 0.52, computeRatio: 0.56 },
];

/**
 * TP4 and TP8 from the composed fp8 fits of H100; TP1 and TP2 from measured closed-loop time per output token of Llama-3.1-70B fp8
 * on H100 and H200 under vLLM (aiconfigurator 095f58a, silicon_sample.csv), decode and prefill-heavy points.
 */
const EFFICIENCY_FP8: ReadonlyArray<Efficiency> = [
  { tensorParallel: 1, weightRatio: 0.75, computeRatio: 0.68 },
  { tensorParallel: 2, weightRatio: 0.63, computeRatio: 0.53 },
  { tensorParallel: 4, weightRatio: 0.53, computeRatio: 0.36 },
  { tensorParallel: 8, weightRatio: 0.36, computeRatio: 0.27 },
];

/** Median share of memory bandwidth at which KV is read (0.70 to 0.93 in the fits). */
const KV_RATIO = 0.89;
/** Share of peak FLOP/s of attention inside a prompt; the composed fits give 0.1 to 0.4 (assumed: a value in the middle). */
const ATTENTION_RATIO = 0.25;
/** A decoded sequence costs this share of a prefill token: median of b / d over the sixteen composed fits. Its rows ride on the weight read. */
const SEQUENCE_RATIO = 0.73;

const MS_PER_SECOND = 1000;

/**
 * Step coefficients in ms for hardware without data: weights read once per step, KV read, two FLOP per active parameter and token,
 * attention inside the prompt. GPU only, without the host.
 *
 * The affine form adds weight read and compute, where the roofline takes the larger; so steps near the knee come out too long.
 * Against the composed entries the estimate is 0.89 to 1.24 times in bf16 and 0.79 to 1.38 times in fp8; against the RTX 4090, whose
 * clock exceeds its data sheet, up to 1.5 times in prefill.
 * Undefined when the GPU has no units for the dtype. Source: Williams et al., Roofline, CACM 2009; efficiencies of the composed fits.
 */
export const rooflineCoefficients = (
  gpu: GpuSpec,
  model: ModelSpec,
  tensorParallel: number,
  dtype: Dtype,
): StepCoefficients | undefined => {
  const peak = peakFlopPerSecond(gpu, dtype);
  if (peak === undefined) return undefined;
  // The affine form reads all experts in each step: 2 to 3 times too slow where it could be compared.
  if (model.routedExpertParameters > 0) return rooflineForm(gpu, model, { tensorParallel, dtype }, FITTED_FACTORS);
  const efficiency = efficiencyFor(dtype, tensorParallel);
  const bandwidth = gpu.memoryBytesPerSecond;
  const d = (MS_PER_SECOND * 2 * model.activeParameters) / (tensorParallel * efficiency.computeRatio * peak);
  // Two products (scores and values) of two FLOP each per layer, head dimension and pair of tokens, always at 16 bits.
  const attentionFlop = 4 * model.layers * model.attentionWidth;
  return {
    a: (MS_PER_SECOND * weightBytesRead(model, dtype)) / (tensorParallel * efficiency.weightRatio * bandwidth),
    b: SEQUENCE_RATIO * d,
    c: (MS_PER_SECOND * kvBytesPerTokenPerGpu(model, tensorParallel)) / (KV_RATIO * bandwidth),
    d,
    e: (MS_PER_SECOND * attentionFlop) / (tensorParallel * ATTENTION_RATIO * gpu.flopPerSecond.bf16),
    h: 0,
  };
};

/** The row of the largest tensor parallelism not above the given one. */
const efficiencyFor = (dtype: Dtype, tensorParallel: number): Efficiency => {
  const rows = dtype === "fp8" ? EFFICIENCY_FP8 : EFFICIENCY_16_BIT;
  return rows.findLast((row) => row.tensorParallel <= tensorParallel) ?? rows[0]!;
};
