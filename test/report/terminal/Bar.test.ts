import fc from "fast-check";
import { expect, test } from "vitest";
import { bar, shareOut, stackedBar } from "../../../src/report/terminal/Bar.ts";
import { lineWidth } from "../../../src/report/terminal/Line.ts";

const text = (line: ReturnType<typeof bar>): string => line.map((span) => span.text).join("");

test.each([
  [0, "░░░░"],
  [0.5, "██░░"],
  [0.54, "██▏░"],
  [1e-9, "▏░░░"],
  [1, "████"],
  [7, "████"],
  [NaN, "░░░░"],
])("bar: share %d -> %s", (share, drawn) => {
  expect(text(bar(share, 4, "good"))).toBe(drawn);
});

test("shareOut: any counts -> sums to the columns, in proportion, and each count above 0 shows where there is room", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 6 }), fc.integer({ min: 6, max: 90 }), (counts, columns) => {
      const shares = shareOut(counts, columns);
      const total = counts.reduce((sum, count) => sum + count, 0);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total === 0 ? 0 : columns);
      counts.forEach((count, index) => {
        expect(shares[index]! > 0).toBe(count > 0);
        const exact = total === 0 ? 0 : (count / total) * columns;
        expect(Math.abs(shares[index]! - exact)).toBeLessThan(counts.length);
      });
    }),
  );
});

test("stackedBar: parts -> the whole width in their glyphs", () => {
  const line = stackedBar(
    [
      { count: 3, glyph: "█", style: "good" },
      { count: 0, glyph: "▓", style: "fair" },
      { count: 1, glyph: "░", style: "bad" },
    ],
    8,
  );
  expect(text(line)).toBe("██████░░");
  expect(lineWidth(line)).toBe(8);
});
