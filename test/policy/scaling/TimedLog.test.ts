import fc from "fast-check";
import { expect, it } from "vitest";
import { TimedLog } from "../../../src/policy/scaling/TimedLog.ts";

it("timed log: any history -> sums and extremes of a list of everything; kept is what is younger than the longest time", () => {
  const entry = fc.record({
    gapMs: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 5, 6, 50, 100),
    value: fc.integer({ min: -9, max: 9 }),
    withinMs: fc.constantFrom(0, 5, 50),
  });
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 60, size: "max" }), (entries) => {
      const log = new TimedLog(50);
      const all: Array<{ readonly atMs: number; readonly value: number }> = [];
      let nowMs = 0;
      for (const { gapMs, value, withinMs } of entries) {
        nowMs += gapMs;
        log.add(value, nowMs);
        all.push({ atMs: nowMs, value });
        expect(log.size).toBe(all.filter(({ atMs }) => atMs > nowMs - 50).length);
        const young = all.filter(({ atMs }) => atMs > nowMs - withinMs).map((one) => one.value);
        const least = log.extreme(2, 1, withinMs, nowMs);
        const most = log.extreme(2, -1, withinMs, nowMs);
        expect([log.sum(withinMs, nowMs), least, most]).toEqual([
          young.reduce((sum, one) => sum + one, 0),
          Math.min(2, ...young),
          Math.max(2, ...young),
        ]);
      }
    }),
  );
});
