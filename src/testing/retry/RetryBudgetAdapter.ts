import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

/** Decides on retries; the trial tells it of every request and every end. */
export interface RetryBudgetUnderTest {
  /** A request starts: its first attempt. */
  readonly requested: () => void;
  /** Whether one more attempt may be sent. */
  readonly take: (afterTimeout: boolean) => boolean;
  /** `afterTimeout` as `take` was told when this attempt was granted. */
  readonly ended: (succeeded: boolean, retried: boolean, afterTimeout: boolean) => void;
  readonly finished: () => void;
  /** What is left of a quota. */
  readonly level?: () => number;
}

/** Attempts so far. */
export interface AttemptCounts {
  readonly attempts: number;
  readonly failures: number;
}

/** What a retry budget promises. Each promise has its law; those that it does not make are not asked of it. */
export interface RetryBudgetSpec {
  /** In any time t: retries <= ratio * requests of (t + lookback) + perSecond * (t + lookback) + burst. */
  readonly interval?: { readonly ratio: number; readonly perSecond: number; readonly burst: number; readonly lookbackMs: number };
  /** At any time: retries under way <= the larger of `least` and ratio * requests under way, rounded up. */
  readonly inFlight?: { readonly ratio: number; readonly least: number };
  /** After so many failures in a row no retry is granted. */
  readonly stopsAfterFailures?: number;
  /** A retry is granted while at most this share of attempts failed, and only then. */
  readonly failureRatio?: number;
  /** level = capacity - charges + credits, within 0..capacity; the success of a retry gives back what that retry cost. */
  readonly quota?: QuotaPromise;
  /** After so many successes at the first try, within so many ms, a retry is granted again. */
  readonly recovers: (counts: AttemptCounts) => { readonly successes: number; readonly ms: number };
}

export interface QuotaPromise {
  readonly capacity: number;
  readonly retryCost: number;
  readonly timeoutCost: number;
  /** What a success at the first try gives back. */
  readonly successCredit: number;
}

/** What the kit needs to know to try out a retry budget. */
export interface RetryBudgetAdapter {
  readonly family: "retryBudget";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly spec: RetryBudgetSpec;
  readonly make: (laboratory: Laboratory) => RetryBudgetUnderTest;
}
