import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { ENGINE_NAMES } from "../../../src/serving/catalog/EngineNames.ts";
import { findGpu, GPUS } from "../../../src/serving/catalog/Gpus.ts";
import { findModel, MODELS } from "../../../src/serving/catalog/Models.ts";
import { FITTED_FACTORS } from "../../../src/serving/catalog/RooflineFactors.ts";
import type { RooflineShape } from "../../../src/serving/catalog/RooflineForm.ts";
import { rooflineForm } from "../../../src/serving/catalog/RooflineForm.ts";
import type { StepEntry } from "../../../src/serving/catalog/StepEntry.ts";
import { STEP_ENTRIES } from "../../../src/serving/catalog/StepTimes.ts";
import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";
import { ExpertTime } from "../../../src/serving/steptime/ExpertTime.ts";
import { StepForm } from "../../../src/serving/steptime/StepForm.ts";

const roofline = (gpu: string, model: string, of: Partial<RooflineShape> = {}): StepCoefficients =>
  rooflineForm(findGpu(gpu)!, findModel(model)!, { tensorParallel: 1, dtype: "bf16", engine: "vllm", ...of }, FITTED_FACTORS)!;

/** Rows cost nothing but their way. */
const EXCHANGE_ONLY = { ...FITTED_FACTORS, linkRatio: 1, activationPasses: 0, expertPasses: 0, expertComputeRatio: Infinity };

interface Step {
  readonly sequences: number;
  readonly kvTokens: number;
  readonly prefillTokens: number;
}

const ms = (step: StepCoefficients, of: Step): number =>
  new StepForm(step).stepMs({
    ...of,
    rows: of.sequences,
    attention: of.prefillTokens ** 2,
    prefillContext: 0,
    chunks: of.prefillTokens > 0 ? 1 : 0,
  });

const DECODE: ReadonlyArray<Step> = [
  { sequences: 1, kvTokens: 512, prefillTokens: 0 },
  { sequences: 16, kvTokens: 16_384, prefillTokens: 0 },
  { sequences: 128, kvTokens: 131_072, prefillTokens: 0 },
];
const PREFILL: ReadonlyArray<Step> = [
  { sequences: 0, kvTokens: 0, prefillTokens: 512 },
  { sequences: 0, kvTokens: 0, prefillTokens: 2048 },
  { sequences: 0, kvTokens: 0, prefillTokens: 8192 },
  { sequences: 64, kvTokens: 65_536, prefillTokens: 512 },
];

/** Sums of operation times leave out small kernels and host, so the roofline may be above them by as much. */
const excessMs = (entry: StepEntry): number => {
  const layers = findModel(entry.model)!.layers;
  return layers * (FITTED_FACTORS.engines.vllm.layerMs + FITTED_FACTORS.castLayerMs) + FITTED_FACTORS.engines.vllm.hostMs;
};

const COMPOSED = STEP_ENTRIES.filter((entry) => entry.variant === undefined && entry.source.startsWith("composed"));

