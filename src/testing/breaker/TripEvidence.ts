import type { RateTrip, TripRule } from "./BreakerSpec.ts";

/** One completed call, in order of completion. */
export interface Sample {
  readonly atMs: number;
  readonly failed: boolean;
  /** Epoch in which the call was admitted. */
  readonly epoch: number;
}

/**
 * Whether some reading of the rule opens on these samples. A window in buckets may end anywhere within a bucket, so every such window
 * counts; what no reading allows is a violation.
 */
export const mayTrip = (rule: TripRule, samples: ReadonlyArray<Sample>, nowMs: number): boolean =>
  "consecutive" in rule
    ? trailingFailures(samples) >= rule.consecutive
    : windows(rule.rate, samples, nowMs).some((window) => reached(rule.rate, window));

/** Whether every reading of the rule opens on these samples. */
export const mustTrip = (rule: TripRule, samples: ReadonlyArray<Sample>, nowMs: number): boolean =>
  "consecutive" in rule
    ? trailingFailures(samples) >= rule.consecutive
    : windows(rule.rate, samples, nowMs).every((window) => reached(rule.rate, window));

/** Fewest failures in a row, from nothing, that open. */
export const failuresToTrip = (rule: TripRule): number => ("consecutive" in rule ? rule.consecutive : rule.rate.minCalls);

const trailingFailures = (samples: ReadonlyArray<Sample>): number => samples.length - 1 - samples.findLastIndex((sample) => !sample.failed);

const windows = (rate: RateTrip, samples: ReadonlyArray<Sample>, nowMs: number): ReadonlyArray<ReadonlyArray<Sample>> => {
  if ("calls" in rate.window) return [samples.slice(-rate.window.calls)];
  const { ms, bucketMs } = rate.window;
  const certain = samples.findIndex((sample) => nowMs - sample.atMs <= ms - bucketMs);
  const possible = samples.findIndex((sample) => nowMs - sample.atMs <= ms + bucketMs);
  if (possible < 0) return [[]];
  const last = certain < 0 ? samples.length : certain;
  return Array.from({ length: last - possible + 1 }, (_, skipped) => samples.slice(possible + skipped));
};

const reached = (rate: RateTrip, samples: ReadonlyArray<Sample>): boolean => {
  if (samples.length < rate.minCalls || samples.length === 0) return false;
  const failures = samples.filter((sample) => sample.failed).length;
  const bound = rate.thresholdRatio * samples.length;
  return rate.comparison === "over" ? failures > bound : failures >= bound && failures > 0;
};
