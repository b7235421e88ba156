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

  it("ranks with other loads -> reading for the rows of all, products of the mean, the way of the larger of own and mean", () => {
    const all = { count: 128, active: 8, msPerExpert: 0.1, ranks: 4, rowMs: 0.5, exchangeRowMs: 0.25 };
    const time = new ExpertTime(all, 1);
    const readMs = 0.1 * distinct(128, 8, 4 * 10);
    expect(time.of(10, 10)).toBe(new ExpertTime({ count: 128, active: 8, msPerExpert: 0.1, ranks: 4 }, 1).of(10));
    expect(time.of(40, 10)).toBeCloseTo(readMs + 0.5 * (10 - 40), 9);
    expect(time.of(2, 10)).toBeCloseTo(readMs + (0.5 + 0.25) * (10 - 2), 9);
    expect(new ExpertTime({ ...all, ranks: 1 }, 1).of(40, 10)).toBeCloseTo(0.1 * distinct(128, 8, 40), 9);
  });

  it("a slowdown -> all of it longer", () => {
    const experts = { count: 64, active: 4, msPerExpert: 0.1 };
    for (const rows of [1, 1000]) expect(new ExpertTime(experts, 3).of(rows)).toBeCloseTo(3 * new ExpertTime(experts, 1).of(rows), 9);
    const meeting = { ...experts, ranks: 2, rowMs: 0.5, exchangeRowMs: 0.25 };
    expect(new ExpertTime(meeting, 3).of(1, 9)).toBeCloseTo(3 * new ExpertTime(meeting, 1).of(1, 9), 9);
  });
});
