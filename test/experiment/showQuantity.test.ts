import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Unit } from "../../src/experiment/showQuantity.ts";
import { showApartFrom, showDuration, showNumber, showQuantity, showRatio, showUsd } from "../../src/experiment/showQuantity.ts";

const units: ReadonlyArray<Unit> = ["ms", "ratio", "perSecond", "usd", "number"];

describe("showDuration", () => {
  test.each([
    [0, "0ms"],
    [0.0001, "<1µs"],
    [0.35, "350µs"],
    [8.25, "8.25ms"],
    [999.4, "999ms"],
    [999.6, "1.00s"],
    [2000, "2s"],
    [18_420, "18.4s"],
    [59_960, "1m"],
    [125_000, "2m05s"],
    [3_599_600, "1h"],
    [3_900_000, "1h05m"],
    [86_399_999, "1d"],
    [100 * 3600e3, "4d04h"],
    [5e15, "57.9Md"],
    [Infinity, "∞"],
  ])("showDuration: %d ms -> %s", (ms, text) => {
    expect(showDuration(ms)).toBe(text);
  });

  test("showDuration: any duration -> its text reads as it within half a percent or half a unit", () => {
    const FACTORS: { readonly [unit: string]: number } = {
      µs: 1e-3,
      ms: 1,
      s: 1e3,
      m: 60e3,
      h: 3600e3,
      d: 86_400e3,
    };
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e10, noNaN: true }), (ms) => {
        const parts = [...showDuration(ms).matchAll(/([\d.,]+)(µs|ms|s|m|h|d)/g)];
        const read = parts.reduce((sum, [, digits, unit]) => sum + Number(digits!.replaceAll(",", "")) * FACTORS[unit!]!, 0);
        expect(Math.abs(read - ms) / ms).toBeLessThan(0.022);
      }),
    );
  });
});

describe("showRatio", () => {
  test.each([
    [0, "0%"],
    [1, "100%"],
    [0.578, "57.8%"],
    [0.0956, "9.56%"],
    [1e-9, "<0.001%"],
    [0.99961, "99.96%"],
    [0.999974, "99.997%"],
    [1 - 1e-12, ">99.999%"],
    [12, "1,200%"],
  ])("showRatio: %d -> %s", (ratio, text) => {
    expect(showRatio(ratio)).toBe(text);
  });

  test("showRatio: a share strictly between 0 and 1 -> never reads 0% or 100%", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }), (ratio) => {
        expect(["0%", "100%", "100.0%", "0.00%"]).not.toContain(showRatio(ratio));
      }),
    );
  });
});

describe("showNumber", () => {
  test.each([
    [0, "0"],
    [412_318, "412,318"],
    [12.345, "12.3"],
    [0.01234, "0.0123"],
    [1234.5, "1,235"],
    [21_340_771, "21.3M"],
    [9.999e11, "1.00T"],
    [4.2e20, "4.20e+20"],
    [3e-9, "3.0e-9"],
    [-5.5, "-5.50"],
  ])("showNumber: %d -> %s", (value, text) => {
    expect(showNumber(value)).toBe(text);
  });
});

test.each([
  [0.8, "$0.80"],
  [0.0042, "$0.00420"],
  [1203.4, "$1,203"],
  [0, "$0"],
])("showUsd: %d -> %s", (usd, text) => {
  expect(showUsd(usd)).toBe(text);
});

test.each(units)("showQuantity: a missing %s -> an en dash", (unit) => {
  expect([null, undefined, NaN].map((value) => showQuantity(value, unit))).toEqual(["–", "–", "–"]);
});

test("showQuantity: any number in any unit -> short, no NaN, null or undefined", () => {
  fc.assert(
    fc.property(fc.double(), fc.constantFrom(...units), (value, unit) => {
      const text = showQuantity(value, unit);
      expect(text).not.toMatch(/NaN|null|undefined/);
      expect(text.length).toBeGreaterThan(0);
      expect(text.length).toBeLessThanOrEqual(18);
    }),
    { numRuns: 500 },
  );
});

describe("showApartFrom", () => {
  test("showApartFrom: values that would read the same -> more digits", () => {
    expect(showApartFrom(2000.4, 2000, "ms")).toBe("2000.4ms");
    expect(showApartFrom(0.0099999, 0.01, "ratio")).toBe("0.99999%");
    expect(showApartFrom(40.00000001, 40, "perSecond")).toBe("40.00000001/s");
  });

  test("showApartFrom: values that read differently, or are the same -> the short text", () => {
    expect(showApartFrom(1840, 2000, "ms")).toBe("1.84s");
    expect(showApartFrom(2000, 2000, "ms")).toBe("2s");
  });
});
