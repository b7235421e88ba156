import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Gradient2Settings } from "../../../src/policy/concurrency/index.ts";
import { Aimd, Gradient2, Vegas } from "../../../src/policy/concurrency/index.ts";
import { expectFaults } from "../Settings.ts";

const RANGE = { initial: 24, min: 2, max: 200 };
const AIMD = { ...RANGE, backoffRatio: 0.9, timeoutMs: 5000 };
const VEGAS = { ...RANGE, alpha: 3, beta: 6, probeEvery: 1000, backoffRatio: 0.9 };
const GRADIENT = { ...RANGE, tolerance: 1.5, smoothing: 0.2, queue: 4, longSamples: 19 };

const whole = (least: number, most: number): string => `a whole number >= ${least} <= ${most}`;
const least = (bound: number): string => `a finite number >= ${bound}`;
const shrinks = "a finite number > 0 <= 0.999";
const range = { min: whole(1, 1_000_000), max: whole(2, 1_000_000), initial: whole(2, 200) };

it("adaptive limits: their names; a setting out of bounds -> the fault that says what it must be", () => {
  expect([new Aimd(AIMD).name, new Vegas(VEGAS).name, new Gradient2(GRADIENT).name]).toEqual(["aimd", "vegas", "gradient2"]);
  expectFaults("aimd", AIMD, { ...range, backoffRatio: shrinks, timeoutMs: "a finite number > 0" }, (of) => new Aimd(of));
  const vegas = { ...range, alpha: least(0), beta: least(3), probeEvery: whole(1, 2 ** 30), backoffRatio: shrinks };
  expectFaults("vegas", VEGAS, vegas, (of) => new Vegas(of));
  const gradient = {
    ...range,
    tolerance: least(1),
    smoothing: "a finite number > 0 <= 1",
    queue: least(0),
    longSamples: whole(1, 1e9),
    dropRatio: shrinks,
  };
  expectFaults<Gradient2Settings>("gradient2", GRADIENT, gradient, (of) => new Gradient2(of));
});

// Source: Netflix concurrency-limits, AIMDLimit: +1 while at least half of the limit is in flight, times the ratio when dropped or too slow.
it.each([
  [100, 12, false, 25],
  [100, 11, false, 24],
  [0, 12, false, 25],
  [5000, 12, false, 25],
  [5001, 12, false, 21],
  [100, 0, true, 21],
  [NaN, 12, false, 21],
  [-1, 12, false, 21],
  [Infinity, 12, false, 21],
])("aimd: latency %d, %d in flight, dropped %s -> from 24 to %d", (latencyMs, inFlight, dropped, expected) => {
  const limit = new Aimd(AIMD);
  limit.sample(latencyMs, inFlight, dropped);
  expect(limit.limit).toBe(expected);
});

it("aimd: drops and successes without end -> its bounds", () => {
  const limit = new Aimd(AIMD);
  for (let i = 0; i < 300; i++) limit.sample(1, 300, false);
  expect(limit.limit).toBe(200);
  for (let i = 0; i < 300; i++) limit.sample(1, 300, true);
  expect(limit.limit).toBe(2);
});

