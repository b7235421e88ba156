import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMPOSED_ENTRIES } from "../../../src/serving/catalog/ComposedFits.ts";
import { stepMs } from "./stepMs.ts";

/** Sequences, context of each, and fresh prefill tokens of the composed samples, in the order of the table. */
const STEPS: ReadonlyArray<readonly [number, number, number]> = [
  [1, 512, 0],
  [16, 1024, 0],
  [64, 1024, 0],
  [128, 1024, 0],
  [0, 0, 512],
  [0, 0, 2048],
  [0, 0, 8192],
  [64, 1024, 512],
];

type AnchorRow = readonly [string, string, number, string, ReadonlyArray<number>, ReadonlyArray<number>];

/** Composed samples in ms (sums of operation times, aiconfigurator 095f58a), and the error in percent that the entries' docstring states. */
const ANCHORS: ReadonlyArray<AnchorRow> = [
  ["h100", "llama-3.1-8b", 1, "bf16", [5.86, 7.27, 10.15, 12.31, 10.44, 39.22, 183.6, 15.66], [4.4, -4.8, -7.1, 3.8, 19.5, -8.3, 6.0, 1.1]],
  ["h100", "llama-3.1-8b", 2, "bf16", [3.69, 4.14, 5.56, 7.11, 6.88, 24.61, 112.04, 9.86], [-0.3, -0.7, -2.2, 1.3, 18.3, -3.9, 4.9, 0.4]],
  [
    "h100",
    "llama-3.1-70b",
    4,
    "bf16",
    [14.13, 15.55, 18.12, 21.64, 32.75, 117.26, 541.68, 40.05],
    [2.9, -1.2, -0.8, -0.9, 11.4, -4.2, 4.0, -0.2],
  ],
  [
    "h100",
    "llama-3.1-70b",
    8,
    "bf16",
    [9.42, 10.24, 11.17, 13.23, 22.36, 74.55, 304.45, 26.05],
    [-2.6, -5.0, 2.7, 4.2, 8.3, -2.6, 3.3, 1.8],
  ],
  [
    "h100",
    "llama-3.1-70b",
    4,
    "fp8",
    [10.34, 10.41, 13.43, 17.28, 26.25, 97.84, 353.34, 42.97],
    [-5.0, 3.2, 1.4, 1.0, 14.3, -5.5, 4.3, -21.3],
  ],
  ["h100", "llama-3.1-70b", 8, "fp8", [6.99, 8.29, 9.22, 12.16, 20.49, 68.57, 237.15, 29.07], [2.4, -6.1, 6.3, 2.6, 7.3, -2.9, 3.3, -15.1]],
  ["h200", "llama-3.1-8b", 1, "bf16", [4.56, 5.49, 7.23, 9.47, 10.07, 42.24, 188.78, 14.12], [2.1, -3.7, 0.7, 5.0, 19.1, -9.8, 7.2, 3.8]],
  ["h200", "llama-3.1-8b", 2, "bf16", [3.03, 3.34, 4.39, 5.74, 6.77, 24.72, 109.67, 9.29], [0.2, 1.2, 1.4, 2.3, 16.1, -2.7, 4.3, -0.1]],
  [
    "h200",
    "llama-3.1-70b",
    4,
    "bf16",
    [11.68, 11.8, 14.14, 17.08, 31.79, 119.28, 511.05, 38.52],
    [-1.2, 3.9, 2.8, 2.9, 13.2, -2.7, 5.0, 1.3],
  ],
  ["h200", "llama-3.1-70b", 8, "bf16", [7.13, 8.28, 9.27, 11.23, 21.55, 71.35, 305.76, 25.27], [4.0, -4.3, 2.7, 3.7, 6.1, 1.2, 2.7, -1.1]],
  ["h200", "llama-3.1-70b", 4, "fp8", [8.42, 8.93, 11.52, 14.59, 25.07, 89.96, 350.6, 42.09], [0.3, 3.8, 2.9, 4.9, 9.9, -3.0, 2.8, -26.4]],
  ["h200", "llama-3.1-70b", 8, "fp8", [6.46, 7.25, 8.3, 10.85, 19.91, 63.59, 238.14, 28.21], [0.5, -2.5, 7.0, 4.2, 4.1, 0.4, 1.4, -17.9]],
  [
    "a100",
    "llama-3.1-8b",
    1,
    "bf16",
    [11.01, 12.61, 16.67, 23.35, 31.64, 115.61, 530.26, 41.1],
    [-2.5, -1.3, 6.7, 6.7, 11.7, 0.6, 2.5, 3.4],
  ],
  [
    "a100",
    "llama-3.1-8b",
    2,
    "bf16",
    [6.47, 7.55, 10.43, 13.72, 19.11, 71.44, 308.69, 24.91],
    [-1.4, -2.4, 0.3, 6.2, 13.8, -0.7, 1.5, 3.8],
  ],
  [
    "a100",
    "llama-3.1-70b",
    4,
    "bf16",
    [26.38, 29.72, 35.27, 44.02, 98.96, 317.46, 1298.54, 112.86],
    [2.1, -1.6, 3.7, 5.4, 1.7, 3.1, 0.6, -2.1],
  ],
  [
    "a100",
    "llama-3.1-70b",
    8,
    "bf16",
    [16.39, 18.61, 21.02, 27.05, 71.54, 208.06, 767.06, 78.57],
    [1.0, -3.5, 6.5, 4.6, -8.4, 2.2, 4.4, -9.1],
  ],
];

