import type { CircuitBreakerSpec } from "../../src/testing/breaker/BreakerSpec.ts";
import type { RateLimiterSpec } from "../../src/testing/limiter/RateLimiterSpec.ts";

/** A property violation known by measurement: the kit must find it by itself, no longer than people did. */
export interface KnownViolation {
  readonly id: string;
  readonly adapter: string;
  /** Law, with its part. */
  readonly law: string;
  /** Operations of the known counterexample: calls, outcomes, steps of time and clocks. */
  readonly operations: number;
  readonly breaker?: Partial<CircuitBreakerSpec>;
  readonly limiter?: Partial<RateLimiterSpec>;
}

const ONE_FAILURE = { trip: { consecutive: 1 } };

export const KNOWN_VIOLATIONS: ReadonlyArray<KnownViolation> = [
  { id: "K-1", adapter: "cockatiel-consecutive", law: "B-4", operations: 8 },
  { id: "K-2", adapter: "cockatiel-consecutive", law: "B-5", operations: 11 },
  { id: "K-3", adapter: "cockatiel-consecutive", law: "B-10", operations: 7 },
  { id: "K-4", adapter: "cockatiel-sampling", law: "B-19 stale failures", operations: 3 },
  { id: "K-5", adapter: "cockatiel-sampling", law: "B-19 stale successes", operations: 13 },
  // call, fail, tick, call, a second call, abort.
  { id: "K-6", adapter: "cockatiel-consecutive", law: "B-13 abort", operations: 7, breaker: ONE_FAILURE },
  { id: "K-6", adapter: "cockatiel-consecutive", law: "B-11", operations: 7, breaker: ONE_FAILURE },
  { id: "K-7", adapter: "cockatiel-consecutive", law: "B-13 herd", operations: 7, breaker: ONE_FAILURE },
  { id: "K-8", adapter: "cockatiel-retry", law: "R-3", operations: 4 },
  { id: "K-8", adapter: "cockatiel-retry", law: "R-4", operations: 3 },
  { id: "K-9", adapter: "cockatiel-bulkhead", law: "L-17", operations: 5 },
  { id: "K-10", adapter: "opossum", law: "B-3", operations: 7 },
  { id: "K-11", adapter: "rate-limiter-flexible", law: "L-2", operations: 3 },
  { id: "K-11", adapter: "rate-limiter-flexible", law: "L-6 costs", operations: 3 },
  { id: "K-17", adapter: "p-queue", law: "L-1", operations: 8 },
  { id: "E-1", adapter: "effect-token-bucket", law: "L-1 clocks", operations: 3 },
  {
    id: "E-2",
    adapter: "effect-token-bucket",
    law: "L-11 enough",
    operations: 12,
    limiter: { limit: 10, windowMs: 10_000, bound: { bucket: { capacity: 10, perSecond: 1 } }, fullAfterMs: 10_000 },
  },
  { id: "E-3", adapter: "effect-token-bucket", law: "L-12", operations: 4 },
  { id: "E-4", adapter: "effect-fixed-window", law: "L-1", operations: 22 },
  { id: "E-5", adapter: "effect-token-bucket", law: "L-2", operations: 3 },
  {
    id: "E-5",
    adapter: "effect-fixed-window",
    law: "L-2",
    operations: 3,
    limiter: { limit: 1, windowMs: 1000, bound: { window: { limit: 1, ms: 1000 } }, fullAfterMs: 1000 },
  },
  { id: "E-6", adapter: "effect-fixed-window", law: "L-6 costs", operations: 7 },
  { id: "E-7", adapter: "effect-token-bucket", law: "L-6 settings", operations: 1 },
  { id: "E-7", adapter: "effect-fixed-window", law: "L-6 settings", operations: 1 },
  // Three jobs, an interruption, and the time after which the third should have run.
  { id: "E-8", adapter: "effect-delay", law: "L-12", operations: 5 },
  { id: "E-9", adapter: "effect-token-bucket", law: "L-16", operations: 3 },
  { id: "E-9", adapter: "effect-fixed-window", law: "L-16", operations: 3 },
  { id: "E-10", adapter: "effect-consecutive", law: "B-10", operations: 5, breaker: ONE_FAILURE },
  { id: "E-11", adapter: "effect-consecutive", law: "B-11", operations: 6, breaker: ONE_FAILURE },
];
