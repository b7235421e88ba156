import type { StepEntry } from "./StepEntry.ts";
import { stepEntry } from "./StepEntry.ts";

/** One switch of the composition: how much of the expert communication hides behind compute. */
interface Composition {
  readonly decode: {
    readonly a: number;
    readonly b: number;
    readonly c: number;
    readonly errorRatio: number;
  };
  readonly prefill: {
    readonly a: number;
    readonly d: number;
    readonly e2: number;
    readonly errorRatio: number;
  };
}

const OVERLAPPED: Composition = {
  decode: { a: 17.8124, b: 0.144339, c: 4.82591e-5, errorRatio: 0.037 },
  prefill: { a: 12.4605, d: 0.184967, e2: 8.57337e-7, errorRatio: 0.068 },
};

const NOT_OVERLAPPED: Composition = {
  decode: { a: 21.0312, b: 0.329021, c: 4.86878e-5, errorRatio: 0.029 },
  prefill: { a: 30.4703, d: 0.259677, e2: 7.15875e-7, errorRatio: 0.051 },
};

const RANGE_WARNING =
  "composed with skewed experts; published DeepSeek and SGLang figures lie inside the range of the overlapped and the no-overlap variant, not on either";

/** Decode and prefill units are fitted separately; each entry takes what its own unit never runs from the other, so that no work is free. */
const entry = (gpu: string, model: string, unit: "decode" | "prefill", overlapped: boolean): StepEntry => {
  const { decode, prefill } = overlapped ? OVERLAPPED : NOT_OVERLAPPED;
  const base = unit === "decode" ? "ep64" : "ep32-prefill";
  return stepEntry({
    gpu,
    model,
    tensorParallel: 1,
    dtype: "fp8",
    variant: overlapped ? base : `${base}-no-overlap`,
    expertParallel: unit === "decode" ? 64 : 32,
    coefficients: {
      a: unit === "decode" ? decode.a : prefill.a,
      b: decode.b,
      c: decode.c,
      d: prefill.d,
      e: 2 * prefill.e2,
      h: 0,
    },
    includesHost: false,
    source: `composed from operation times of H100, aiconfigurator 095f58a: ${unit} unit of wide expert parallelism, communication ${overlapped ? "overlapped" : "not overlapped"}`,
    decodeErrorRatio: decode.errorRatio,
    prefillErrorRatio: prefill.errorRatio,
    domain: { maxSequences: 256, maxKvTokens: 1_000_000, maxPrefillTokens: 16_384 },
    warnings:
      gpu === "h800" ? [RANGE_WARNING, "figures are the H100's; the H800 has less than half its NVLink bandwidth"] : [RANGE_WARNING],
  });
};

/**
 * DeepSeek-V3 and R1 with wide expert parallelism. **Per GPU**: sequences, KV tokens and prefill tokens are those of one GPU, and a
 * replica of a scenario is one GPU of the unit (all of whose GPUs step together).
 *
 * Variants: `ep64` and `ep64-no-overlap` (decode unit), `ep32-prefill` and `ep32-prefill-no-overlap` (prefill unit). The domain is
 * that of the published points it was compared with; the bounds of the fitted grid are not recorded (assumed).
 */
export const WIDE_EXPERT_ENTRIES: ReadonlyArray<StepEntry> = ["h100", "h800"].flatMap((gpu) =>
  ["deepseek-v3", "deepseek-r1"].flatMap((model) =>
    (["decode", "prefill"] as const).flatMap((unit) => [entry(gpu, model, unit, true), entry(gpu, model, unit, false)]),
  ),
);
