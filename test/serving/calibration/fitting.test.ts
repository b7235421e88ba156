import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitSteps } from "../../../src/serving/calibration/fitSteps.ts";
import { minimize } from "../../../src/serving/calibration/minimize.ts";
import type { LeastSquares } from "../../../src/serving/calibration/nnls.ts";
import { nnls } from "../../../src/serving/calibration/nnls.ts";
import type { StepPoint } from "../../../src/serving/calibration/StepPoint.ts";
import { predictedMs } from "../../../src/serving/calibration/StepPoint.ts";
import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";

/** Squares of the best solution over all sets of columns: each set solved without bounds, by Gauss elimination. */
const bruteForce = ({ columns, targets, weights }: LeastSquares): number => {
  let best = sumOfSquares(
    { columns, targets, weights },
    columns.map(() => 0),
  );
  for (let set = 1; set < 2 ** columns.length; set++) {
    const chosen = columns.map((_, i) => i).filter((i) => (set >> i) & 1);
    const x = eliminate(
      chosen.map((i) => [...chosen.map((j) => product(weights, columns[i]!, columns[j]!)), product(weights, columns[i]!, targets)]),
    );
    if (x === undefined || x.some((value) => value < 0)) continue;
    const values = columns.map((_, i) => (chosen.includes(i) ? x[chosen.indexOf(i)]! : 0));
    best = Math.min(best, sumOfSquares({ columns, targets, weights }, values));
  }
  return best;
};

