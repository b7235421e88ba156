import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { confidenceInterval, studentTCentral, studentTQuantile } from "../../src/queueing/index.ts";

describe("studentTQuantile", () => {
  it("studentTQuantile: the printed table -> same values", () => {
    const printed = [
      [1, 12.706, 63.657],
      [2, 4.303, 9.925],
      [4, 2.776, 4.604],
      [9, 2.262, 3.25],
      [19, 2.093, 2.861],
      [30, 2.042, 2.75],
      [120, 1.98, 2.617],
    ] as const;
    for (const [freedom, t975, t995] of printed) {
      expect(Math.abs(studentTQuantile(0.975, freedom) - t975)).toBeLessThan(6e-4);
      expect(Math.abs(studentTQuantile(0.995, freedom) - t995)).toBeLessThan(6e-4);
    }
  });

  it("studentTQuantile: one and two degrees of freedom -> closed forms", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (p) => {
        const cauchy = Math.tan(Math.PI * (p - 0.5));
        expect(Math.abs(studentTQuantile(p, 1) - cauchy)).toBeLessThan(1e-8 * (1 + Math.abs(cauchy)));
        const two = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
        expect(Math.abs(studentTQuantile(p, 2) - two)).toBeLessThan(1e-8 * (1 + Math.abs(two)));
      }),
    );
  });

  it("studentTQuantile: any freedom -> odd around one half, the inverse of the distribution, falling with freedom to the normal", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0.51, max: 0.9999, noNaN: true }), (freedom, p) => {
        const t = studentTQuantile(p, freedom);
        expect(studentTQuantile(1 - p, freedom)).toBeCloseTo(-t, 6);
        expect(studentTCentral(t, freedom)).toBeCloseTo(2 * p - 1, 11);
        expect(studentTQuantile(p, freedom + 1)).toBeLessThan(t);
      }),
    );
    expect(studentTQuantile(0.975, 20_000)).toBeCloseTo(1.95996, 3);
    expect(studentTQuantile(0.5, 3)).toBe(0);
  });

  it("studentTQuantile: outside its domain -> RangeError", () => {
    expect(() => studentTQuantile(1, 3)).toThrow(/studentTQuantile\.p/);
    expect(() => studentTQuantile(0.9, 0)).toThrow(/studentTQuantile\.freedom/);
    expect(() => studentTQuantile(0.9, 2.5)).toThrow(/whole number/);
  });
});

describe("confidenceInterval", () => {
  it("confidenceInterval: ten printed values -> mean and half width by hand", () => {
    // Law 2015, example 4.27: half width of a 90 % interval for the mean is t(9, 0.95) sqrt(0.17 / 10).
    const values = [1.2, 1.5, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.5, 1.09];
    const interval = confidenceInterval(values, 0.9);
    expect(interval.mean).toBeCloseTo(1.343, 12);
    expect(interval.halfWidth).toBeCloseTo(0.24, 2);
    expect(interval.high - interval.low).toBeCloseTo(2 * interval.halfWidth, 12);
    expect(confidenceInterval(values).level).toBe(0.95);
  });

  it("confidenceInterval: shift and scale -> the interval moves with the values; higher level -> wider", () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
      minLength: 2,
      maxLength: 40,
    });
    fc.assert(
      fc.property(values, fc.double({ min: 0.5, max: 20, noNaN: true }), (sample, scale) => {
        const interval = confidenceInterval(sample, 0.95);
        const moved = confidenceInterval(
          sample.map((value) => 7 + scale * value),
          0.95,
        );
        expect(moved.mean).toBeCloseTo(7 + scale * interval.mean, 8);
        expect(moved.halfWidth).toBeCloseTo(scale * interval.halfWidth, 6);
        expect(confidenceInterval(sample, 0.99).halfWidth).toBeGreaterThanOrEqual(interval.halfWidth);
      }),
    );
  });

  it("confidenceInterval: normal samples of five -> a 95 % interval covers about 95 %", () => {
    let state = 1;
    const unit = (): number => ((state = (state * 48271) % 2147483647) + 0.5) / 2147483648;
    let covered = 0;
    const runs = 20_000;
    for (let run = 0; run < runs; run++) {
      const sample = Array.from({ length: 5 }, () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit()));
      const interval = confidenceInterval(sample, 0.95);
      if (interval.low <= 0 && interval.high >= 0) covered++;
    }
    // Four standard deviations of the binomial count.
    expect(Math.abs(covered / runs - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / runs));
  });

  it("confidenceInterval: fewer than two values or NaN -> RangeError", () => {
    expect(() => confidenceInterval([1])).toThrow(/confidenceInterval\.values: must hold at least 2 replications \(got 1\)/);
    expect(() => confidenceInterval([1, Number.NaN])).toThrow(/values\[1\]/);
    expect(() => confidenceInterval([1, 2], 1)).toThrow(/level/);
  });
});
