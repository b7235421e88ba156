import { backoffMs, hintedMs } from "../../policy/retry/Backoff.ts";
import type { BackoffSettings } from "../../policy/retry/Backoff.ts";
import { BucketBudget } from "../../policy/retry/BucketBudget.ts";
import { fitsDeadline } from "../../policy/retry/Deadline.ts";
import { HedgePlan, HedgeStep } from "../../policy/retry/HedgePlan.ts";
import { QuotaBudget } from "../../policy/retry/QuotaBudget.ts";
import { parseRetryAfterMs } from "../../policy/retry/RetryAfter.ts";
import type { RetryBudgetSpec as OurBudget } from "../../policy/retry/RetryBudgetSpec.ts";
import { retryBudgetOf } from "../../policy/retry/retryBudgetOf.ts";
import { FatalFailure } from "../hedge/HedgeAdapter.ts";
import type { HedgeAdapter } from "../hedge/HedgeAdapter.ts";
import type { Laboratory } from "../Laboratory.ts";
import { RejectedLocally, ServerHint } from "../retry/RetryAdapter.ts";
import type { RetryAdapter } from "../retry/RetryAdapter.ts";
import type { RetryBudgetAdapter, RetryBudgetSpec } from "../retry/RetryBudgetAdapter.ts";

const BACKOFF: BackoffSettings = { baseMs: 1000, factor: 2, capMs: 5000, jitter: "equal" };
/** No timer fires earlier; what starts then must still be in time. */
const SHORTEST_WAIT_MS = 1;
/** A timer beyond this fires at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Spillway's backoff, server hints and deadlines, in a loop around attempts. */
export const spillwayRetry = (): RetryAdapter => ({
  family: "retry",
  name: "spillway-retry",
  laboratory: { answering: "turn" },
  features: { hints: true, localRejections: true, deadlines: true, samples: true },
  spec: {
    retries: 4,
    backoffMs: 1000,
    delayMs: (retry) => {
      const mostMs = Math.min(5000, 1000 * 2 ** (retry - 1));
      return [mostMs / 2, mostMs + 1];
    },
  },
  make: ({ retries }, laboratory) => {
    const draw = drawsOf(1);
    const waitMs = (error: unknown, retry: number): number => {
      if (retry > retries || error instanceof RejectedLocally) return Infinity;
      const hintMs = error instanceof ServerHint ? parseRetryAfterMs(error.retryAfter, laboratory.nowMs()) : Number.NaN;
      return Math.max(SHORTEST_WAIT_MS, Math.ceil(hintedMs(backoffMs(BACKOFF, retry, draw()), hintMs)));
    };
    return {
      execute: async (attempt, { signal, deadlineMs, sample }) => {
        for (let retry = 1; ; retry++) {
          const startMs = laboratory.elapsedMs;
          try {
            const value = await attempt();
            sample(laboratory.elapsedMs - startMs);
            return value;
          } catch (error) {
            sample(laboratory.elapsedMs - startMs);
            const ms = waitMs(error, retry);
            if (signal.aborted || !(ms <= LONGEST_WAIT_MS) || !fitsDeadline(ms + 1, deadlineMs, laboratory.elapsedMs)) throw error;
            await waited(laboratory, ms, signal);
          }
        }
      },
    };
  },
});

const waited = (laboratory: Laboratory, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
    laboratory.time.after(ms, resolve);
  });

/** Numbers in 0..1 that look random and are always the same. */
const drawsOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

const QUOTA = { capacity: 20, retryCost: 5, timeoutCost: 10, successCredit: 1 };

