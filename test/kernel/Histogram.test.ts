import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../src/kernel/Histogram.ts";

const BOUND = 1 / 256 + 1e-12;
// Below the smallest normal double everything counts as zero.
const value = fc
  .oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
    fc.constantFrom(0, 1, 2, 127.5, 1e-9),
  )
  .map((one) => (one < 2.3e-308 ? 0 : one));
const values = fc.array(value, { minLength: 1, maxLength: 100, size: "max" });

const bucketsOf = (histogram: Histogram): ReadonlyArray<readonly [number, number]> => {
  const seen: Array<readonly [number, number]> = [];
  histogram.forEachBucket((lower, _upper, weight) => void seen.push([lower, weight]));
  return seen;
};

const filled = (all: ReadonlyArray<number>, weight = 1): Histogram => {
  const histogram = new Histogram();
  for (const one of all) histogram.record(one, weight);
  return histogram;
};

/** The rule in full: the smallest value that at least the share q of all values does not exceed. */
const exactQuantile = (all: ReadonlyArray<number>, q: number): number =>
  all.toSorted((x, y) => x - y)[Math.max(0, Math.ceil(q * all.length) - 1)]!;

describe("Histogram", () => {
  it("any values, any quantile -> within 0.4 % of the exact one", () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1), (all, q) => {
        const exact = exactQuantile(all, q);
        expect(Math.abs(filled(all).quantile(q)! - exact)).toBeLessThanOrEqual(exact * BOUND);
      }),
      { numRuns: 150 },
    );
  });

  it("any values -> count, sum, min, max, mean exact", () => {
    fc.assert(
      fc.property(values, (all) => {
        const histogram = filled(all);
        const sum = all.reduce((total, one) => total + one, 0);
        expect(histogram.count).toBe(all.length);
        expect(histogram.sum).toBe(sum);
        expect(histogram.mean).toBe(sum / all.length);
        expect(histogram.min).toBe(Math.min(...all));
        expect(histogram.max).toBe(Math.max(...all));
        expect(bucketsOf(histogram).reduce((total, [, weight]) => total + weight, 0)).toBe(all.length);
      }),
      { numRuns: 100 },
    );
  });

  it("merged in parts -> the buckets of the whole", () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const merged = filled(one);
        merged.merge(filled(other));
        const whole = filled([...one, ...other]);
        expect(bucketsOf(merged)).toEqual(bucketsOf(whole));
        expect(merged.count).toBe(whole.count);
        expect(merged.min).toBe(whole.min);
        expect(merged.max).toBe(whole.max);
        expect(merged.quantile(0.9)).toBe(whole.quantile(0.9));
      }),
      { numRuns: 100 },
    );
  });

  it("weight w -> as w records of weight 1", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (all, weight) => {
        const repeated = all.flatMap((one) => Array.from({ length: weight }, () => one));
        expect(bucketsOf(filled(all, weight))).toEqual(bucketsOf(filled(repeated)));
        expect(filled(all, weight).quantile(0.7)).toBe(filled(repeated).quantile(0.7));
      }),
      { numRuns: 100 },
    );
  });

  it("a progression -> the buckets of its values one by one", () => {
    const grid = fc.integer({ min: 0, max: 2 ** 30 }).map((steps) => steps * 2 ** -20);
    const small = fc.integer({ min: -(2 ** 12), max: 2 ** 12 }).map((steps) => steps * 2 ** -20);
    const gap = fc.oneof(small, fc.constantFrom(0, 1, 2 ** -20, 16, 500));
    const count = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(grid, gap, count, fc.integer({ min: 1, max: 300 }), (first, drawnGap, drawnCount, weight) => {
        const fits = drawnGap < 0 ? Math.min(drawnCount, 1 + Math.floor(first / -drawnGap)) : drawnCount;
        const leapt = new Histogram();
        leapt.recordProgression(first, drawnGap, fits, weight);
        const stepped = new Histogram();
        for (let j = 0; j < fits; j++) stepped.record(first + drawnGap * j, weight);
        expect(bucketsOf(leapt)).toEqual(bucketsOf(stepped));
        expect(leapt.count).toBe(stepped.count);
        expect(leapt.min).toBe(stepped.min);
        expect(leapt.max).toBe(stepped.max);
        expect(leapt.sum).toBeCloseTo(stepped.sum, 3);
      }),
      { numRuns: 300 },
    );
  });

  it("a progression whose division rounds at the edges -> the values themselves decide", () => {
    // Edges are multiples of 2^-7 of an octave; thirds and tenths of them are not exact.
    const divisor = fc.constantFrom(3, 5, 6, 7, 9, 10, 11, 13, 49);
    const start = fc.integer({ min: 0, max: 127 });
    fc.assert(
      fc.property(start, divisor, fc.integer({ min: 1, max: 49 }), (bucket, share, offset) => {
        const gap = 1 / 128 / share;
        const first = 1 + bucket / 128 - gap * offset;
        const leapt = new Histogram();
        leapt.recordProgression(first, gap, 300, 1);
        expect(bucketsOf(leapt)).toEqual(bucketsOf(filled(Array.from({ length: 300 }, (_, j) => first + gap * j))));
      }),
      { numRuns: 150 },
    );
  });

  it("values exactly on bucket edges -> progression and single records agree", () => {
    const leapt = new Histogram();
    leapt.recordProgression(1, 1 / 128, 1000, 1);
    const stepped = new Histogram();
    for (let j = 0; j < 1000; j++) stepped.record(1 + j / 128);
    expect(bucketsOf(leapt)).toEqual(bucketsOf(stepped));
    expect(bucketsOf(leapt)[0]).toEqual([1, 1]);
  });

  it("a progression from below the range that a fresh histogram holds into its first octave -> as one by one", () => {
    // Widened for the first value, the last one's place moves by whole octaves.
    for (const first of [1.5 * 2 ** -8, 1.25 * 2 ** -9]) {
      const leapt = new Histogram();
      leapt.recordProgression(first, first, 2, 3);
      const recorded = new Histogram();
      for (const value of [first, 2 * first]) recorded.record(value, 3);
      expect(bucketsOf(leapt)).toEqual(bucketsOf(recorded));
    }
  });

  it("law: values, many at once, and progressions, read at any moment -> the same to the last bit as one by one", () => {
    const one = fc.oneof(
      fc.record({ values }),
      fc.record({
        first: fc.nat(1000),
        gap: fc.integer({ min: -3, max: 3 }),
        count: fc.integer({ min: 1, max: 300 }),
        weight: fc.integer({ min: 1, max: 9 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ one, isRead: fc.boolean() }), { maxLength: 40 }), (turns) => {
        const batched = new Histogram();
        const single = new Histogram();
        for (const { one: turn, isRead } of turns) {
          if ("values" in turn) {
            batched.recordAll(Float64Array.from(turn.values), turn.values.length);
            for (const value of turn.values) single.record(value);
          } else {
            const first = turn.gap < 0 ? turn.first - turn.gap * turn.count : turn.first;
            batched.recordProgression(first, turn.gap, turn.count, turn.weight);
            single.recordProgression(first, turn.gap, turn.count, turn.weight);
            expect(single.count).toBeGreaterThan(0);
          }
          if (isRead) batched.quantile(0.5);
        }
        expect(bucketsOf(batched)).toEqual(bucketsOf(single));
        const statistics = ({ count, sum, min, max }: Histogram): ReadonlyArray<number> => [count, sum, min, max];
        expect(statistics(batched)).toEqual(statistics(single));
      }),
      { numRuns: 150 },
    );
  });

  it("nothing recorded -> count 0, no mean, no quantile", () => {
    const histogram = new Histogram();
    histogram.merge(new Histogram());
    histogram.recordProgression(1, 1, 0, 1);
    expect(histogram.count).toBe(0);
    expect(histogram.mean).toBeUndefined();
    expect(histogram.quantile(0.5)).toBeUndefined();
  });

  it("zeros, also negative zero -> a bucket of their own", () => {
    const histogram = filled([0, -0, 0, 8]);
    expect(histogram.quantile(0.75)).toBe(0);
    expect(histogram.quantile(0.76)).toBe(8);
    expect(bucketsOf(histogram)).toEqual([
      [0, 3],
      [8, 1],
    ]);
  });

  it("a negative, infinite or NaN value, a quantile outside 0..1 -> RangeError, nothing counted", () => {
    const histogram = new Histogram();
    for (const wrong of [-1, -1e-300, NaN, Infinity]) {
      expect(() => histogram.record(wrong)).toThrow(RangeError);
      expect(() => histogram.recordProgression(wrong, 1, 5, 1)).toThrow(RangeError);
    }
    expect(() => histogram.recordProgression(10, -4, 5, 1)).toThrow(RangeError);
    expect(histogram.count).toBe(0);
    expect(() => histogram.quantile(1.1)).toThrow(RangeError);
  });
});
