import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateCurve } from "../../../src/workload/rate/RateCurve.ts";
import type { RateSpec, SpikeSpec } from "../../../src/workload/TrafficSpec.ts";

const HOUR_MS = 3_600_000;
const constant = (perSecond: number): RateSpec => ({ kind: "constant", perSecond });

/** Midpoint sum of the rate: the oracle for the integral. */
const sumOf = (curve: RateCurve, fromMs: number, toMs: number, steps = 200_000): number => {
  const widthMs = (toMs - fromMs) / steps;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    sum += (curve.perSecondAt(fromMs + (step + 0.5) * widthMs) / 1000) * widthMs;
  }
  return sum;
};

const points = [
  { atMs: 1000, perSecond: 10 },
  { atMs: 3000, perSecond: 30 },
  { atMs: 3000, perSecond: 0 },
  { atMs: 6000, perSecond: 6 },
];

const arbitraryRate: fc.Arbitrary<RateSpec> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), perSecond: fc.integer({ min: 0, max: 50 }) }),
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 0, max: 9000 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 5, maxLength: 5 }),
      fc.constantFrom("step" as const, "linear" as const),
    )
    .map(([times, rates, interpolation]) => ({
      kind: "piecewise" as const,
      points: times.toSorted((a, b) => a - b).map((atMs, index) => ({ atMs, perSecond: rates[index]! })),
      interpolation,
    })),
);

const arbitrarySpike: fc.Arbitrary<SpikeSpec> = fc
  .tuple(
    fc.constantFrom("square" as const, "ramp" as const, "decay" as const),
    fc.integer({ min: 0, max: 8000 }),
    fc.integer({ min: 50, max: 4000 }),
    fc.boolean(),
    fc.integer({ min: 0, max: 60 }),
  )
  .map(([shape, atMs, durationMs, isFactor, height]) =>
    isFactor ? { shape, atMs, durationMs, factor: height / 10 } : { shape, atMs, durationMs, extraPerSecond: height },
  );

