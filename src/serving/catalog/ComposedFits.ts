import type { Dtype } from "./Dtypes.ts";
import type { StepEntry } from "./StepEntry.ts";
import { stepEntry } from "./StepEntry.ts";

/** a, b, c of the decode-only fit; d and e2 of the prefill-only fit; median errors of the two fits. */
type ComposedFit = readonly [number, number, number, number, number, number, number];

const FP8_WARNING =
  "fp8 steps that mix prefill and decode are good to +-20 % only: the composed sample is 15 to 26 % slower than this entry";

const composed =
  (gpu: string, model: string) =>
  (tensorParallel: number, dtype: Dtype, fit: ComposedFit): StepEntry => {
    const [a, b, c, d, e2, decodeErrorRatio, prefillErrorRatio] = fit;
    return stepEntry({
      gpu,
      model,
      tensorParallel,
      dtype,
      coefficients: { a, b, c, d, e: 2 * e2, h: 0 },
      includesHost: false,
      source: `composed from operation times of vLLM ${gpu === "a100" ? "0.14.0" : "0.24.0"}, aiconfigurator 095f58a`,
      decodeErrorRatio,
      prefillErrorRatio,
      domain: {
        maxSequences: 256,
        maxKvTokens: model === "llama-3.1-8b" && tensorParallel === 1 ? 4e5 : 1e6,
        maxPrefillTokens: 8192,
      },
      warnings: dtype === "fp8" ? [FP8_WARNING] : [],
    });
  };

const h100Llama8b = composed("h100", "llama-3.1-8b");
const h100Llama70b = composed("h100", "llama-3.1-70b");
const h200Llama8b = composed("h200", "llama-3.1-8b");
const h200Llama70b = composed("h200", "llama-3.1-70b");
const a100Llama8b = composed("a100", "llama-3.1-8b");
const a100Llama70b = composed("a100", "llama-3.1-70b");

/**
 * Llama-3.1 on H100, H200 and A100 (SXM): sums of measured operation times, fitted; GPU operations only, without the host.
 *
 * a, b, c come from the decode-only fit; d and e2 (e = 2 e2) from the prefill-only fit, whose own constant is dropped for the
 * decode-only a. Over the samples below that comes closer than d and e2 of the joint fit or the slope of the maximum form
 * k + max(A, g (B + P)) + ..., which the affine form cannot express: below the knee A / g tokens are free there and cost d here.
 * h = 0, because composed samples add separate decode and prefill kernels and so cannot show it; on the one GPU where it was
 * measured (RTX 4090) it is as large as c.
 *
 * Error against the composed samples in percent (L context per sequence, P fresh prefill tokens):
 *
 * | system | B1 L512 | B16 L1024 | B64 L1024 | B128 L1024 | P512 | P2048 | P8192 | B64 L1024 + P512 |
 * |---|---|---|---|---|---|---|---|---|
 * | H100 8B TP1 bf16 | +4.4 | -4.8 | -7.1 | +3.8 | +19.5 | -8.3 | +6.0 | +1.1 |
 * | H100 8B TP2 bf16 | -0.3 | -0.7 | -2.2 | +1.3 | +18.3 | -3.9 | +4.9 | +0.4 |
 * | H100 70B TP4 bf16 | +2.9 | -1.2 | -0.8 | -0.9 | +11.4 | -4.2 | +4.0 | -0.2 |
 * | H100 70B TP8 bf16 | -2.6 | -5.0 | +2.7 | +4.2 | +8.3 | -2.6 | +3.3 | +1.8 |
 * | H100 70B TP4 fp8 | -5.0 | +3.2 | +1.4 | +1.0 | +14.3 | -5.5 | +4.3 | -21.3 |
 * | H100 70B TP8 fp8 | +2.4 | -6.1 | +6.3 | +2.6 | +7.3 | -2.9 | +3.3 | -15.1 |
 * | H200 8B TP1 bf16 | +2.1 | -3.7 | +0.7 | +5.0 | +19.1 | -9.8 | +7.2 | +3.8 |
 * | H200 8B TP2 bf16 | +0.2 | +1.2 | +1.4 | +2.3 | +16.1 | -2.7 | +4.3 | -0.1 |
 * | H200 70B TP4 bf16 | -1.2 | +3.9 | +2.8 | +2.9 | +13.2 | -2.7 | +5.0 | +1.3 |
 * | H200 70B TP8 bf16 | +4.0 | -4.3 | +2.7 | +3.7 | +6.1 | +1.2 | +2.7 | -1.1 |
 * | H200 70B TP4 fp8 | +0.3 | +3.8 | +2.9 | +4.9 | +9.9 | -3.0 | +2.8 | -26.4 |
 * | H200 70B TP8 fp8 | +0.5 | -2.5 | +7.0 | +4.2 | +4.1 | +0.4 | +1.4 | -17.9 |
 * | A100 8B TP1 bf16 | -2.5 | -1.3 | +6.7 | +6.7 | +11.7 | +0.6 | +2.5 | +3.4 |
 * | A100 8B TP2 bf16 | -1.4 | -2.4 | +0.3 | +6.2 | +13.8 | -0.7 | +1.5 | +3.8 |
 * | A100 70B TP4 bf16 | +2.1 | -1.6 | +3.7 | +5.4 | +1.7 | +3.1 | +0.6 | -2.1 |
 * | A100 70B TP8 bf16 | +1.0 | -3.5 | +6.5 | +4.6 | -8.4 | +2.2 | +4.4 | -9.1 |
 *
 * Coefficients have six digits. Source: aiconfigurator 095f58a operation tables; our fits with non-negative coefficients.
 */
