import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs, hintedMs } from "../../../src/policy/retry/Backoff.ts";
import type { BackoffSettings } from "../../../src/policy/retry/Backoff.ts";

const RUNS: fc.Parameters<unknown> = process.env["SPILLWAY_LONG"] === undefined ? { numRuns: 1000, seed: 42 } : { numRuns: 20_000 };

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
    RUNS,
  );
});

it("backoff: other draws -> other waits; without jitter -> the published doubling to the cap", () => {
  const of = { baseMs: 100, factor: 2, capMs: 1000 } as const;
  expect([1, 2, 3, 4, 5, 6].map((retry) => backoffMs({ ...of, jitter: "none" }, retry, 0.3))).toEqual([100, 200, 400, 800, 1000, 1000]);
  for (const jitter of ["full", "equal", "decorrelated"] as const)
    expect(backoffMs({ ...of, jitter }, 3, 0.2)).not.toBe(backoffMs({ ...of, jitter }, 3, 0.7));
});

it("hint: none, some, 0, negative, endless -> the computed wait, the hint, now, never, never", () => {
  expect([NaN, 30, 0, -1, Infinity].map((hint) => hintedMs(7, hint))).toEqual([7, 30, 0, Infinity, Infinity]);
});
