import { describe, expect, it } from "vitest";
import { fitLogs } from "../../../src/serving/calibration/fitLogs.ts";

/** ms = p * x + q * y, measured at a grid; `spoil` multiplies a measurement. */
const problem = (spoil: (i: number) => number) => {
  const points = [1, 2, 4, 8].flatMap((x) => [1, 3, 9, 27].map((y) => ({ x, y })));
  const measured = points.map(({ x, y }, i) => (3 * x + 0.2 * y) * spoil(i));
  return {
    residuals: ([p, q]: ReadonlyArray<number>, which: ReadonlyArray<number> = points.map((_, i) => i)) =>
      which.map((i) => Math.log((Math.exp(p!) * points[i]!.x + Math.exp(q!) * points[i]!.y) / measured[i]!)),
    weights: points.map(() => 1),
    scale: 0.05,
    start: [0, 0],
    prior: [0, 0],
    pulls: [1e-6, 1e-6],
    iterations: 50,
  };
};

describe("fitLogs", () => {
  it("exact measurements -> the values", () => {
    const [p, q] = fitLogs(problem(() => 1)).map(Math.exp);
    expect(p).toBeCloseTo(3, 4);
    expect(q).toBeCloseTo(0.2, 4);
  });

  it("three of sixteen measurements five times too long -> the values still, to a percent", () => {
    const [p, q] = fitLogs(problem((i) => (i % 6 === 1 ? 5 : 1))).map(Math.exp);
    expect(Math.abs(p! / 3 - 1)).toBeLessThan(0.01);
    expect(Math.abs(q! / 0.2 - 1)).toBeLessThan(0.01);
  });

  it("an unknown that nothing depends on -> stays at its prior; a share -> at most 1", () => {
    const { residuals, weights, ...rest } = problem(() => 1);
    const free = fitLogs({ ...rest, residuals, weights, start: [0, 0, 0.7], prior: [0, 0, 0.4], pulls: [1e-6, 1e-6, 1] });
    expect(free[2]).toBeCloseTo(0.4, 3);
    const shares = fitLogs({ ...rest, residuals, weights, isShare: [true, true] });
    expect(Math.max(...shares)).toBeLessThanOrEqual(0);
  });

  it("only what an unknown touches is asked for -> the same values", () => {
    const whole = problem(() => 1);
    let asked = 0;
    const counted = fitLogs({
      ...whole,
      residuals: (at, which) => {
        if (which !== undefined) asked++;
        return whole.residuals(at, which);
      },
      touched: () => whole.weights.map((_, i) => i),
    });
    expect(counted).toEqual(fitLogs(whole));
    expect(asked).toBeGreaterThan(0);
  });
});
