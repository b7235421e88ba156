import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimeGrid } from "../../src/kernel/TimeGrid.ts";

describe("TimeGrid", () => {
  it("horizons -> the finest grid with a margin of 2, then without", () => {
    expect(TimeGrid.forHorizon(0).exponent).toBe(26);
    expect(TimeGrid.forHorizon(2 ** 26).exponent).toBe(26);
    expect(TimeGrid.forHorizon(2 ** 26 + 1).exponent).toBe(23);
    expect(TimeGrid.forHorizon(2 ** 30).exponent).toBe(23);
    expect(TimeGrid.forHorizon(1).limitMs).toBe(2 ** 27);
  });

  it("a horizon above 2^30 ms, negative or NaN -> RangeError that names the limit", () => {
    expect(() => TimeGrid.forHorizon(2 ** 30 + 1)).toThrow(/1073741824 ms/);
    expect(() => TimeGrid.forHorizon(-1)).toThrow(RangeError);
    expect(() => TimeGrid.forHorizon(NaN)).toThrow(RangeError);
  });

  it("any time within the limit -> a multiple at most half a spacing away, and rounding again changes nothing", () => {
    fc.assert(
      fc.property(fc.constantFrom(1e6, 2 ** 29), fc.double({ min: 0, max: 1, noNaN: true }), (horizonMs, share) => {
        const grid = TimeGrid.forHorizon(horizonMs);
        const ms = share * horizonMs;
        const rounded = grid.round(ms);
        expect(Number.isInteger(rounded / grid.spacingMs)).toBe(true);
        expect(Math.abs(rounded - ms)).toBeLessThanOrEqual(grid.spacingMs / 2);
        expect(grid.round(rounded)).toBe(rounded);
      }),
    );
  });

  it("sums of grid times -> the same bits in any order", () => {
    const time = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(fc.array(time, { maxLength: 50, size: "max" }), (times) => {
        const grid = TimeGrid.forHorizon(1e7);
        const rounded = times.map((ms) => grid.round(ms));
        const forward = rounded.reduce((sum, ms) => sum + ms, 0);
        expect(rounded.reduceRight((sum, ms) => sum + ms, 0)).toBe(forward);
      }),
    );
  });

  it("infinity -> stays", () => {
    expect(TimeGrid.forHorizon(1).round(Infinity)).toBe(Infinity);
  });
});