export const COMPOSED_ENTRIES: ReadonlyArray<StepEntry> = [
  h100Llama8b(1, "bf16", [6.08666, 0.00835196, 4.28962e-5, 0.0117797, 1.37004e-6, 0.027, 0.08]),
  h100Llama8b(2, "bf16", [3.66803, 0.00615701, 2.09747e-5, 0.00837538, 6.74692e-7, 0.013, 0.052]),
  h100Llama70b(4, "bf16", [14.4993, 0.0265867, 2.70071e-5, 0.0413553, 3.1288e-6, 0.018, 0.042]),
  h100Llama70b(8, "bf16", [9.14264, 0.0219649, 1.39795e-5, 0.0289075, 1.01987e-6, 0.027, 0.032]),
  h100Llama70b(4, "fp8", [9.78528, 0.0324933, 2.67822e-5, 0.0391992, 5.61909e-7, 0.025, 0.058]),
  h100Llama70b(8, "fp8", [7.11901, 0.0274937, 1.40622e-5, 0.0290374, 0, 0.024, 0.033]),
  h200Llama8b(1, "bf16", [4.62739, 0.0100553, 3.06869e-5, 0.0137525, 1.26674e-6, 0.021, 0.072]),
  h200Llama8b(2, "bf16", [3.02328, 0.0071192, 1.47771e-5, 0.00915646, 5.41237e-7, 0.014, 0.048]),
  h200Llama70b(4, "bf16", [11.4945, 0.0285725, 1.84874e-5, 0.0467399, 2.11805e-6, 0.024, 0.047]),
  h200Llama70b(8, "bf16", [7.38684, 0.0230133, 1.00551e-5, 0.0297367, 9.39223e-7, 0.024, 0.038]),
  h200Llama70b(4, "fp8", [8.40216, 0.0339822, 1.94266e-5, 0.0370276, 7.25674e-7, 0.022, 0.03]),
  h200Llama70b(8, "fp8", [6.46198, 0.0274351, 1.01389e-5, 0.0278152, 1.06267e-7, 0.019, 0.015]),
  a100Llama8b(1, "bf16", [10.6599, 0.028971, 8.05303e-5, 0.0470978, 2.19435e-6, 0.025, 0.026]),
  a100Llama8b(2, "bf16", [6.34083, 0.0201677, 4.30933e-5, 0.0295837, 9.65268e-7, 0.018, 0.043]),
  a100Llama70b(4, "bf16", [26.8067, 0.0948401, 5.6739e-5, 0.143482, 1.55133e-6, 0.02, 0.04]),
  a100Llama70b(8, "bf16", [16.4776, 0.0630534, 2.86459e-5, 0.0957882, 0, 0.029, 0.048]),
];