describe("RateCurve", () => {
  it("piecewise: steps -> holds each value, the first before it, the last after it", () => {
    const curve = new RateCurve({ kind: "piecewise", points, interpolation: "step" });
    expect([0, 1000, 2999, 3000, 6000, 9e9].map((ms) => curve.perSecondAt(ms))).toEqual([10, 10, 10, 0, 6, 6]);
    expect(curve.cumulative(7000)).toBeCloseTo(30 + 0 + 6, 12);
  });

  it("piecewise: linear -> trapezoids, with a jump where two points share a time", () => {
    const curve = new RateCurve({ kind: "piecewise", points, interpolation: "linear" });
    expect(curve.perSecondAt(2000)).toBeCloseTo(20, 12);
    expect(curve.perSecondAt(4500)).toBeCloseTo(3, 12);
    expect(curve.cumulative(8000)).toBeCloseTo(10 + 40 + 9 + 12, 10);
  });

  it("diurnal: a day -> the mean of its hours, from any start hour, and repeated each day", () => {
    const hourlyPerSecond = Array.from({ length: 24 }, (_, hour) => 5 + ((hour * 7) % 11));
    const daily = hourlyPerSecond.reduce((sum, rate) => sum + rate, 0) * 3600;
    for (const startHour of [0, 7, 18.25]) {
      const curve = new RateCurve({ kind: "diurnal", hourlyPerSecond, startHour });
      expect(curve.cumulative(24 * HOUR_MS)).toBeCloseTo(daily, 5);
      expect(curve.cumulative(72 * HOUR_MS)).toBeCloseTo(3 * daily, 5);
      const hour = Math.floor(startHour + 3);
      expect(curve.perSecondAt((hour + 0.5 - startHour) * HOUR_MS)).toBeCloseTo(hourlyPerSecond[hour % 24]!, 9);
    }
  });

  it("spikes: on a constant rate -> the closed-form areas", () => {
    const atMs = 1000;
    const durationMs = 500;
    const areaOf = (spike: Pick<SpikeSpec, "shape" | "factor" | "extraPerSecond">): number =>
      new RateCurve(constant(40), [{ atMs, durationMs, ...spike }]).cumulative(100_000) - 4000;
    expect(areaOf({ shape: "square", factor: 3 })).toBeCloseTo(80 * 0.5, 9);
    expect(areaOf({ shape: "ramp", factor: 3 })).toBeCloseTo((80 * 0.5) / 2, 9);
    // The integral of exp(-t / tau) is tau.
    expect(areaOf({ shape: "decay", factor: 3 })).toBeCloseTo(80 * 0.5, 9);
    expect(areaOf({ shape: "square", extraPerSecond: 7 })).toBeCloseTo(3.5, 9);
    expect(areaOf({ shape: "ramp", extraPerSecond: 7 })).toBeCloseTo(1.75, 9);
    expect(areaOf({ shape: "decay", extraPerSecond: 7 })).toBeCloseTo(3.5, 9);
    expect(areaOf({ shape: "square", factor: 0 })).toBeCloseTo(-20, 9);
  });

  it("spikes: overlapping -> factors multiply and leave extra rates alone", () => {
    const at = { shape: "square" as const, atMs: 0, durationMs: 1000 };
    const curve = new RateCurve(constant(10), [
      { ...at, factor: 2 },
      { ...at, factor: 3 },
      { ...at, extraPerSecond: 5 },
    ]);
    expect(curve.perSecondAt(500)).toBe(65);
    expect(curve.perSecondAt(1000)).toBe(10);
  });

  it("cumulative: any curve and spikes -> the sum of its rates", () => {
    fc.assert(
      fc.property(arbitraryRate, fc.array(arbitrarySpike, { maxLength: 3 }), (rate, spikes) => {
        const curve = new RateCurve(rate, spikes);
        const expected = sumOf(curve, 0, 20_000, 20_000);
        expect(Math.abs(curve.cumulative(20_000) - expected)).toBeLessThan(1e-2 + expected * 1e-3);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it("inverse: of the integral at a time with a rate -> that time", () => {
    const law = fc.property(
      arbitraryRate,
      fc.array(arbitrarySpike, { maxLength: 3 }),
      fc.integer({ min: 1, max: 30_000 }),
      (rate, spikes, ms) => {
        const curve = new RateCurve(rate, spikes);
        fc.pre(curve.perSecondAt(ms - 0.01) > 0.01);
        expect(Math.abs(curve.inverse(curve.cumulative(ms)) - ms)).toBeLessThan(1e-5);
      },
    );
    fc.assert(law, { numRuns: 300, seed: 4 });
  });

  it("cursor: many small advances -> the same time as one big advance", () => {
    const spikes: ReadonlyArray<SpikeSpec> = [{ shape: "decay", atMs: 2000, durationMs: 900, factor: 6 }];
    const curve = new RateCurve({ kind: "piecewise", points, interpolation: "linear" }, spikes);
    const cursor = curve.cursor();
    let ms = 0;
    let previous = 0;
    for (let step = 1; step <= 400; step++) {
      ms = cursor.advance(0.25);
      expect(ms).toBeGreaterThanOrEqual(previous);
      previous = ms;
    }
    expect(ms).toBeCloseTo(curve.inverse(100), 6);
  });

  it("inverse: a rate that ends at 0 -> Infinity after the last arrival", () => {
    const curve = new RateCurve({
      kind: "piecewise",
      points: [
        { atMs: 0, perSecond: 10 },
        { atMs: 1000, perSecond: 0 },
      ],
      interpolation: "step",
    });
    expect(curve.inverse(10)).toBe(1000);
    expect(curve.inverse(10.001)).toBe(Infinity);
    expect(new RateCurve({ kind: "diurnal", hourlyPerSecond: Array(24).fill(0), startHour: 0 }).inverse(1)).toBe(Infinity);
  });

  it("constructor: impossible rates and spikes -> RangeError that says why", () => {
    expect(() => new RateCurve(constant(-1))).toThrow(/rate -1\/s/);
    expect(() => new RateCurve({ kind: "piecewise", points: [], interpolation: "step" })).toThrow(/at least one point/);
    expect(() => new RateCurve({ kind: "piecewise", points: points.toReversed(), interpolation: "step" })).toThrow(/not after/);
    expect(() => new RateCurve({ kind: "diurnal", hourlyPerSecond: [1], startHour: 0 })).toThrow(/24 hourly values/);
    const spike = { shape: "square" as const, atMs: 0, durationMs: 1 };
    expect(() => new RateCurve(constant(1), [spike])).toThrow(/exactly one/);
    expect(() => new RateCurve(constant(1), [{ ...spike, factor: 2, extraPerSecond: 1 }])).toThrow(/exactly one/);
    expect(() => new RateCurve(constant(1), [{ ...spike, factor: 2, durationMs: 0 }])).toThrow(/duration 0/);
  });
});
