import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StepEntry } from "../../../src/serving/catalog/StepEntry.ts";
import { findGpu, GPUS } from "../../../src/serving/catalog/Gpus.ts";
import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { findModel, MODELS } from "../../../src/serving/catalog/Models.ts";
import { rooflineCoefficients } from "../../../src/serving/catalog/Roofline.ts";
import { STEP_ENTRIES } from "../../../src/serving/catalog/StepTimes.ts";
import { stepMs } from "./stepMs.ts";

const DECODE = [
  { sequences: 1, kvTokens: 512, prefillTokens: 0 },
  { sequences: 16, kvTokens: 16_384, prefillTokens: 0 },
  { sequences: 128, kvTokens: 131_072, prefillTokens: 0 },
];
const PREFILL = [
  { sequences: 0, kvTokens: 0, prefillTokens: 512 },
  { sequences: 0, kvTokens: 0, prefillTokens: 2048 },
  { sequences: 0, kvTokens: 0, prefillTokens: 8192 },
  { sequences: 64, kvTokens: 65_536, prefillTokens: 512 },
];

/** Roofline over entry for each step. */
const factors = (entry: StepEntry, steps: typeof DECODE): ReadonlyArray<number> => {
  const roofline = rooflineCoefficients(findGpu(entry.gpu)!, findModel(entry.model)!, entry.tensorParallel, entry.dtype)!;
  return steps.map((step) => stepMs(roofline, step) / stepMs(entry.coefficients, step));
};

const FITTED = STEP_ENTRIES.filter((entry) => entry.variant === undefined);

describe("roofline", () => {
  it.each(FITTED.map((entry) => [`${entry.gpu} ${entry.model} TP${entry.tensorParallel} ${entry.dtype}`, entry] as const))(
    "factor: against the fit of %s -> decode 0.78 to 1.3, prefill 0.9 to 1.5, bf16 data-center rows 0.88 to 1.25",
    (_, entry) => {
      for (const factor of factors(entry, DECODE)) {
        expect(factor).toBeGreaterThan(0.78);
        expect(factor).toBeLessThan(1.3);
      }
      for (const factor of factors(entry, PREFILL)) {
        expect(factor).toBeGreaterThan(0.89);
        expect(factor).toBeLessThan(1.51);
      }
      if (entry.dtype === "fp8" || entry.gpu === "rtx-4090") return;
      for (const factor of factors(entry, [...DECODE, ...PREFILL])) {
        expect(factor).toBeGreaterThan(0.88);
        expect(factor).toBeLessThan(1.25);
      }
    },
  );

  it("law: any GPU, dense model, parallelism -> positive, and no coefficient but host work grows with more GPUs at equal efficiency", () => {
    const pick = fc.record({
      gpu: fc.constantFrom(...GPUS),
      model: fc.constantFrom(...MODELS.filter((model) => model.routedExpertParameters === 0)),
      tensorParallel: fc.constantFrom(1, 2, 4, 8),
    });
    fc.assert(
      fc.property(pick, ({ gpu, model, tensorParallel }) => {
        const one = rooflineCoefficients(gpu, model, tensorParallel, "bf16")!;
        const two = rooflineCoefficients(gpu, model, 2 * tensorParallel, "bf16")!;
        expect(Math.min(one.a, one.b, one.c, one.d, one.e)).toBeGreaterThan(0);
        expect(one.h).toBe(0);
        expect(two.a).toBeLessThan(one.a);
        expect(two.d).toBeLessThan(one.d);
        expect(two.c).toBeLessThanOrEqual(one.c);
      }),
    );
  });

  it("law: any GPU, mixture of experts, parallelism -> reads and products shrink with more GPUs; a row for one expert of all costs its share", () => {
    const pick = fc.record({
      gpu: fc.constantFrom(...GPUS),
      model: fc.constantFrom(...MODELS.filter((model) => model.routedExpertParameters > 0)),
      tensorParallel: fc.constantFrom(1, 2, 4),
    });
    fc.assert(
      fc.property(pick, ({ gpu, model, tensorParallel }) => {
        const one = rooflineCoefficients(gpu, model, tensorParallel, "bf16")!;
        const two = rooflineCoefficients(gpu, model, 2 * tensorParallel, "bf16")!;
        expect(two.floorMs! * 2).toBeCloseTo(one.floorMs!, 9);
        expect(two.rowMs! * 2).toBeCloseTo(one.rowMs!, 9);
        expect(two.experts!.msPerExpert * 2).toBeCloseTo(one.experts!.msPerExpert, 9);
        expect(one.experts!.active).toBeLessThan(one.experts!.count);
        expect(two.c).toBeLessThanOrEqual(one.c);
      }),
    );
  });

  it("DeepSeek-V3 on 8 H200, concurrency 64, 1k/1k -> within 20 % of the 33.0 ms per output token that SGLang measured", () => {
    const step = rooflineCoefficients(findGpu("h200")!, findModel("deepseek-v3")!, 8, "fp8")!;
    const { tpotMs } = closedLoopPoint(
      { ...step, a: step.a + 1.2 },
      { inputTokens: 1024, outputTokens: 1024, concurrency: 64, maxBatchedTokens: 8192 },
    );
    expect(tpotMs / 33).toBeGreaterThan(0.8);
    expect(tpotMs / 33).toBeLessThan(1.2);
  });

  it("law: twice the memory bandwidth -> half of a and c, the rest unchanged", () => {
    const gpu = findGpu("l4")!;
    const model = findModel("mistral-7b")!;
    const slow = rooflineCoefficients(gpu, model, 1, "bf16")!;
    const fast = rooflineCoefficients({ ...gpu, memoryBytesPerSecond: 2 * gpu.memoryBytesPerSecond }, model, 1, "bf16")!;
    expect(fast).toEqual({ ...slow, a: slow.a / 2, c: slow.c / 2 });
  });

  it("MLA: more tensor parallelism -> each GPU still reads the whole latent", () => {
    const gpu = findGpu("h200")!;
    const model = findModel("deepseek-v3")!;
    expect(rooflineCoefficients(gpu, model, 8, "fp8")!.c).toBe(rooflineCoefficients(gpu, model, 1, "fp8")!.c);
  });

  it("units: A100 in fp8 -> undefined", () => {
    expect(rooflineCoefficients(findGpu("a100")!, findModel("llama-3.1-8b")!, 1, "fp8")).toBeUndefined();
  });
});
