import fc from "fast-check";
import { expect, test } from "vitest";
import { clip, displayWidth, printable } from "../../../src/report/terminal/displayWidth.ts";

test.each([
  ["", 0],
  ["chat", 4],
  ["深度求索", 8],
  ["한국", 4],
  ["e\u0301té", 3],
  ["🚀", 2],
  ["👩‍🚀", 2],
  ["✓✗█▁…–·→", 8],
  ["ｆｕｌｌ", 8],
])("displayWidth: %j -> %d columns", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

const texts = fc.string({ unit: fc.constantFrom("a", "é", "深", "🚀", " ", "█", "e\u0301") });

test("clip: any text -> at most the width, unchanged where it fits, else ending in an ellipsis", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 12 }), (text, width) => {
      const clipped = clip(text, width);
      expect(displayWidth(clipped)).toBeLessThanOrEqual(width);
      const cut = clipped.endsWith("…") && text.startsWith(clipped.slice(0, -1));
      expect(displayWidth(text) <= width ? clipped === text : cut).toBe(true);
    }),
  );
});

test("printable: control, escape and direction characters -> spaces", () => {
  expect(printable("a\u001b[31mb\nc\u202ed")).toBe("a [31mb c d");
});
