import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RatioBudget } from "../../../src/policy/retry/RatioBudget.ts";
import type { RetryBudget } from "../../../src/policy/retry/RetryBudget.ts";
import { retryBudgetOf } from "../../../src/policy/retry/retryBudgetOf.ts";
import type { RetryBudgetSpec } from "../../../src/policy/retry/RetryBudgetSpec.ts";
import { expectFaults } from "../Settings.ts";

/** How many retries are granted one after another at one instant, up to a bound. */
const granted = (budget: RetryBudget, nowMs = 0, most = 100): number => {
  let count = 0;
  while (count < most && budget.take(nowMs, false)) count++;
  return count;
};
const repeat = (times: number, step: () => void): void => {
  for (let i = 0; i < times; i++) step();
};

const upTo = (most: number | string): string => `a finite number >= 0 <= ${most}`;
const whole = "a whole number >= 0 <= 1073741824";

describe.each<[RetryBudgetSpec, { readonly [setting: string]: string }]>([
  [
    { kind: "ratio", ratio: 0.2, minPerSecond: 10, ttlMs: 10_000 },
    { ratio: upTo(1000), minPerSecond: upTo(1e9), ttlMs: "a finite number > 0 <= 1000000000000" },
  ],
  [
    { kind: "active", ratio: 0.2, minConcurrency: 3 },
    { ratio: upTo(1000), minConcurrency: whole },
  ],
  [
    { kind: "throttle", maxTokens: 10, tokenRatio: 0.1 },
    { maxTokens: "a finite number > 0 <= 1000", tokenRatio: "a finite number > 0 <= 1000" },
  ],
  [
    { kind: "quota", capacity: 500, retryCost: 5, timeoutCost: 10, successCredit: 1 },
    { capacity: whole, retryCost: whole, timeoutCost: whole, successCredit: whole },
  ],
  [
    { kind: "bucket", capacity: 5, ratio: 0.1 },
    { capacity: "a finite number > 0 <= 1000000000", ratio: upTo(1000) },
  ],
  [{ kind: "failureBreaker", failureRatio: 0.1 }, { failureRatio: upTo(1) }],
])("$kind", (spec, constraints) => {
  it("budget: its name -> the kind of its spec", () => {
    expect(retryBudgetOf(spec).name).toBe(spec.kind);
  });

  it("budget: a setting out of bounds -> the fault that says what it must be", () => {
    expectFaults(spec.kind, spec, constraints, retryBudgetOf);
  });
});

it("ratio: any history -> the grants of a list of all requests and retries that are not older than ten slots", () => {
  const op = fc.record({ gapMs: fc.constantFrom(0, 0, 0, 1, 99, 100, 101, 899, 900, 901, 1000, 5000), retry: fc.boolean() });
  fc.assert(
    fc.property(
      fc.constantFrom(0, 0.2, 1, 3),
      fc.constantFrom(0, 1, 2.5),
      fc.constantFrom(0, -12_345),
      fc.array(op, { minLength: 5, maxLength: 60, size: "max" }),
      (ratio, minPerSecond, startMs, list) => {
        const budget = new RatioBudget({ ratio, minPerSecond, ttlMs: 1000 });
        const seen: Array<{ readonly retry: boolean; readonly slot: number }> = [];
        let nowMs = startMs;
        for (const { gapMs, retry } of list) {
          nowMs += gapMs;
          const slot = Math.floor(nowMs / 100);
          const alive = seen.filter((one) => one.slot > slot - 10);
          const retries = alive.filter((one) => one.retry).length;
          const isGranted = retries + 1 <= ratio * (alive.length - retries) + minPerSecond;
          if (retry) expect(budget.take(nowMs)).toBe(isGranted);
          else budget.requested(nowMs);
          if (!retry || isGranted) seen.push({ retry, slot });
        }
      },
    ),
  );
});

it("ratio: 20 %, 10/s, ten seconds -> 100 at once; 20 more after 100 requests; all forgotten after the time to live", () => {
  const budget = retryBudgetOf({ kind: "ratio", ratio: 0.2, minPerSecond: 10, ttlMs: 10_000 });
  expect(granted(budget, 0, 1000)).toBe(100);
  repeat(100, () => budget.requested(500));
  expect([granted(budget, 500), granted(budget, 9999), granted(budget, 10_000, 1000)]).toEqual([20, 0, 100]);
});

