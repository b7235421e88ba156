import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StepPoint } from "../../../src/serving/calibration/StepPoint.ts";
import type { StepLoad } from "../../../src/serving/steptime/StepModel.ts";
import { StepTable } from "../../../src/serving/steptime/StepTable.ts";

/** ms = 5 + 0.02 sequences + 1e-5 kvTokens + 0.01 prefill + 1e-6 prefill * context: linear along each axis of the table. */
const timeOf = (sequences: number, kvTokens: number, prefill: number, context: number): number =>
  5 + 0.02 * sequences + 1e-5 * kvTokens + 0.01 * prefill + 1e-6 * prefill * context;

const point = (sequences: number, kvPerSequence: number, prefillTokens: number, context: number): StepPoint => ({
  sequences,
  kvTokens: sequences * kvPerSequence,
  prefillTokens,
  attention: prefillTokens * (2 * context + prefillTokens),
  ms: timeOf(sequences, sequences * kvPerSequence, prefillTokens, context),
});

const GRID = [0, 64, 512].flatMap((prefill) =>
  (prefill === 0 ? [0] : [0, 1024, 4096]).flatMap((context) =>
    (prefill === 0 ? [1, 16, 64] : [0, 1, 16, 64]).flatMap((sequences) =>
      (sequences === 0 ? [0] : [128, 1024, 8192]).map((kv) => point(sequences, kv, prefill, context)),
    ),
  ),
);

const load = (sequences: number, kvPerSequence: number, prefillTokens: number, context: number): StepLoad => ({
  sequences,
  rows: sequences,
  kvTokens: sequences * kvPerSequence,
  prefillTokens,
  attention: prefillTokens * (2 * context + prefillTokens),
  prefillContext: context,
  chunks: prefillTokens > 0 ? 1 : 0,
});

describe("step table", () => {
  test("every measured point -> its own time", () => {
    const table = new StepTable(GRID);
    for (const { sequences, kvTokens, prefillTokens, attention, ms } of GRID) {
      const context = prefillTokens > 0 ? (attention / prefillTokens - prefillTokens) / 2 : 0;
      expect(table.stepMs(load(sequences, sequences > 0 ? kvTokens / sequences : 0, prefillTokens, context))).toBeCloseTo(ms, 9);
    }
    expect(table.outside).toBe(0);
  });

  test("a function that is linear along each axis -> exact between the points, and inside", () => {
    const table = new StepTable(GRID);
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 64, noNaN: true }),
        fc.double({ min: 128, max: 8192, noNaN: true }),
        fc.double({ min: 64, max: 512, noNaN: true }),
        fc.double({ min: 0, max: 4096, noNaN: true }),
        (sequences, kv, prefill, context) => {
          expect(table.stepMs(load(sequences, kv, prefill, context))).toBeCloseTo(timeOf(sequences, sequences * kv, prefill, context), 6);
        },
      ),
      { numRuns: 1000, seed: 3 },
    );
    expect(table.outside).toBe(0);
  });

  test("beyond the largest batch -> the last slope goes on, and the look-up counts as outside", () => {
    const table = new StepTable(GRID);
    expect(table.stepMs(load(128, 1024, 0, 0))).toBeCloseTo(timeOf(128, 128 * 1024, 0, 0), 6);
    expect(table.outside).toBe(1);
    expect(table.lookups).toBe(1);
  });

  test("times that fall towards the edge -> never extrapolated below the last one", () => {
    const table = new StepTable([point(1, 128, 0, 0), { ...point(2, 128, 0, 0), ms: 1 }]);
    expect(table.stepMs(load(4, 128, 0, 0))).toBe(1);
  });

  test("a point measured twice -> the mean; host time -> on top; only prefill steps -> refused", () => {
    const twice = [
      { ...point(1, 128, 0, 0), ms: 4 },
      { ...point(1, 128, 0, 0), ms: 6 },
    ];
    expect(new StepTable(twice, 0.5).stepMs(load(1, 128, 0, 0))).toBe(5.5);
    expect(() => new StepTable([point(1, 128, 64, 0)])).toThrow(RangeError);
  });
});
