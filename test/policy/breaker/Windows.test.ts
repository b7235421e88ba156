import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CountWindow } from "../../../src/policy/breaker/CountWindow.ts";
import type { SampleWindow } from "../../../src/policy/breaker/SampleWindow.ts";
import { TimeWindow } from "../../../src/policy/breaker/TimeWindow.ts";

interface Sample {
  readonly atUs: number;
  readonly bad: boolean;
}

const BUCKET_US = 100;

interface Kind {
  readonly name: string;
  readonly open: (size: number) => SampleWindow;
  readonly inside: (all: ReadonlyArray<Sample>, size: number, nowUs: number) => ReadonlyArray<Sample>;
}

const kinds: ReadonlyArray<Kind> = [
  { name: "count", open: (size) => new CountWindow(size), inside: (all, size) => all.slice(-size) },
  {
    name: "time",
    open: (size) => new TimeWindow(size, BUCKET_US),
    inside: (all, size, nowUs) => all.filter(({ atUs }) => Math.floor(atUs / BUCKET_US) > Math.floor(nowUs / BUCKET_US) - size),
  },
];

describe.each(kinds)("$name", ({ open, inside }) => {
  it("window: any outcomes, pauses, clearings and moves to a window elsewhere -> the counts of a list", () => {
    const step = fc.record({
      what: fc.constantFrom("add", "add", "add", "add", "add", "advance", "clear", "move"),
      gapUs: fc.constantFrom(0, 0, 1, 99, 100, 101, 250, 1000),
      bad: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(0, -12_345),
        fc.array(step, { minLength: 5, maxLength: 60, size: "max" }),
        (size, startUs, steps) => {
          let window = open(size);
          let all: Array<Sample> = [];
          let nowUs = startUs;
          for (const { what, gapUs, bad } of steps) {
            nowUs += gapUs;
            if (what === "add") {
              window.add(bad, nowUs);
              all.push({ atUs: nowUs, bad });
            }
            if (what === "advance") window.advance(nowUs);
            if (what === "clear") {
              window.clear();
              all = [];
            }
            if (what === "move") {
              const dump = window.dump(nowUs);
              expect(dump.every(({ ageUs, total }) => ageUs >= 0 && total > 0)).toBe(true);
              expect(dump.reduce((sum, { total }) => sum + total, 0)).toBe(inside(all, size, nowUs).length);
              // Another clock, by whole buckets.
              const byUs = 7 * BUCKET_US;
              window = open(size);
              window.load(dump, nowUs + byUs);
              nowUs += byUs;
              all = all.map((one) => ({ ...one, atUs: one.atUs + byUs }));
            }
            if (what !== "clear") window.advance(nowUs);
            const counted = inside(all, size, nowUs);
            expect([window.total, window.bad]).toEqual([counted.length, counted.filter((one) => one.bad).length]);
          }
        },
      ),
    );
  });
});
