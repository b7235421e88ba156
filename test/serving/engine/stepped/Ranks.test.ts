import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findGpu } from "../../../../src/serving/catalog/Gpus.ts";
import { findModel } from "../../../../src/serving/catalog/Models.ts";
import { FITTED_FACTORS } from "../../../../src/serving/catalog/RooflineFactors.ts";
import type { RooflineShape } from "../../../../src/serving/catalog/RooflineForm.ts";
import { rooflineForm } from "../../../../src/serving/catalog/RooflineForm.ts";
import type { EngineSpec, StepCoefficients } from "../../../../src/serving/ServingSpec.ts";
import { drive, ENGINE } from "../../../oracle/drive.ts";
import type { NaiveJob } from "../../../oracle/naiveRanks.ts";
import { naiveRanks } from "../../../oracle/naiveRanks.ts";

const RANKS = 8;

const engineOf = (ranks: number, step: StepCoefficients, of: Partial<EngineSpec> = {}): EngineSpec => ({
  ...ENGINE,
  maxBatchedTokens: 16_384,
  kvBlocks: 65_536,
  ...of,
  step,
  scheduling: { dataParallel: { ranks } },
});

const endsOf = (engine: EngineSpec, jobs: ReadonlyArray<NaiveJob>): ReadonlyArray<number> =>
  drive(
    engine,
    jobs.map((job) => ({ ...job, atMs: 0 })),
  ).answers.map(({ endMs }) => endMs);

const job = fc.record({ prompt: fc.integer({ min: 1, max: 300 }), output: fc.integer({ min: 1, max: 12 }) });

const units = (exponent: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 16 }).map((count) => count * 2 ** exponent);

/** Whatever `b` and `d` hold besides, the experts' parts are in them. */
const stepOf = (ranks: number): fc.Arbitrary<StepCoefficients> =>
  fc
    .record({
      a: units(-4).map((ms) => ms + 0.125),
      b: units(-6),
      c: units(-14),
      d: units(-8),
      e: units(-18),
      floorMs: units(-2),
      rowMs: units(-8),
      expertRowMs: units(-7),
      exchangeRowMs: units(-7),
      msPerExpert: units(-8),
      count: fc.integer({ min: 2, max: 64 }),
    })
    .map(({ b, d, expertRowMs, exchangeRowMs, msPerExpert, count, ...rest }) => ({
      ...rest,
      b: b + expertRowMs + exchangeRowMs,
      d: d + expertRowMs + exchangeRowMs,
      h: 0,
      experts: { count, active: 2, msPerExpert, ranks, rowMs: expertRowMs, exchangeRowMs },
    }));

const deepSeek = (of: Partial<RooflineShape>): StepCoefficients =>
  rooflineForm(findGpu("h200")!, findModel("deepseek-v3")!, { tensorParallel: 1, dtype: "fp8", engine: "vllm", ...of }, FITTED_FACTORS)!;

describe("ranks whose rows meet in the same experts", () => {
  it("law: any jobs on any ranks -> the oracle's times", () => {
    const cases = fc.integer({ min: 1, max: 6 }).chain((ranks) =>
      fc.record({
        ranks: fc.constant(ranks),
        step: stepOf(ranks),
        jobs: fc.array(job, { minLength: 1, maxLength: 20 }),
        maxBatchedTokens: fc.integer({ min: 8, max: 400 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ ranks, step, jobs, maxBatchedTokens }) => {
        const engine = engineOf(ranks, step, { maxBatchedTokens, maxSequences: 4 });
        const expected = naiveRanks(engine, ranks, jobs);
        endsOf(engine, jobs).forEach((endMs, i) => expect(endMs / expected[i]!).toBeCloseTo(1, 6));
      }),
      { numRuns: 300 },
    );
  });

  it("law: as many jobs of the same kind on each rank -> bit for bit the times of one rank that takes the others to be alike", () => {
    fc.assert(
      fc.property(stepOf(RANKS), fc.array(job, { minLength: 1, maxLength: 6 }), (step, jobs) => {
        const all = endsOf(
          engineOf(RANKS, step),
          jobs.flatMap((one) => Array.from({ length: RANKS }, () => one)),
        );
        const { rowMs: _, exchangeRowMs: __, ...experts } = step.experts!;
        const alone = endsOf(engineOf(1, { ...step, experts }), jobs);
        expect(all).toEqual(alone.flatMap((endMs) => Array.from({ length: RANKS }, () => endMs)));
      }),
      { numRuns: 100 },
    );
  });

  it("DeepSeek-V3 on 8 H200, one prompt of 8,000 tokens up to one on each rank -> from half the time to all of it, longer with each", () => {
    const engine = engineOf(RANKS, deepSeek({ dataParallel: RANKS, expertParallel: RANKS }));
    const firstMs = Array.from({ length: RANKS }, (_, more) => {
      const jobs = Array.from({ length: more + 1 }, () => ({ prompt: 8000, output: 1 }));
      return Math.max(...endsOf(engine, jobs));
    });
    for (let i = 1; i < RANKS; i++) expect(firstMs[i]!).toBeGreaterThan(firstMs[i - 1]!);
    expect(firstMs[0]!).toBeLessThan(0.55 * firstMs[RANKS - 1]!);
    // All 8 GPUs share the experts' work, but one of them has all of the attention and of the dense layers.
    const [cut] = endsOf(engineOf(1, deepSeek({ tensorParallel: RANKS })), [{ prompt: 8000, output: 1 }]);
    expect(firstMs[0]!).toBeGreaterThan(cut!);
  });

  it("ranks without expert parallelism -> each pays for its own rows alone", () => {
    const engine = engineOf(RANKS, deepSeek({ dataParallel: RANKS }));
    const [lone] = endsOf(engine, [{ prompt: 500, output: 1 }]);
    const ends = endsOf(
      engine,
      Array.from({ length: RANKS }, () => ({ prompt: 500, output: 1 })),
    );
    expect(ends.every((endMs) => endMs === lone)).toBe(true);
  });
});