describe("roofline", () => {
  it.each(COMPOSED.map((entry) => [`${entry.gpu} ${entry.model} TP${entry.tensorParallel} ${entry.dtype}`, entry] as const))(
    "against the sums of operations of %s, which the fit has not seen -> no step below 0.6 or above 1.45 of them, small kernels aside",
    (_, entry) => {
      const of = roofline(entry.gpu, entry.model, { tensorParallel: entry.tensorParallel, dtype: entry.dtype });
      for (const step of [...DECODE, ...PREFILL]) {
        expect(ms(of, step) / ms(entry.coefficients, step)).toBeGreaterThan(0.6);
        expect((ms(of, step) - excessMs(entry)) / ms(entry.coefficients, step)).toBeLessThan(1.45);
      }
    },
  );

  const anyShape = fc.record({
    gpu: fc.constantFrom(...GPUS.map(({ name }) => name)),
    model: fc.constantFrom(...MODELS.map(({ name }) => name)),
    engine: fc.constantFrom(...ENGINE_NAMES),
    tensorParallel: fc.constantFrom(1, 2, 4),
  });

  it("law: any GPU, model, engine and parallelism -> positive; reads and products halve with twice the GPUs, KV does not grow", () => {
    fc.assert(
      fc.property(anyShape, ({ gpu, model, engine, tensorParallel }) => {
        const one = roofline(gpu, model, { engine, tensorParallel });
        const two = roofline(gpu, model, { engine, tensorParallel: 2 * tensorParallel });
        expect(Math.min(one.a, one.b, one.c, one.d, one.e, one.floorMs!, one.rowMs!)).toBeGreaterThan(0);
        expect(two.floorMs! * 2).toBeCloseTo(one.floorMs!, 9);
        expect(two.rowMs! * 2).toBeCloseTo(one.rowMs!, 9);
        expect(two.e * 2).toBeCloseTo(one.e, 9);
        expect(two.c).toBeLessThanOrEqual(one.c);
        expect(two.a).toBeGreaterThan(one.a);
        if (one.experts !== undefined) expect(two.experts!.msPerExpert * 2).toBeCloseTo(one.experts.msPerExpert, 9);
      }),
    );
  });

  it("law: twice the memory bandwidth -> half of all reads, compute and links unchanged", () => {
    fc.assert(
      fc.property(anyShape, ({ gpu, model, engine, tensorParallel }) => {
        const spec = findGpu(gpu)!;
        const of = { engine, tensorParallel, dtype: "bf16" } as const;
        const slow = rooflineForm(spec, findModel(model)!, of, FITTED_FACTORS)!;
        const fast = rooflineForm({ ...spec, memoryBytesPerSecond: 2 * spec.memoryBytesPerSecond }, findModel(model)!, of, FITTED_FACTORS)!;
        expect(fast.c).toBeCloseTo(slow.c / 2, 12);
        expect(fast.floorMs).toBeCloseTo(slow.floorMs! / 2, 9);
        expect(fast).toMatchObject({ a: slow.a, e: slow.e, rowMs: slow.rowMs });
      }),
    );
  });

  it("law: experts spread over the GPUs of their ranks -> each GPU reads a share of what all rows choose, and rows pay for the way", () => {
    const mixtures = MODELS.filter(({ shape }) => shape.experts !== undefined).map(({ name }) => name);
    fc.assert(
      fc.property(fc.constantFrom(...mixtures), fc.constantFrom(2, 4, 8), fc.integer({ min: 1, max: 256 }), (model, ranks, sequences) => {
        const alone = roofline("h200", model);
        const spread = roofline("h200", model, { dataParallel: ranks, expertParallel: ranks });
        const skew = 1 + FITTED_FACTORS.expertSkewRatio * (1 - 1 / ranks);
        expect(spread.experts!.msPerExpert).toBeCloseTo((skew * alone.experts!.msPerExpert) / ranks, 9);
        expect(spread.floorMs).toBe(alone.floorMs);
        expect(spread.a).toBeGreaterThan(alone.a);
        expect(spread.d).toBeGreaterThan(alone.d);
        // Reading is cheaper than for a rank of its own, but not by more than the ranks: the same experts serve all rows.
        const reads = (step: StepCoefficients, rows: number): number =>
          new StepForm({ a: 0, b: 0, c: 0, d: 0, e: 0, h: 0, experts: step.experts! }).constantMs(rows, 0);
        expect(reads(spread, sequences)).toBeLessThanOrEqual(skew * reads(alone, sequences) * (1 + 1e-9));
        expect(reads(spread, sequences) * ranks).toBeGreaterThanOrEqual(reads(alone, sequences) * (1 - 1e-9));
      }),
    );
  });

  it("law: a rank with all the rows of its group -> reads of experts as cut by as much tensor parallelism, skew aside; their products and the way are in b and d", () => {
    const mixtures = MODELS.filter(({ shape }) => shape.experts !== undefined).map(({ name }) => name);
    fc.assert(
      fc.property(fc.constantFrom(...mixtures), fc.constantFrom(2, 4, 8), fc.integer({ min: 1, max: 8000 }), (model, ranks, rows) => {
        const cut = roofline("h200", model, { tensorParallel: ranks });
        const spread = roofline("h200", model, { dataParallel: ranks, expertParallel: ranks });
        const skew = 1 + FITTED_FACTORS.expertSkewRatio * (1 - 1 / ranks);
        const { rowMs, exchangeRowMs, ...reads } = spread.experts!;
        expect(new ExpertTime(reads, 1).of(rows, rows / ranks)).toBeCloseTo(skew * new ExpertTime(cut.experts!, 1).of(rows), 6);
        expect(Math.min(rowMs!, exchangeRowMs!)).toBeGreaterThan(0);
        expect(rowMs! + exchangeRowMs!).toBeLessThan(Math.min(spread.b, spread.d));
        const alone = roofline("h200", model);
        expect(spread.d - exchangeRowMs! - rowMs!).toBeCloseTo(alone.d - rowMs! / skew, 9);
      }),
    );
  });

  it("way of a row to its experts: 2 GPUs, one expert -> half of the rows cross, at 4 bytes per value, in each layer; cut by 2 besides -> all four GPUs of each", () => {
    const gpu = findGpu("h200")!;
    const mixtral = findModel("mixtral-8x7b")!;
    const model = { ...mixtral, shape: { ...mixtral.shape, experts: { count: 8, active: 1, intermediate: 14_336 } } };
    const of = { tensorParallel: 1, dtype: "bf16", engine: "vllm", dataParallel: 2, expertParallel: 2 } as const;
    const { d } = rooflineForm(gpu, model, of, EXCHANGE_ONLY)!;
    expect(d).toBeCloseTo((1000 * 32 * 4096 * 4 * 0.5) / 450e9, 12);
    const cut = rooflineForm(gpu, model, { ...of, dataParallel: 4 }, EXCHANGE_ONLY)!;
    expect(cut.d).toBeCloseTo((1000 * 32 * 4096 * 4 * 2 * 0.75) / 450e9, 12);
  });

  it("across nodes: 16 GPUs of which 8 share a node -> half of the copies by the network, which is 9 times slower", () => {
    const crossing = (gpus: number): number => {
      const of = { tensorParallel: 1, dtype: "fp8", engine: "vllm", dataParallel: gpus, expertParallel: gpus } as const;
      return rooflineForm(findGpu("h200")!, findModel("deepseek-v3")!, of, EXCHANGE_ONLY)!.d;
    };
    const copies = (gpus: number): number => gpus * (1 - ((gpus - 1) / gpus) ** 8);
    const ms = (gpus: number, perByte: number): number => (1000 * 58 * 7168 * 3 * copies(gpus) * perByte) / 450e9;
    expect(crossing(8)).toBeCloseTo(ms(8, 7 / 8), 9);
    expect(crossing(16)).toBeCloseTo(ms(16, 7 / 16 + 9 / 2), 9);
  });

  it("DeepSeek-V3 on 8 H200, concurrency 64, 1k/1k -> within 30 % of the 33.0 ms per output token that SGLang measured", () => {
    const { tpotMs } = closedLoopPoint(roofline("h200", "deepseek-v3", { tensorParallel: 8, dtype: "fp8", engine: "sglang" }), {
      inputTokens: 1024,
      outputTokens: 1024,
      concurrency: 64,
      maxBatchedTokens: 8192,
    });
    expect(Math.abs(tpotMs / 33 - 1)).toBeLessThan(0.3);
  });

  it("host time given -> in place of the engine's, per step and per sequence", () => {
    const own = roofline("h100", "llama-3.1-8b");
    const given = roofline("h100", "llama-3.1-8b", { hostMs: 2 });
    expect(given.a - own.a).toBeCloseTo(2 - FITTED_FACTORS.engines.vllm.hostMs, 9);
    expect(own.b - given.b).toBeCloseTo(FITTED_FACTORS.engines.vllm.hostPerSequenceMs, 9);
  });

  it("MLA: more tensor parallelism -> each GPU still reads the whole latent", () => {
    const of = (tensorParallel: number) => roofline("h200", "deepseek-v3", { tensorParallel, dtype: "fp8" }).c;
    expect(of(8)).toBe(of(1));
  });

  it("units: A100 in fp8 -> undefined", () => {
    const shape = { tensorParallel: 1, dtype: "fp8", engine: "vllm" } as const;
    expect(rooflineForm(findGpu("a100")!, findModel("llama-3.1-8b")!, shape, FITTED_FACTORS)).toBeUndefined();
  });
});
