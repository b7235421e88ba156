import fc from "fast-check";
import { expect, test } from "vitest";
import type { Scale } from "../../../src/report/terminal/Spark.ts";
import { linearScale, logScale, sparkline } from "../../../src/report/terminal/Spark.ts";

const draw = (values: ReadonlyArray<number | null>, scale: Scale, rows = 1): ReadonlyArray<string> =>
  sparkline({ values, scale, rows, style: () => "plain" }).map((line) => line.map(({ text }) => text).join(""));

test("sparkline: 0 to the maximum -> the blocks in order, a dot where there is no value", () => {
  expect(draw([0, 1, 2, 3, null, 4, 5, 6], linearScale(6))).toEqual(["▁▂▃▄·▅▆▇"]);
});

test("sparkline: two rows -> full blocks below what reaches into the top row", () => {
  expect(draw([0, null, 7, 8, 14], linearScale(14), 2)).toEqual(["   ▁▇", "▁·███"]);
});

test("sparkline: all zero, or one constant value on a log scale -> bottom, middle", () => {
  expect(draw([0, 0], linearScale(0))).toEqual(["▁▁"]);
  expect(draw([5, 5], logScale({ min: 5, max: 5 }))).toEqual(["▄▄"]);
});

test("sparkline: equal factors on a log scale -> equal steps", () => {
  expect(draw([1, 10, 100, 1000, 1e4, 1e5, 1e6], logScale({ min: 1, max: 1e6 }))).toEqual(["▁▂▃▄▅▆▇"]);
});

test("sparkline: any values -> one column each, monotone in the value", () => {
  const heights = " ▁▂▃▄▅▆▇█";
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      (values, log, rows) => {
        const scale = log ? logScale({ min: Math.min(...values), max: Math.max(...values) }) : linearScale(Math.max(...values));
        const lines = draw(values, scale, rows);
        expect(lines.map((line) => [...line].length)).toEqual(Array.from({ length: rows }, () => values.length));
        const height = (column: number): number => lines.reduce((sum, line) => sum + heights.indexOf([...line][column]!), 0);
        const order = values.map((_, column) => column).toSorted((one, other) => values[one]! - values[other]!);
        for (let place = 1; place < order.length; place++) expect(height(order[place - 1]!)).toBeLessThanOrEqual(height(order[place]!));
      },
    ),
  );
});