const product = (w: ArrayLike<number>, x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(w, (weight, i) => weight * weight * x[i]! * y[i]!).reduce((sum, each) => sum + each, 0);

const sumOfSquares = ({ columns, targets, weights }: LeastSquares, x: ArrayLike<number>): number =>
  Array.from(
    targets,
    (target, row) => (weights[row]! * (columns.reduce((sum, column, i) => sum + column[row]! * x[i]!, 0) - target)) ** 2,
  ).reduce((sum, each) => sum + each, 0);

const eliminate = (rows: Array<Array<number>>): Array<number> | undefined => {
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    const pivot = rows.slice(i).reduce((best, row, k) => (Math.abs(row[i]!) > Math.abs(rows[best]![i]!) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    if (Math.abs(rows[i]![i]!) < 1e-9) return undefined;
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= n; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
};

const problems = fc
  .record({ unknowns: fc.integer({ min: 1, max: 5 }), rows: fc.integer({ min: 1, max: 12 }) })
  .chain(({ unknowns, rows }) => {
    const numbers = (min: number): fc.Arbitrary<Array<number>> =>
      fc.array(fc.integer({ min, max: 9 }), { minLength: rows, maxLength: rows });
    return fc.record({
      columns: fc.array(numbers(-9), { minLength: unknowns, maxLength: unknowns }),
      targets: numbers(-9),
      weights: numbers(1),
    });
  });

describe("nnls", () => {
  it("random problems -> as good as the best of all sets of columns, and no value below zero", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { values, squares } = nnls(problem);
        const best = bruteForce(problem);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        expect(squares).toBeCloseTo(sumOfSquares(problem, values), 6);
        expect(Math.abs(squares - best)).toBeLessThan(1e-6 * (1 + best));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("columns in other units -> the same fit", () => {
    const columns = [
      [1, 1, 1, 1],
      [1, 2, 4, 8],
    ];
    const [x, y] = [1, 1e9].map((scale) =>
      nnls({ columns: [columns[0]!, columns[1]!.map((entry) => entry * scale)], targets: [3, 5, 9, 17], weights: [1, 1, 1, 1] }),
    );
    expect([...x!.values]).toEqual([expect.closeTo(1, 9), expect.closeTo(2, 9)]);
    expect(y!.values[1]! * 1e9).toBeCloseTo(2, 9);
  });

  it("a column twice -> one of them zero, and both told as not determined", () => {
    const { values, ownShares } = nnls({
      columns: [
        [1, 2, 3],
        [1, 2, 3],
      ],
      targets: [2, 4, 6],
      weights: [1, 1, 1],
    });
    expect(values[0]! + values[1]!).toBeCloseTo(2, 9);
    expect([...ownShares]).toEqual([0, 0]);
  });
});

const PLANTED: StepCoefficients = { a: 17, b: 0.042, c: 1.4e-4, d: 0.068, e: 7.7e-6, h: 1.4e-4 };

const grid = (of: StepCoefficients, noise: (i: number) => number): ReadonlyArray<StepPoint> => {
  const points: Array<StepPoint> = [];
  for (const sequences of [0, 1, 8, 32, 128]) {
    for (const mean of [64, 512, 2048]) {
      for (const prefillTokens of [0, 64, 512, 2048]) {
        for (const context of prefillTokens > 0 ? [0, 4096] : [0]) {
          if (sequences + prefillTokens === 0) continue;
          const point = {
            sequences,
            kvTokens: sequences * mean,
            prefillTokens,
            attention: prefillTokens * (2 * context + prefillTokens),
            ms: 1,
          };
          points.push({ ...point, ms: predictedMs(of, point) * (1 + noise(points.length)) });
        }
      }
    }
  }
  return points;
};

/** Between -1 and 1, without any pattern that a coefficient could follow. */
const wobble = (i: number): number => (Math.sin(i * 12.9898) * 43_758.5453) % 1;

describe("fitSteps", () => {
  it("steps of known coefficients -> the coefficients, no error, no warning", () => {
    const fit = fitSteps(grid(PLANTED, () => 0));
    for (const name of ["a", "b", "c", "d", "e", "h"] as const) expect(fit.coefficients[name] / PLANTED[name]).toBeCloseTo(1, 6);
    expect(fit.warnings).toEqual([]);
    expect(fit.crossValidated!.prefill.worst).toBeLessThan(1e-6);
    expect(fit.domain).toEqual({ maxSequences: 128, maxKvTokens: 262_144, maxPrefillTokens: 2048 });
  });

  it("3 % of noise -> each coefficient within a tenth, held-out error like the noise", () => {
    const fit = fitSteps(grid(PLANTED, (i) => 0.03 * wobble(i)));
    for (const name of ["a", "b", "c", "d", "e", "h"] as const)
      expect(Math.abs(fit.coefficients[name] / PLANTED[name] - 1)).toBeLessThan(0.1);
    expect(fit.crossValidated!.decode.median).toBeGreaterThan(0.005);
    expect(fit.crossValidated!.decode.median).toBeLessThan(0.04);
  });

  it("mixed steps that cost more than any coefficient says -> a, b and c stay those of decode-only steps", () => {
    const points = grid(PLANTED, () => 0).map((point) => (point.prefillTokens > 0 ? { ...point, ms: point.ms * 2 } : point));
    const { a, b, c } = fitSteps(points).coefficients;
    expect([a, b, c]).toEqual([expect.closeTo(PLANTED.a, 6), expect.closeTo(PLANTED.b, 6), expect.closeTo(PLANTED.c, 9)]);
  });

  it("no prefill, one context length, no decode-only steps -> told, coefficient by coefficient", () => {
    const points = grid(PLANTED, () => 0);
    const decode = points.filter((point) => point.prefillTokens === 0);
    expect(fitSteps(decode).warnings).toEqual([expect.stringContaining("d, e and h are not determined")]);
    const oneLength = decode.filter((point) => point.kvTokens === 512 * point.sequences);
    expect(fitSteps(oneLength).warnings.join("; ")).toMatch(/b \(sequences\) is hardly determined.*c \(KV tokens\) is hardly determined/);
    const mixed = fitSteps(points.filter((point) => point.prefillTokens > 0));
    expect(mixed.warnings[0]).toContain("no decode-only step");
    expect(mixed.coefficients.c / (PLANTED.c + PLANTED.h)).toBeCloseTo(1, 6);
  });
});

describe("minimize", () => {
  it("a curved valley -> its floor", () => {
    const search = { start: [-1.2, 1], step: 0.5, maxEvaluations: 2000, tolerance: 1e-9 };
    const { at, value } = minimize(([x, y]) => 100 * (y! - x! * x!) ** 2 + (1 - x!) ** 2, search);
    expect(value).toBeLessThan(1e-12);
    expect([...at]).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)]);
  });

  it("a budget -> kept to within one round", () => {
    let calls = 0;
    minimize(([x]) => (calls++, x! * x!), { start: [5], step: 1, maxEvaluations: 10, tolerance: 0 });
    expect(calls).toBeLessThanOrEqual(13);
  });
});
