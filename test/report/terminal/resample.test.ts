import fc from "fast-check";
import { expect, test } from "vitest";
import type { TimelinePoint } from "../../../src/metric/Result.ts";
import { resample, timelineSpan } from "../../../src/report/terminal/resample.ts";
import { timeAxis, timeMark } from "../../../src/report/terminal/timeAxis.ts";
import { sampleResult } from "../sampleResult.ts";

const point = (atMs: number, offeredPerSecond: number, ttftP99Ms: number | null = null): TimelinePoint => ({
  ...sampleResult().timeline[0]!,
  atMs,
  offeredPerSecond,
  ttftP99Ms,
});
const read = (of: TimelinePoint): number => of.offeredPerSecond;
const means = (points: ReadonlyArray<TimelinePoint>, columns: number) =>
  resample({
    points,
    span: timelineSpan(points)!,
    columns,
    read: (of) => of.offeredPerSecond,
    by: "mean",
  });

test("timelineSpan: points -> from one interval before the first to the last; none -> undefined", () => {
  expect(timelineSpan([point(600, 1), point(700, 1), point(760, 1)])).toEqual({
    startMs: 500,
    endMs: 760,
  });
  expect(timelineSpan([point(600, 1)])).toEqual({ startMs: 0, endMs: 600 });
  expect(timelineSpan([])).toBeUndefined();
});

test("resample: as many columns as points -> the points; fewer -> means by time; more -> each point in each of its columns", () => {
  const points = [point(10, 1), point(20, 3), point(30, 5), point(40, 7)];
  expect(means(points, 4)).toEqual([1, 3, 5, 7]);
  expect(means(points, 2)).toEqual([2, 6]);
  expect(means(points, 8)).toEqual([1, 1, 3, 3, 5, 5, 7, 7]);
});

test("resample: gaps -> the largest value there is in the column, null where there is none", () => {
  const points = [point(10, 1, 8), point(20, 1, null), point(30, 1, null), point(40, 1, null), point(50, 1, 3), point(60, 1, 5)];
  const values = resample({
    points,
    span: timelineSpan(points)!,
    columns: 3,
    read: (of) => of.ttftP99Ms,
    by: "max",
  });
  expect(values).toEqual([8, null, 5]);
});

test("resample: any intervals and columns -> the mean over all time is kept, and the maximum is among the maxima", () => {
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat(1000)), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 60 }), (intervals, columns) => {
      let atMs = 0;
      const points = intervals.map(([gapMs, value]) => point((atMs += gapMs), value));
      const span = { startMs: 0, endMs: atMs };
      const values = resample({ points, span, columns, read, by: "mean" });
      const whole = intervals.reduce((sum, [gapMs, value]) => sum + gapMs * value, 0) / atMs;
      expect(values.reduce<number>((sum, value) => sum + value!, 0) / columns).toBeCloseTo(whole, 6);
      const largest = resample({ points, span, columns, read, by: "max" });
      expect(Math.max(...largest.map((value) => value!))).toBe(Math.max(...intervals.map(([, value]) => value)));
    }),
  );
});

const text = (line: ReturnType<typeof timeAxis>[number]): string => line.map((span) => span.text).join("");

test("timeAxis: three hours on 36 columns -> a tick and a label each hour, dashes in the warm-up", () => {
  const [rule, labels] = timeAxis({
    span: { startMs: 0, endMs: 3 * 3600e3 },
    columns: 36,
    warmupMs: 900e3,
  });
  expect(text(rule)).toBe("┴┄┄─────────┴───────────┴───────────");
  expect(text(labels)).toBe("0           1h          2h          ");
});

test("timeAxis: any span -> as wide as the columns, labels apart", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1e11, noNaN: true }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.integer({ min: 8, max: 130 }),
      (lengthMs, startMs, columns) => {
        const [rule, labels] = timeAxis({
          span: { startMs, endMs: startMs + lengthMs },
          columns,
          warmupMs: 0,
        });
        expect([text(rule).length, text(labels).length]).toEqual([columns, columns]);
        expect(text(labels)).not.toMatch(/NaN|undefined/);
      },
    ),
  );
});

test("timeMark: a stretch of time -> its columns, one at least", () => {
  const span = { startMs: 0, endMs: 100 };
  expect(timeMark({ span, columns: 10, startMs: 20, endMs: 50 })).toBe("··━━━·····");
  expect(timeMark({ span, columns: 10, startMs: 25, endMs: 25 })).toBe("··━·······");
  expect(timeMark({ span, columns: 10, startMs: 90, endMs: 900 })).toBe("·········━");
});
