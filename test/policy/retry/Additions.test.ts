import fc from "fast-check";
import { expect, it } from "vitest";
import { AdaptiveRate } from "../../../src/policy/retry/AdaptiveRate.ts";
import { BucketBudget } from "../../../src/policy/retry/BucketBudget.ts";
import { childDeadlineMs, fitsDeadline } from "../../../src/policy/retry/Deadline.ts";
import { HedgePlan, HedgeStep } from "../../../src/policy/retry/HedgePlan.ts";
import { parseRetryAfterMs } from "../../../src/policy/retry/RetryAfter.ts";

it.each([
  ["0", 0],
  [" 120 ", 120_000],
  ["Wed, 21 Oct 2015 07:28:10 GMT", 10_000],
  ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
  ["-1", -1],
  ["1.5", -1],
  ["soon", -1],
  ["", -1],
  ["Wed, 99 Oct 2015 07:28:10 GMT", -1],
])("retry-after: %j -> %d", (header, expected) => {
  expect(parseRetryAfterMs(header, Date.UTC(2015, 9, 21, 7, 28, 0))).toBe(expected);
});

it("deadline: of a child -> the earlier of the parent's, less the way back, and its own limit", () => {
  expect([childDeadlineMs(1000, 50, 300, 100), childDeadlineMs(1000, 50, 5000, 100), childDeadlineMs(Infinity, 50, 300, 100)]).toEqual([
    400, 950, 400,
  ]);
  expect([fitsDeadline(100, 200, 100), fitsDeadline(101, 200, 100), fitsDeadline(0, 200, 200)]).toEqual([true, false, false]);
});

it("hedge: any ends -> at most maxAttempts in flight, hedges are paid, one end per request", () => {
  const op = fc.record({ gapMs: fc.constantFrom(0, 49, 50, 51), what: fc.constantFrom("wait", "fail", "fail", "fatal", "succeed") });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 2, max: 4 }),
      fc.array(op, { minLength: 4, maxLength: 20, size: "max" }),
      (maxAttempts, capacity, list) => {
        const plan = new HedgePlan({ delayMs: 50, maxAttempts }, new BucketBudget({ capacity, ratio: 0.1 }));
        plan.begin(0);
        let [nowMs, started, ends, dueMs] = [0, 1, 0, 50];
        for (const { gapMs, what } of list) {
          nowMs += gapMs;
          const before = plan.nextMs;
          if (plan.hedge(nowMs)) {
            expect(nowMs).toBeGreaterThanOrEqual(Math.max(dueMs, before));
            started++;
            dueMs = nowMs + 50;
          }
          if (what !== "wait") {
            const step = plan.ended(what === "succeed", what === "fatal", false, nowMs);
            if (step === HedgeStep.StartNow) {
              started++;
              dueMs = nowMs + 50;
            }
            if (step === HedgeStep.Succeed || step === HedgeStep.Fail) ends++;
            if (ends > 0) expect(plan.nextMs).toBe(Infinity);
          }
          expect(plan.inFlight).toBeLessThanOrEqual(maxAttempts);
        }
        expect(started).toBeLessThanOrEqual(Math.min(maxAttempts, capacity));
        expect(ends).toBeLessThanOrEqual(1);
      },
    ),
  );
});

it("adaptiveRate: no throttling -> unlimited; a backend that takes 20 of 100 per second -> sent stays near 20 per second and recovers after", () => {
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