// Source: Envoy, retry budget: 20 % of 25 active are 5, 2 active still allow the least of 3.
it("active: 20 %, at least 3 -> 5 retries under way for 25 requests, 3 for 2; an end of a retry makes room", () => {
  const budget = retryBudgetOf({ kind: "active", ratio: 0.2, minConcurrency: 3 });
  repeat(2, () => budget.requested(0));
  expect(granted(budget)).toBe(3);
  repeat(23, () => budget.requested(0));
  expect(granted(budget)).toBe(2);
  budget.ended(false, false, false, 0);
  expect(granted(budget)).toBe(0);
  budget.ended(true, true, false, 0);
  expect(granted(budget)).toBe(1);
  repeat(10, () => budget.finished(0));
  repeat(2, () => budget.ended(true, true, false, 0));
  // 15 under way allow 3, and 3 are.
  expect(granted(budget)).toBe(0);
});

it("active: ends without a start -> nobody gets more than before", () => {
  const budget = retryBudgetOf({ kind: "active", ratio: 1, minConcurrency: 1 });
  repeat(5, () => budget.ended(true, true, false, 0));
  repeat(5, () => budget.finished(0));
  expect(granted(budget)).toBe(1);
  repeat(3, () => budget.requested(0));
  expect(granted(budget)).toBe(2);
});

// Source: gRPC A6: retries stop at or below half of maxTokens; a failure costs 1, a success gives tokenRatio.
it("throttle: 10 and 0.5 -> five failures stop retries, one success allows them, counts stay within 0 and 10", () => {
  const budget = retryBudgetOf({ kind: "throttle", maxTokens: 10, tokenRatio: 0.5 });
  const fails = (times: number): boolean => {
    repeat(times, () => budget.ended(false, false, false, 0));
    return budget.take(0, false);
  };
  const succeeds = (times: number): boolean => {
    repeat(times, () => budget.ended(true, false, false, 0));
    return budget.take(0, false);
  };
  expect([budget.take(0, false), succeeds(50), fails(4), fails(1), succeeds(1)]).toEqual([true, true, true, false, true]);
  expect([fails(50), succeeds(10), succeeds(1)]).toEqual([false, false, true]);
});

it("bucket: 3 and 0.5 -> a retry while more than one is left; each request adds, up to the capacity", () => {
  const budget = retryBudgetOf({ kind: "bucket", capacity: 3, ratio: 0.5 });
  expect(granted(budget)).toBe(2);
  budget.requested(0);
  expect([granted(budget), granted(budget)]).toEqual([1, 0]);
  repeat(50, () => budget.requested(0));
  expect(granted(budget)).toBe(2);
});

it("failureBreaker: 10 % -> retries pass while at most one of ten attempts failed, and are never charged", () => {
  const budget = retryBudgetOf({ kind: "failureBreaker", failureRatio: 0.1 });
  const ends = (successes: number, failures: number): boolean => {
    repeat(successes, () => budget.ended(true, false, false, 0));
    repeat(failures, () => budget.ended(false, false, false, 0));
    return budget.take(0, false);
  };
  expect([budget.take(0, false), ends(9, 1), ends(0, 1), ends(8, 0), ends(1, 0)]).toEqual([true, true, false, false, true]);
  expect(granted(budget)).toBe(100);
});

// Source: AWS SDKs, standard retry mode: a retry costs 5, after a timeout 10; a first success gives 1 back, one of a retry its cost.
it("quota: 20, 5, 10, 1 -> spent by retries, refilled by successes alone, up to the capacity", () => {
  const budget = retryBudgetOf({ kind: "quota", capacity: 20, retryCost: 5, timeoutCost: 10, successCredit: 1 });
  expect([budget.take(0, true), granted(budget)]).toEqual([true, 2]);
  repeat(50, () => budget.ended(false, true, false, 0));
  expect(granted(budget)).toBe(0);
  repeat(4, () => budget.ended(true, false, false, 0));
  expect(granted(budget)).toBe(0);
  budget.ended(true, false, false, 0);
  expect(granted(budget)).toBe(1);
  repeat(2, () => budget.ended(true, true, false, 0));
  expect([budget.take(0, true), granted(budget)]).toEqual([true, 0]);
  repeat(50, () => budget.ended(true, true, false, 0));
  expect(granted(budget)).toBe(4);
});
