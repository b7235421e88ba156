import type { Bound } from "./Bound.ts";

/** What a limiter is asked to do; an adapter turns it into the settings of its library. */
export interface LimiterSettings {
  /** Permits per window, and at once. */
  readonly limit: number;
  readonly windowMs: number;
}

/** A limiter's promise for a store that refuses, is silent or slow. */
export interface Outage {
  /** Every call has its decision within this time. */
  readonly decisionWithinMs: number;
  /** What passes then, over a whole history and all nodes together. */
  readonly bound: Bound;
}

/** The settings and the promises that the laws hold a limiter to. */
export interface RateLimiterSpec extends LimiterSettings {
  /** L-1 in full. */
  readonly bound: Bound;
  /** The bound that its documentation or its algorithm gives, where that is weaker. */
  readonly declaredBound?: Bound;
  /** After so long without an admitted call, a call of any cost up to the limit is admitted. */
  readonly fullAfterMs: number;
  /** Share of the permits that are used under saturation, where it is declared to be less than all. */
  readonly declaredUseRatio?: number;
  /** What holds while its store is away, where it has one. */
  readonly outage?: Outage;
  /** The same attempt is charged once within this time. */
  readonly remembersMs?: number;
  /** Jobs that may wait, where a limiter that waits bounds them. */
  readonly maxWaiting?: number;
  /** A bucket whose refill is continuous, so that each refusal must be justified by the bound. */
  readonly exact?: boolean;
}
