import fc from "fast-check";
import { expect, it } from "vitest";
import { HedgePlan, HedgeStep } from "../../../src/policy/retry/HedgePlan.ts";
import type { RetryBudget } from "../../../src/policy/retry/RetryBudget.ts";
import { expectFaults } from "../Settings.ts";

/** A budget of so many grants that writes down what it is told. */
class Ledger implements RetryBudget {
  readonly name = "ledger";
  readonly told: Array<string> = [];
  grants: number;

  constructor(grants: number) {
    this.grants = grants;
  }

  requested(nowMs: number): void {
    this.told.push(`requested ${nowMs}`);
  }

  take(nowMs: number, afterTimeout: boolean): boolean {
    this.told.push(`take ${nowMs} ${afterTimeout}`);
    return this.grants-- > 0;
  }

  ended(succeeded: boolean, retried: boolean, _afterTimeout: boolean, nowMs: number): void {
    this.told.push(`ended ${succeeded} ${retried} ${nowMs}`);
  }

  finished(nowMs: number): void {
    this.told.push(`finished ${nowMs}`);
  }
}

const DELAY_MS = 50;
const { Wait, StartNow, Succeed, Fail } = HedgeStep;

const opened = (maxAttempts: number, grants: number): { readonly plan: HedgePlan; readonly ledger: Ledger } => {
  const ledger = new Ledger(grants);
  const plan = new HedgePlan({ delayMs: DELAY_MS, maxAttempts }, ledger);
  expect([plan.inFlight, plan.nextMs]).toEqual([0, Infinity]);
  plan.begin(0);
  return { plan, ledger };
};

it("hedge: silence -> an attempt at each delay, up to maxAttempts, each paid; the first success ends it", () => {
  const { plan, ledger } = opened(3, 9);
  expect([plan.inFlight, plan.nextMs]).toEqual([1, 50]);
  expect([plan.hedge(49), plan.hedge(50), plan.inFlight, plan.nextMs]).toEqual([false, true, 2, 100]);
  expect([plan.hedge(99), plan.hedge(110), plan.inFlight, plan.nextMs]).toEqual([false, true, 3, Infinity]);
  expect([plan.hedge(200), plan.ended(false, false, true, 210), plan.inFlight]).toEqual([false, Wait, 2]);
  expect([plan.ended(true, false, false, 220), plan.nextMs, plan.hedge(230), plan.ended(true, false, true, 240)]).toEqual([
    Succeed,
    Infinity,
    false,
    Wait,
  ]);
  expect(ledger.told).toEqual([
    "requested 0",
    "take 50 false",
    "take 110 false",
    "ended false true 210",
    "ended true false 220",
    "ended true true 220",
    "finished 220",
  ]);
});

it("hedge: a failure -> the next attempt at once, and its delay anew; the last failure fails the request", () => {
  const { plan } = opened(2, 9);
  expect([plan.ended(false, false, false, 10), plan.inFlight, plan.nextMs]).toEqual([StartNow, 1, Infinity]);
  expect([plan.ended(false, false, true, 20), plan.inFlight]).toEqual([Fail, 0]);
});

it("hedge: a fatal answer -> the request fails at once, whatever else is in flight", () => {
  const { plan, ledger } = opened(3, 9);
  plan.hedge(50);
  expect([plan.ended(false, true, false, 60), plan.nextMs, plan.hedge(200)]).toEqual([Fail, Infinity, false]);
  expect(ledger.told.at(-1)).toBe("finished 60");
});

it("hedge: a request given up -> what was paid for is told to have ended, once; nothing starts any more", () => {
  const { plan, ledger } = opened(3, 9);
  plan.hedge(50);
  plan.cancel(60);
  plan.cancel(70);
  expect(ledger.told.slice(2)).toEqual(["ended false true 60", "finished 60"]);
  expect([plan.nextMs, plan.hedge(200), plan.ended(true, false, true, 210)]).toEqual([Infinity, false, Wait]);
});

it("hedge: a refused hedge -> no more attempts, now or later, though the budget fills again", () => {
  const { plan, ledger } = opened(3, 0);
  expect([plan.hedge(50), plan.nextMs, plan.inFlight]).toEqual([false, Infinity, 1]);
  ledger.grants = 9;
  expect([plan.hedge(500), plan.ended(false, false, false, 510)]).toEqual([false, Fail]);
});

it("hedge: settings -> one delay and up to five attempts", () => {
  const constraints = { delayMs: "a finite number >= 0 <= 2147483647", maxAttempts: "a whole number >= 1 <= 5" };
  expectFaults("hedge", { delayMs: 50, maxAttempts: 3 }, constraints, (settings) => new HedgePlan(settings, new Ledger(0)));
});

it("hedge: any ends -> attempts and grants within their bounds, one end per request and per paid attempt, told to the budget once", () => {
  const op = fc.record({ gapMs: fc.constantFrom(0, 49, 50, 51), what: fc.constantFrom("wait", "fail", "fail", "fatal", "succeed") });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(op, { minLength: 4, maxLength: 20, size: "max" }),
      (maxAttempts, grants, list) => {
        const { plan, ledger } = opened(maxAttempts, grants);
        let [nowMs, started, inFlight, ends, dueMs] = [0, 1, 1, 0, DELAY_MS];
        let firstEnded = false;
        for (const { gapMs, what } of list) {
          nowMs += gapMs;
          if (plan.hedge(nowMs)) {
            expect(nowMs).toBeGreaterThanOrEqual(dueMs);
            [started, inFlight, dueMs] = [started + 1, inFlight + 1, nowMs + DELAY_MS];
          }
          if (what !== "wait" && inFlight > 0) {
            // The first attempt ends last.
            const step = plan.ended(what === "succeed", what === "fatal", inFlight > 1 || firstEnded, nowMs);
            if (inFlight === 1) firstEnded = true;
            inFlight--;
            if (step === StartNow) [started, inFlight, dueMs] = [started + 1, inFlight + 1, nowMs + DELAY_MS];
            if (step === Succeed || step === Fail) ends++;
          }
          if (ends === 0) expect(plan.inFlight).toBe(inFlight);
          expect(ends > 0 ? [Infinity] : [dueMs, Infinity]).toContain(plan.nextMs);
        }
        expect(started).toBeLessThanOrEqual(Math.min(maxAttempts, grants + 1));
        expect(ends).toBeLessThanOrEqual(1);
        expect(ledger.told.filter((line) => line.startsWith("finished")).length).toBe(ends);
        plan.cancel(nowMs);
        const endsOfPaid = ledger.told.filter((line) => /^ended \w+ true/u.test(line)).length;
        expect(endsOfPaid).toBe(started - 1);
      },
    ),
  );
});
