import type { StepEntry } from "./StepEntry.ts";
import { stepEntry } from "./StepEntry.ts";

/**
 * Llama-3.1-8B bf16 on one RTX 4090, fitted on a layer profile of vLLM 0.19 (6,729 grid points) in the two-part form.
 *
 * The run that the profile belongs to needed no host time: asynchronous scheduling hid it. So none is added here.
 * Prefill error is that of all points, 8.3 % (decode-only steps: about 1 %).
 * Source: casys-kaist/LLMServingSim 5daddb2, profiler/perf/RTX4090; our fit.
 */
const RTX_4090 = stepEntry({
  gpu: "rtx-4090",
  model: "llama-3.1-8b",
  tensorParallel: 1,
  dtype: "bf16",
  coefficients: { a: 16.926, b: 0.04179, c: 1.4184e-4, d: 0.06832, e: 7.733e-6, h: 1.3808e-4 },
  includesHost: true,
  source: "fit of a vLLM 0.19 layer profile, casys-kaist/LLMServingSim 5daddb2",
  decodeErrorRatio: 0.01,
  prefillErrorRatio: 0.083,
  domain: { maxSequences: 256, maxKvTokens: 4_194_304, maxPrefillTokens: 2048 },
  warnings: [],
});

/** a, b, c of the decode fit with its error; a and d of the prefill fit with its error. */
type SplitwiseFit = readonly [number, number, number, number, number, number, number];

/** Name of the variant of Splitwise's engines, as it stands after "+" in a dtype. */
export const SPLITWISE_VARIANT = "vllm-2023";

/**
 * vLLM of 2023 as measured by Splitwise: whole steps with the host in them, for Splitwise scenarios and not as a current GPU
 * (a is 1.6 to 3.3 times, c 4 to 13 times that of the composed fits).
 *
 * Both fits in one form, a + max(floor, row * rows) + b B + c KV: a and row are those of the prefill fit, and the floor is what the decode
 * fit's constant has more (10 to 30 ms). It lies above row * rows of all measured batches, and below row * rows from 75 to 160 prompt tokens on.
 * TP2 rows are left out: their prefill is memory-limited and does not fit any line.
 * Source: Mutinifni/splitwise-sim 8f99e7d, data/perf_model.csv; our fit.
 */
const splitwise = (model: string, gpu: string, tensorParallel: number, fit: SplitwiseFit): StepEntry => {
  const [decodeA, b, c, decodeErrorRatio, a, rowMs, prefillErrorRatio] = fit;
  return stepEntry({
    gpu,
    model,
    tensorParallel,
    dtype: "fp16",
    variant: SPLITWISE_VARIANT,
    coefficients: { a, b, c, d: 0, e: 0, h: 0, floorMs: decodeA - a, rowMs },
    includesHost: true,
    source: "measured whole steps of vLLM in 2023, Mutinifni/splitwise-sim 8f99e7d data/perf_model.csv",
    decodeErrorRatio,
    prefillErrorRatio,
    domain: { maxSequences: 64, maxKvTokens: 36_864, maxPrefillTokens: 32_768 },
    warnings: ["vLLM of 2023: host-bound steps, far slower than a current engine on this GPU"],
  });
};

/** Entries fitted on measurements. */
export const MEASURED_ENTRIES: ReadonlyArray<StepEntry> = [
  RTX_4090,
  splitwise("llama-2-70b", "h100", 8, [29.9, 0.199, 1.79e-4, 0.014, 20.0, 0.0717, 0.2]),
  splitwise("llama-2-70b", "h100", 4, [28.8, 0.264, 1.01e-4, 0.014, 17.1, 0.0942, 0.096]),
  splitwise("llama-2-70b", "a100", 8, [44.1, 0.19, 3.35e-4, 0.013, 20.1, 0.155, 0.1]),
  splitwise("llama-2-70b", "a100", 4, [43.3, 0.183, 3.72e-4, 0.02, 13.1, 0.242, 0.082]),
  splitwise("bloom-176b", "h100", 8, [35.6, 0.304, 1.56e-4, 0.016, 14.3, 0.131, 0.12]),
  splitwise("bloom-176b", "a100", 8, [48.0, 0.437, 4.09e-4, 0.011, 25.8, 0.297, 0.077]),
];
