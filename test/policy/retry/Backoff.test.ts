import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs, hintedMs } from "../../../src/policy/retry/Backoff.ts";
import type { BackoffSettings } from "../../../src/policy/retry/Backoff.ts";

const WAITS = { baseMs: 100, factor: 2, capMs: 500 };

it.each([
  ["none", 0.75, [100, 200, 400, 500, 500]],
  ["full", 0.75, [75, 150, 300, 375, 375]],
  ["full", 0, [0, 0, 0, 0, 0]],
  ["equal", 0.75, [87.5, 175, 350, 437.5, 437.5]],
  ["equal", 0, [50, 100, 200, 250, 250]],
] as const)("backoff: %s jitter, draw %d -> waits before retries 1 to 5", (jitter, draw, expected) => {
  expect([1, 2, 3, 4, 5].map((retry) => backoffMs({ ...WAITS, jitter }, retry, draw))).toEqual(expected);
});

it("backoff: decorrelated -> between the base and three times the last wait, at most the cap; first after the base", () => {
  const wait = (draw: number, ...previous: [] | [number]): number => backoffMs({ ...WAITS, jitter: "decorrelated" }, 1, draw, ...previous);
  expect([wait(0), wait(0.5), wait(0, 150), wait(0.5, 150), wait(0.5, 1000), wait(0.5, 10)]).toEqual([100, 200, 100, 275, 500, 100]);
});

const settings: fc.Arbitrary<BackoffSettings> = fc.record({
  baseMs: fc.constantFrom(0, 0.5, 100, 10_000),
  factor: fc.constantFrom(1, 1.5, 2, 10),
  capMs: fc.constantFrom(10_000, 60_000, 2 ** 31 - 1),
  jitter: fc.constantFrom("none", "full", "equal", "decorrelated"),
});

it("backoff: up to a thousand retries -> each wait lies in its interval, the cap included; never NaN or endless", () => {
  fc.assert(
    fc.property(settings, fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (of, retry, draw) => {
      const { baseMs, factor, capMs, jitter } = of;
      const grownMs = Math.min(capMs, baseMs * factor ** (retry - 1));
      const wholeMs = baseMs === 0 ? 0 : grownMs;
      const waitMs = backoffMs(of, retry, draw, capMs);
      const [leastMs, mostMs] = {
        none: [wholeMs, wholeMs],
        full: [0, wholeMs],
        equal: [wholeMs / 2, wholeMs],
        decorrelated: [Math.min(baseMs, capMs), capMs],
      }[jitter] as [number, number];
      expect(waitMs).toBeGreaterThanOrEqual(leastMs);
      expect(waitMs).toBeLessThanOrEqual(mostMs);
    }),
  );
});

it("backoff: no base -> no wait, also where the growth has no finite value", () => {
  expect(backoffMs({ ...WAITS, baseMs: 0, jitter: "none" }, 5000, 0.5)).toBe(0);
  expect(backoffMs({ ...WAITS, jitter: "none" }, 5000, 0.5)).toBe(500);
});

it("hint: none -> the computed wait; a wait -> itself; negative or endless -> never", () => {
  expect([NaN, 0, 7, Infinity, -1, -Infinity].map((hint) => hintedMs(50, hint))).toEqual([50, 0, 7, Infinity, Infinity, Infinity]);
});
