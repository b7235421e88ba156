import { expect, it } from "vitest";
import { AdaptiveRate } from "../../../src/policy/retry/AdaptiveRate.ts";

it("adaptiveRate: no throttling -> unlimited", () => {
  const rate = new AdaptiveRate();
  expect([rate.name, rate.perSecond]).toEqual(["adaptiveRate", Infinity]);
  for (let ms = 0; ms < 5000; ms += 10) {
    expect(rate.acquireMs(ms)).toBe(0);
    rate.answered(false, ms);
  }
  expect(rate.perSecond).toBe(Infinity);
});

/** Ten answers in each of two half seconds, then a throttling one: measured 20/s smoothed, cut to 0.7 of it. */
const throttledAt1s = (): AdaptiveRate => {
  const rate = new AdaptiveRate();
  for (let ms = 0; ms < 1000; ms += 50) rate.answered(false, ms);
  rate.answered(true, 1000);
  return rate;
};
// Half seconds 0 (with the first answer counted alone in the one before), 1, 2: 1, 10 and 10 answers.
const FIRST = (1 / 0.5) * 0.8;
const SECOND = (10 / 0.5) * 0.8 + FIRST * 0.2;
const MEASURED = (10 / 0.5) * 0.8 + SECOND * 0.2;

it("adaptiveRate: throttled -> 0.7 of the measured rate; permits one by one at that rate", () => {
  const rate = throttledAt1s();
  expect(rate.perSecond).toBeCloseTo(0.7 * MEASURED, 12);
  expect(rate.acquireMs(1000)).toBeCloseTo(1000 / rate.perSecond, 9);
  const readyMs = 1000 + 1000 / rate.perSecond;
  expect(rate.acquireMs(readyMs - 1)).toBeCloseTo(1, 9);
  expect(rate.acquireMs(readyMs + 0.001)).toBe(0);
  expect(rate.acquireMs(readyMs + 0.001)).toBeGreaterThan(0);
});

it("adaptiveRate: idle for long -> at most a second's permits saved", () => {
  const rate = throttledAt1s();
  let granted = 0;
  while (rate.acquireMs(1e6) === 0) granted++;
  expect(granted).toBe(Math.floor(rate.perSecond));
});

it("adaptiveRate: after throttling -> CUBIC: 0.4 (t - cbrt(0.3 w / 0.4))^3 + w of the rate w at throttling, at most twice the measured", () => {
  const rate = throttledAt1s();
  const plateauS = Math.cbrt((0.3 * MEASURED) / 0.4);
  let [measured, count, bucket] = [MEASURED, 0, 2];
  for (let ms = 1050; ms < 9000; ms += 50) {
    rate.answered(false, ms);
    count++;
    if (Math.floor(ms / 500) > bucket) [measured, count, bucket] = [count * 2 * 0.8 + measured * 0.2, 0, bucket + 1];
    const cubic = 0.4 * ((ms - 1000) / 1000 - plateauS) ** 3 + MEASURED;
    expect(rate.perSecond).toBeCloseTo(Math.min(cubic, 2 * measured), 9);
  }
});

it("adaptiveRate: throttled again -> 0.7 of the lower of the measured and the present rate", () => {
  const rate = throttledAt1s();
  rate.answered(true, 1000);
  expect(rate.perSecond).toBeCloseTo(0.7 * 0.7 * MEASURED, 12);
  // A long silence: the measured rate falls below the present one.
  rate.answered(true, 101_000);
  const measured = (2 / (200 / 2)) * 0.8 + MEASURED * 0.2;
  expect(rate.perSecond).toBeCloseTo(0.7 * Math.min(measured, 0.49 * MEASURED), 12);
});

it.each([true, false])(
  "adaptiveRate: an answer between two permits, throttling %s -> what came back until then counts at the old rate",
  (throttled) => {
    const rate = throttledAt1s();
    const level = 0.05 * rate.perSecond;
    rate.answered(throttled, 1050);
    expect(rate.acquireMs(1050)).toBeCloseTo((1000 * (1 - level)) / rate.perSecond, 9);
  },
);

it("adaptiveRate: throttled at each answer -> never below 0.5 per second", () => {
  const rate = throttledAt1s();
  for (let i = 0; i < 100; i++) rate.answered(true, 1000 + i);
  expect(rate.perSecond).toBe(0.5);
  // Less than one permit a second: one may still be saved.
  expect([rate.acquireMs(100_000), rate.acquireMs(100_000)]).toEqual([0, 2000]);
});

it("adaptiveRate: a backend that takes 20 of 100 per second -> sent stays near 20 per second and recovers after", () => {
  const rate = new AdaptiveRate();
  let [freeMs, sent] = [0, 0];
  for (let ms = 0; ms < 60_000; ms += 10) {
    if (rate.acquireMs(ms) > 0) continue;
    if (ms >= 30_000) sent++;
    const throttled = ms < freeMs;
    if (!throttled) freeMs = ms + 50;
    rate.answered(throttled, ms);
  }
  expect(sent / 30).toBeGreaterThan(10);
  expect(sent / 30).toBeLessThan(30);
  for (let ms = 60_000; ms < 120_000; ms += 10) if (rate.acquireMs(ms) === 0) rate.answered(false, ms);
  expect(rate.perSecond).toBeGreaterThan(90);
});