const FIT_FILE = new URL("../../../../shared/data/perf/fit_composed_dense.json", import.meta.url);

interface FitRow {
  readonly decode_only: {
    readonly coef: { readonly a: number; readonly b: number; readonly c: number };
    readonly med_ape: number;
  };
  readonly prefill_only: {
    readonly coef: { readonly d: number; readonly e: number };
    readonly med_ape: number;
  };
}

describe("composed fits", () => {
  it.each(ANCHORS)(
    "entry: %s %s TP%d %s -> composed samples within the stated errors",
    (gpu, model, tensorParallel, dtype, samples, errors) => {
      const entry = COMPOSED_ENTRIES.find(
        (row) => row.gpu === gpu && row.model === model && row.tensorParallel === tensorParallel && row.dtype === dtype,
      );
      STEPS.forEach(([sequences, context, prefillTokens], index) => {
        const ms = stepMs(entry!.coefficients, {
          sequences,
          kvTokens: sequences * context,
          prefillTokens,
        });
        const percent = 100 * (ms / samples[index]! - 1);
        // The samples are quoted to 0.01 ms, the errors to 0.1 %.
        expect(Math.abs(percent - errors[index]!)).toBeLessThan(0.25);
      });
    },
  );

  it("samples: bf16 -> decode within 7.2 %, prefill from 2k tokens within 10 %, mixed within 10 %", () => {
    for (const row of ANCHORS.filter((anchor) => anchor[3] === "bf16")) {
      const errors = row[5].map(Math.abs);
      expect(Math.max(...errors.slice(0, 4))).toBeLessThanOrEqual(7.2);
      expect(Math.max(errors[5]!, errors[6]!, errors[7]!)).toBeLessThanOrEqual(10);
    }
  });

  it("coefficients: the fit file beside the project -> equal to six digits", (context) => {
    if (!existsSync(FIT_FILE)) return context.skip("skipped: ../shared/data is absent");
    const fits = JSON.parse(readFileSync(FIT_FILE, "utf8")) as Record<string, FitRow>;
    expect(Object.keys(fits)).toHaveLength(COMPOSED_ENTRIES.length);
    for (const entry of COMPOSED_ENTRIES) {
      const dtype = entry.dtype === "fp8" ? "fp8" : "bfloat16";
      const fit = fits[`${entry.gpu.toUpperCase()}_SXM|${entry.model}|tp${entry.tensorParallel}|${dtype}`]!;
      const { a, b, c, d, e } = entry.coefficients;
      const expected = [
        fit.decode_only.coef.a,
        fit.decode_only.coef.b,
        fit.decode_only.coef.c,
        fit.prefill_only.coef.d,
        2 * fit.prefill_only.coef.e,
      ];
      [a, b, c, d, e].forEach((value, index) => expect(Math.abs(value - expected[index]!)).toBeLessThanOrEqual(6e-6 * expected[index]!));
      expect(entry.decodeErrorRatio).toBeCloseTo(fit.decode_only.med_ape, 3);
      expect(entry.prefillErrorRatio).toBeCloseTo(fit.prefill_only.med_ape, 3);
    }
  });
});