/** Spillway's retry budgets, one adapter per kind. */
export const spillwayRetryBudgets = (): ReadonlyArray<RetryBudgetAdapter> => [
  budget(
    "spillway-retry-ratio",
    { kind: "ratio", ratio: 0.2, minPerSecond: 0.5, ttlMs: 10_000 },
    {
      interval: { ratio: 0.2, perSecond: 0.5, burst: 0, lookbackMs: 11_000 },
      recovers: () => ({ successes: 0, ms: 11_000 }),
    },
  ),
  budget(
    "spillway-retry-active",
    { kind: "active", ratio: 0.2, minConcurrency: 2 },
    {
      inFlight: { ratio: 0.2, least: 2 },
      recovers: () => ({ successes: 0, ms: 0 }),
    },
  ),
  budget(
    "spillway-retry-throttle",
    { kind: "throttle", maxTokens: 10, tokenRatio: 0.1 },
    {
      stopsAfterFailures: 5,
      recovers: () => ({ successes: 51, ms: 0 }),
    },
  ),
  budget(
    "spillway-retry-quota",
    { kind: "quota", ...QUOTA },
    {
      quota: QUOTA,
      recovers: () => ({ successes: QUOTA.retryCost, ms: 0 }),
    },
  ),
  budget(
    "spillway-retry-bucket",
    { kind: "bucket", capacity: 5, ratio: 0.1 },
    {
      interval: { ratio: 0.1, perSecond: 0, burst: 5, lookbackMs: 0 },
      recovers: () => ({ successes: 11, ms: 0 }),
    },
  ),
  budget(
    "spillway-retry-failure-breaker",
    { kind: "failureBreaker", failureRatio: 0.1 },
    {
      failureRatio: 0.1,
      recovers: ({ attempts, failures }) => ({ successes: Math.max(0, Math.ceil(failures / 0.1) - attempts + 1), ms: 0 }),
    },
  ),
];

const budget = (name: string, ours: OurBudget, spec: RetryBudgetSpec): RetryBudgetAdapter => ({
  family: "retryBudget",
  name,
  laboratory: { answering: "sync" },
  spec,
  make: (laboratory) => {
    const made = retryBudgetOf(ours);
    return {
      requested: () => made.requested(laboratory.elapsedMs),
      take: (afterTimeout) => made.take(laboratory.elapsedMs, afterTimeout),
      ended: (succeeded, retried, afterTimeout) => made.ended(succeeded, retried, afterTimeout, laboratory.elapsedMs),
      finished: () => made.finished(laboratory.elapsedMs),
      ...(made instanceof QuotaBudget ? { level: () => made.level } : {}),
    };
  },
});

/** Spillway's hedging, paid from a bucket of retries. */
export const spillwayHedge = (): HedgeAdapter => ({
  family: "hedge",
  name: "spillway-hedge",
  laboratory: { answering: "turn" },
  spec: { delayMs: 100, maxAttempts: 3, budget: { ratio: 0.1, burst: 5 } },
  make: (spec, laboratory) => {
    const paidFrom = new BucketBudget({ capacity: spec.budget.burst, ratio: spec.budget.ratio });
    return { execute: (attempt) => hedged(attempt, new HedgePlan(spec, paidFrom), laboratory) };
  },
});

type Attempt = Parameters<ReturnType<HedgeAdapter["make"]>["execute"]>[0];

const hedged = (attempt: Attempt, plan: HedgePlan, laboratory: Laboratory): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const running = new Set<AbortController>();
    let alarms = 0;
    const start = (paid: boolean): void => {
      const controller = new AbortController();
      running.add(controller);
      const ended = (succeeded: boolean, value: unknown): void => {
        running.delete(controller);
        const step = plan.ended(succeeded, value instanceof FatalFailure, paid, laboratory.elapsedMs);
        if (step === HedgeStep.StartNow) start(true);
        if (step !== HedgeStep.Succeed && step !== HedgeStep.Fail) return;
        for (const loser of running) loser.abort();
        if (step === HedgeStep.Succeed) resolve(value);
        else reject(value instanceof Error ? value : new Error("failed"));
      };
      attempt({ signal: controller.signal }).then(
        (value) => ended(true, value),
        (error: unknown) => ended(false, error),
      );
      arm();
    };
    const arm = (): void => {
      const mine = ++alarms;
      if (plan.nextMs === Infinity) return;
      laboratory.time.after(plan.nextMs - laboratory.elapsedMs, () => {
        if (mine === alarms && plan.hedge(laboratory.elapsedMs)) start(true);
      });
    };
    plan.begin(laboratory.elapsedMs);
    start(false);
  });
