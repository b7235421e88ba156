import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpertTime } from "../../../src/serving/steptime/ExpertTime.ts";

const distinct = (count: number, active: number, rows: number): number => count * (1 - ((count - active) / count) ** rows);

describe("expert time", () => {
  it("law: any rows -> the distinct experts that all ranks' rows choose", () => {
    const shapes = fc.record({
      count: fc.integer({ min: 2, max: 384 }),
      active: fc.integer({ min: 1, max: 2 }),
      rows: fc.integer({ min: 1, max: 500 }),
      ranks: fc.integer({ min: 1, max: 32 }),
    });
    fc.assert(
      fc.property(shapes, ({ count, active, rows, ranks }) => {
        const ms = new ExpertTime({ count, active, msPerExpert: 0.1, ranks }, 1).of(rows);
        expect(ms).toBeCloseTo(0.1 * distinct(count, active, rows * ranks), 6);
      }),
    );
  });

  it("rows that choose alike -> as many experts as their independent share would, and one row never fewer than its own", () => {
    const half = new ExpertTime({ count: 128, active: 8, msPerExpert: 1, independentRatio: 0.5 }, 1);
    expect(half.of(1)).toBeCloseTo(8, 9);
    expect(half.of(9)).toBeCloseTo(distinct(128, 8, 5), 9);
    // Between whole numbers of choices the line between them holds.
    expect(half.of(2)).toBeCloseTo((distinct(128, 8, 1) + distinct(128, 8, 2)) / 2, 9);
    expect(half.of(0)).toBe(0);
  });

  it("a slowdown -> all of it longer", () => {
    const experts = { count: 64, active: 4, msPerExpert: 0.1 };
    for (const rows of [1, 1000]) expect(new ExpertTime(experts, 3).of(rows)).toBeCloseTo(3 * new ExpertTime(experts, 1).of(rows), 9);
  });
});
