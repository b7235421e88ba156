/** When a closed breaker opens. */
export type TripRule =
  /** So many failures in a row, in order of completion. */
  { readonly consecutive: number } | { readonly rate: RateTrip };

export interface RateTrip {
  /** Share of failures, 0..1. */
  readonly thresholdRatio: number;
  /** Whether a share equal to the threshold opens. */
  readonly comparison: "at-or-over" | "over";
  /** Fewest samples on which anything is decided. */
  readonly minCalls: number;
  /** The last so many completions, or those of the last so many ms. */
  readonly window: { readonly calls: number } | { readonly ms: number; readonly bucketMs: number };
}

/** What a breaker is asked to do; an adapter turns it into the settings of its library. */
export interface BreakerSettings {
  readonly trip: TripRule;
  readonly openForMs: number;
  /** Calls that may probe at once while half-open (default 1). */
  readonly probes?: number;
  /** Probes that must succeed before it closes (default 1). */
  readonly successesNeeded?: number;
}

/** The settings and the promises that the laws hold a breaker to. */
export interface CircuitBreakerSpec extends BreakerSettings {
  /** How long a probe that never settles may hold its slot. */
  readonly probeLeaseMs: number;
  /** How many waiting calls may start in the same instant when the breaker closes. */
  readonly releasedAtOnce: number;
  /** A circuit without calls for so long may be forgotten, and is then closed. */
  readonly forgottenAfterMs?: number;
  /** Executions at once, where the breaker bounds them. */
  readonly capacity?: number;
  /** After this time a caller is told that its call failed, where the breaker does so. */
  readonly callTimeoutMs?: number;
}