describe("vegas", () => {
  /** The limit after each sample: least latency 30 or 35 first, from an attempt that does not use half of the limit. */
  const after = (leastMs: number, ...samples: ReadonlyArray<readonly [ms: number, inFlight: number, dropped?: boolean]>): number => {
    const limit = new Vegas(VEGAS);
    limit.sample(leastMs, 11, false, 0);
    for (const [ms, inFlight, dropped = false] of samples) limit.sample(ms, inFlight, dropped, 0);
    return limit.limit;
  };

  it("vegas: queue 24 * (1 - least / latency) -> below 3 and half in flight: one up; above 6: one down; between: as it is", () => {
    expect([after(30), after(30, [30, 11]), after(30, [30, 12])]).toEqual([24, 24, 25]);
    expect([after(30, [40, 24]), after(30, [40.1, 24]), after(30, [40.1, 0])]).toEqual([24, 23, 23]);
    expect([after(35, [40, 24]), after(35, [39.9, 24]), after(35, [39.9, 11])]).toEqual([24, 25, 24]);
    expect([after(100, [30, 24]), after(100, [30, 12], [30, 24], [30, 24])]).toEqual([25, 27]);
    expect([after(30, [0, 24]), after(30, [0, 11]), after(30, [0, 24], [30, 24])]).toEqual([25, 24, 24]);
  });

  it("vegas: dropped, or no latency -> times the ratio, within its bounds", () => {
    expect([after(30, [30, 12, true]), after(30, [NaN, 12]), after(30, [-1, 12]), after(30, [Infinity, 12])]).toEqual([21, 21, 21, 21]);
    expect(after(30, ...Array.from({ length: 90 }, () => [30, 24, true] as const))).toBe(2);
    expect(after(30, ...Array.from({ length: 300 }, () => [30, 300] as const))).toBe(200);
  });

  it("vegas: each so many samples -> the least latency is measured anew by attempts that start after; the others are discarded", () => {
    const limit = new Vegas({ ...VEGAS, probeEvery: 3 });
    limit.sample(10, 11, false, 0);
    limit.sample(10, 11, false, 5);
    // The third begins the epoch when it ends, and changes nothing by itself.
    limit.sample(10, 24, true, 90);
    expect(limit.limit).toBe(24);
    limit.sample(10, 24, true, 99);
    expect(limit.limit).toBe(24);
    // The least latency is 100 now: no queue.
    limit.sample(100, 24, false, 100);
    expect(limit.limit).toBe(25);
    limit.sample(100, 25, false, 101);
    expect(limit.limit).toBe(26);
    // Again; an attempt without a latency begins the epoch at its start.
    limit.sample(NaN, 24, false, 300);
    expect(limit.limit).toBe(26);
    limit.sample(1000, 26, false, 299);
    expect(limit.limit).toBe(26);
    limit.sample(1000, 26, false, 300);
    expect(limit.limit).toBe(27);
  });
});

// Source: Netflix concurrency-limits, Gradient2Limit and ExpAvgMeasurement: the plain mean of the first ten is of all ten, whatever was decayed.
it("gradient2: any samples -> the estimates over the whole list", () => {
  const sample = fc.record({
    ms: fc.constantFrom(0, 10, 20, 21, 30, 50, 100, 1000, NaN, -1, Infinity),
    inFlight: fc.constantFrom(0, 1, 12, 100),
    dropped: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(undefined, 0.5),
      fc.constantFrom(1, 1.5),
      fc.array(sample, { minLength: 5, maxLength: 40, size: "max" }),
      (dropRatio, tolerance, samples) => {
        const limit = new Gradient2({ ...GRADIENT, tolerance, ...(dropRatio === undefined ? {} : { dropRatio }) });
        const seen: Array<number> = [];
        let [estimate, longMs] = [24, 0];
        const set = (to: number) => (estimate = Math.min(200, Math.max(2, to)));
        for (const { ms, inFlight, dropped } of samples) {
          limit.sample(ms, inFlight, dropped);
          if (dropped && dropRatio !== undefined) set(estimate * dropRatio);
          else if (ms >= 0 && ms < Infinity) {
            seen.push(ms);
            longMs = seen.length <= 10 ? seen.reduce((sum, one) => sum + one, 0) / seen.length : longMs * 0.9 + ms * 0.1;
            const ratio = ms === 0 ? Infinity : longMs / ms;
            if (ms > 0 && ratio > 2) longMs *= 0.95;
            if (inFlight >= estimate / 2) set(0.8 * estimate + 0.2 * (estimate * Math.max(0.5, Math.min(1, tolerance * ratio)) + 4));
          }
          expect(limit.estimate).toBeCloseTo(estimate, 9);
          expect(limit.limit).toBe(Math.floor(limit.estimate));
        }
      },
    ),
  );
});

it("gradient2: exactly half of the limit in flight -> grows; a long mean of exactly twice the last latency -> does not decay", () => {
  const limit = new Gradient2(GRADIENT);
  limit.sample(19, 12, false);
  expect(limit.estimate).toBeCloseTo(24.8, 9);
  for (let i = 2; i <= 9; i++) limit.sample(19, 0, false);
  // The mean of ten is 18.
  limit.sample(9, 0, false);
  limit.sample(40, 100, false);
  // Long mean 18 * 0.9 + 40 * 0.1 = 20.2; 1.5 * 20.2 / 40 = 0.7575.
  expect(limit.estimate).toBeCloseTo(0.8 * 24.8 + 0.2 * (0.7575 * 24.8 + 4), 9);
});
