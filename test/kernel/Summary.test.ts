import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Streams } from "../../src/kernel/Streams.ts";
import { EXACT_VALUES, Summary } from "../../src/kernel/Summary.ts";
import { momentsOf } from "./Statistics.ts";

const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
  minLength: 2,
  maxLength: 300,
});
const quantiles = [0, 0.01, 0.5, 0.9, 0.99, 1] as const;

const filled = (all: Iterable<number>): Summary => {
  const summary = new Summary();
  for (const one of all) summary.record(one);
  return summary;
};

const many = (count: number, seed: number): Float64Array => {
  const source = new Streams(seed).open("summary", "values").sequence();
  return Float64Array.from({ length: count }, () => -100 * Math.log(source.unit()));
};

const requireStatistics = (summary: Summary, all: Float64Array, bound: number): void => {
  const expected = momentsOf(all);
  const sorted = all.toSorted();
  expect(summary.count).toBe(all.length);
  expect(summary.mean! / expected.mean).toBeCloseTo(1, 9);
  expect(summary.min).toBe(sorted[0]);
  expect(summary.max).toBe(sorted[sorted.length - 1]);
  for (const q of quantiles) {
    const exact = sorted[Math.max(0, Math.ceil(q * all.length) - 1)]!;
    expect(Math.abs(summary.quantile(q)! - exact)).toBeLessThanOrEqual(exact * bound);
  }
};

describe("Summary", () => {
  it("few values, read in between -> exact quantiles each time", () => {
    fc.assert(
      fc.property(values, (all) => {
        const summary = new Summary();
        all.forEach((one, index) => {
          summary.record(one);
          const sorted = all.slice(0, index + 1).toSorted((x, y) => x - y);
          const wanted = sorted[Math.ceil(0.9 * sorted.length) - 1];
          expect(summary.quantile(0.9)).toBe(wanted);
        });
        expect(summary.exact).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("50,000 values -> exact; one more -> a histogram within 0.4 %, mean, minimum and maximum exact still", () => {
    const all = many(EXACT_VALUES + 1, 1);
    const summary = filled(all.subarray(0, EXACT_VALUES));
    expect(summary.exact).toBe(true);
    requireStatistics(summary, all.slice(0, EXACT_VALUES), 0);
    summary.record(all[EXACT_VALUES]!);
    expect(summary.exact).toBe(false);
    requireStatistics(summary, all, 1 / 256 + 1e-12);
  });

  it("law: read at any moment -> the same statistics to the last bit as never read before", () => {
    const all = many(EXACT_VALUES + 5000, 3);
    fc.assert(
      fc.property(
        fc.array(fc.nat(all.length - 1), { maxLength: 12 }),
        fc.array(fc.nat(all.length - 1), { maxLength: 2 }),
        (reads, weighted) => {
          const read = new Summary();
          const unread = new Summary();
          all.forEach((one, index) => {
            for (const summary of [read, unread]) summary.record(one, weighted.includes(index) ? 2 : 1);
            if (reads.includes(index)) read.quantile(0.99);
            if (reads.includes(index)) expect([read.count, read.exact]).toEqual([unread.count, unread.exact]);
          });
          const statistics = ({ count, sum, min, max }: Summary): ReadonlyArray<number> => [count, sum, min, max];
          expect(statistics(read)).toEqual(statistics(unread));
          for (const q of quantiles) expect(read.quantile(q)).toBe(unread.quantile(q));
        },
      ),
      { numRuns: 10 },
    );
  });

  it("merged, small or large on either side -> as all values in one", () => {
    for (const [left, right] of [
      [1_000, 2_000],
      [30_000, 30_000],
      [60_000, 10],
      [10, 60_000],
      [60_000, 60_000],
    ] as const) {
      const all = many(left + right, left);
      const merged = filled(all.subarray(0, left));
      merged.merge(filled(all.subarray(left)));
      expect(merged.exact).toBe(left + right <= EXACT_VALUES);
      requireStatistics(merged, all, merged.exact ? 0 : 1 / 256 + 1e-12);
    }
  });

  it("a weight other than 1 -> histogram, statistics as of repeated values", () => {
    const summary = new Summary();
    summary.record(10, 3);
    summary.record(20);
    expect(summary.exact).toBe(false);
    expect(summary.count).toBe(4);
    expect(summary.sum).toBe(50);
    expect(summary.mean).toBe(12.5);
    expect(Math.abs(summary.quantile(0.75)! - 10)).toBeLessThan(0.04);
  });

  it("nothing recorded -> undefined, merging nothing changes nothing", () => {
    const summary = new Summary();
    summary.merge(new Summary());
    expect(summary.count).toBe(0);
    expect(summary.mean).toBeUndefined();
    expect(summary.quantile(0.5)).toBeUndefined();
  });

  it("a negative, infinite or NaN value -> RangeError, nothing counted", () => {
    const summary = new Summary();
    for (const wrong of [-1, NaN, Infinity]) expect(() => summary.record(wrong)).toThrow(RangeError);
    expect(summary.count).toBe(0);
  });
});
