import { describe, expect, it } from "vitest";
import { StepForm } from "../../../src/serving/steptime/StepForm.ts";
import { findGpu } from "../../../src/serving/catalog/Gpus.ts";
import { findModel } from "../../../src/serving/catalog/Models.ts";
import { dtypeKeysOf, findStepEntry, STEP_ENTRIES, variantEntries, withHostOverhead } from "../../../src/serving/catalog/StepTimes.ts";
import { stepMs } from "./stepMs.ts";

/** Prefill tokens per second of 8 GPUs, each with four prompts of 4,096 tokens per step. */
const perNode = (variant: string): number => {
  const { coefficients } = findStepEntry({
    gpu: "h800",
    model: "deepseek-r1",
    tensorParallel: 1,
    dtype: { dtype: "fp8", variant },
  })!;
  const each = stepMs(coefficients, { sequences: 0, kvTokens: 0, prefillTokens: 4096 }) - coefficients.a;
  return (8 * 16_384 * 1000) / (coefficients.a + 4 * each);
};

describe("step entries", () => {
  it("coefficients: every entry -> finite, none negative, work never free", () => {
    for (const entry of STEP_ENTRIES) {
      const { a, b, c, d, e, h, floorMs = 0, rowMs = 0 } = entry.coefficients;
      for (const value of [a, b, c, d, e, h, floorMs, rowMs]) {
        expect(Number.isFinite(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(0);
      }
      expect(Math.min(a, b, c, d + rowMs)).toBeGreaterThan(0);
      expect(entry.medianErrorRatio).toBe(Math.max(entry.decodeErrorRatio, entry.prefillErrorRatio));
      expect(entry.medianErrorRatio).toBeLessThan(0.21);
    }
  });

  it("names: every entry -> a known GPU and model, in canonical form", () => {
    for (const entry of STEP_ENTRIES) {
      expect(findGpu(entry.gpu)?.name).toBe(entry.gpu);
      expect(findModel(entry.model)?.name).toBe(entry.model);
    }
  });

  it("keys: all entries -> each answers its own question, alone", () => {
    for (const entry of STEP_ENTRIES) {
      const dtype = entry.variant === undefined ? { dtype: entry.dtype } : { dtype: entry.dtype, variant: entry.variant };
      expect(
        findStepEntry({
          gpu: entry.gpu,
          model: entry.model,
          tensorParallel: entry.tensorParallel,
          dtype,
        }),
      ).toBe(entry);
    }
  });

  it("lookup: fp16 where only bf16 is fitted -> the bf16 entry; fp8 -> none", () => {
    const query = { gpu: "h100", model: "llama-3.1-8b", tensorParallel: 1 };
    expect(findStepEntry({ ...query, dtype: { dtype: "fp16" } })?.dtype).toBe("bf16");
    expect(findStepEntry({ ...query, dtype: { dtype: "fp8" } })).toBeUndefined();
  });

  it("Splitwise: decode and prefill have constants of their own -> each step takes the time of its fit", () => {
    const key = { dtype: { dtype: "fp16", variant: "vllm-2023" } } as const;
    const ms = (gpu: string, tensorParallel: number, load: { readonly sequences: number; readonly prefillTokens: number }): number => {
      const { coefficients } = findStepEntry({ gpu, model: "llama-2-70b", tensorParallel, ...key })!;
      const { sequences, prefillTokens } = load;
      const rest = { rows: sequences, kvTokens: 1000 * sequences, attention: prefillTokens ** 2, prefillContext: 0, chunks: 1 };
      return new StepForm(coefficients).stepMs({ ...load, ...rest });
    };
    expect(ms("h100", 8, { sequences: 64, prefillTokens: 0 })).toBeCloseTo(29.9 + 64 * (0.199 + 0.179), 9);
    expect(ms("h100", 8, { sequences: 0, prefillTokens: 2048 })).toBeCloseTo(20 + 0.0717 * 2048, 9);
    expect(ms("a100", 4, { sequences: 64, prefillTokens: 0 })).toBeCloseTo(43.3 + 64 * (0.183 + 0.372), 9);
    expect(ms("a100", 4, { sequences: 0, prefillTokens: 512 })).toBeCloseTo(13.1 + 0.242 * 512, 9);
  });

  it("RTX 4090: two-part form -> decode KV costs about twice when a chunk shares the step", () => {
    const { coefficients } = findStepEntry({
      gpu: "rtx-4090",
      model: "llama-3.1-8b",
      tensorParallel: 1,
      dtype: { dtype: "bf16" },
    })!;
    expect((coefficients.c + coefficients.h) / coefficients.c).toBeCloseTo(1.973, 2);
    expect(stepMs(coefficients, { sequences: 49, kvTokens: 41_408, prefillTokens: 0 })).toBeCloseTo(24.85, 1);
  });

  it("DeepSeek-V3 decode, 88 sequences of 5k per GPU: overlapped -> within 8 % of the 48.5 ms composed for that point", () => {
    const { coefficients } = findStepEntry({
      gpu: "h100",
      model: "deepseek-v3",
      tensorParallel: 1,
      dtype: { dtype: "fp8", variant: "ep64" },
    })!;
    const ms = stepMs(coefficients, { sequences: 88, kvTokens: 440_000, prefillTokens: 0 });
    expect(Math.abs(ms / 48.5 - 1)).toBeLessThan(0.08);
  });

  it("DeepSeek-V3 prefill, four prompts of 4k per GPU: overlapped -> within 12 % of the composed 45.9k tokens/s per node, without overlap below the composed range's 32.3k or near it", () => {
    expect(perNode("ep32-prefill-no-overlap")).toBeLessThan(32_300);
    expect(Math.abs(perNode("ep32-prefill") / 45_900 - 1)).toBeLessThan(0.12);
  });

  it("variants: H100 with Llama-2-70B -> one key", () => {
    expect(dtypeKeysOf(variantEntries("h100", "llama-2-70b"))).toEqual(["fp16+vllm-2023"]);
  });

  it("host overhead: 1.2 ms -> a grows by 1.2, nothing else changes", () => {
    const given = { a: 5, b: 1, c: 2, d: 3, e: 4, h: 6 };
    expect(withHostOverhead(given, 1.2)).toEqual({ ...given, a: 6.2 });
  });
});
