import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantBroken } from "../../src/kernel/Invariants.ts";
import { TimeAverage } from "../../src/kernel/TimeAverage.ts";

describe("TimeAverage", () => {
  it("2 for 10 ms, 5 for 30 ms, 0 for 10 ms -> 3.4, and 5 at most", () => {
    const average = new TimeAverage(100, 2);
    average.set(110, 5);
    average.set(140, 0);
    expect(average.mean(150)).toBeCloseTo(3.4, 12);
    expect(average.area(150)).toBe(170);
    expect(average.max).toBe(5);
    expect(average.level).toBe(0);
  });

  it("random levels -> the sum of level times duration over the whole time", () => {
    const change = fc.record({
      afterMs: fc.integer({ min: 0, max: 100 }),
      level: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1 }), (changes) => {
        const average = new TimeAverage();
        let nowMs = 0;
        let level = 0;
        let area = 0;
        for (const next of changes) {
          area += level * next.afterMs;
          nowMs += next.afterMs;
          level = next.level;
          average.set(nowMs, level);
        }
        expect(average.mean(nowMs + 1)).toBeCloseTo((area + level) / (nowMs + 1), 9);
        expect(average.max).toBe(Math.max(0, ...changes.map((next) => next.level)));
      }),
    );
  });

  it("no time passed -> the present level", () => {
    expect(new TimeAverage(5, 3).mean(5)).toBe(3);
  });

  it("restart at the end of the warm-up -> the past is forgotten, the level stays", () => {
    const average = new TimeAverage(0, 100);
    average.set(10, 4);
    average.restart(20);
    average.set(30, 2);
    expect(average.mean(40)).toBe(3);
    expect(average.max).toBe(4);
  });

  it("a change before the last one -> invariant 2", () => {
    const average = new TimeAverage(10);
    expect(() => average.set(9, 1)).toThrow(InvariantBroken);
    expect(() => average.area(9)).toThrow(InvariantBroken);
  });
});
