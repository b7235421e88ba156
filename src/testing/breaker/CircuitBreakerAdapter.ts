import type * as Effect from "effect/Effect";
import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";
import type { BreakerSettings, CircuitBreakerSpec } from "./BreakerSpec.ts";

export type Phase = "closed" | "open" | "halfOpen";

/** What the backend of a call did. */
export type BreakerOutcome = "success" | "failure" | "ignored";

export interface BreakerCall {
  /** Processes share a store; each has its own clock. */
  readonly node: number;
  readonly signal: AbortSignal;
}

/** A breaker that runs the call itself. */
export interface ExecutingBreaker {
  /** Calls `work` if it is let through; rejects without calling it if not. */
  readonly execute: (work: () => Promise<unknown>, call: BreakerCall) => unknown;
}

/** A breaker that hands out permits; the caller reports what came of the call. */
export interface PermittingBreaker {
  readonly admit: (call: BreakerCall) => Permit | undefined | Promise<Permit | undefined> | Effect.Effect<Permit | undefined, unknown>;
}

export interface Permit {
  readonly settle: (outcome: BreakerOutcome) => unknown;
}

export type BreakerUnderTest = (ExecutingBreaker | PermittingBreaker) & {
  /** Read without side effects; for the laws about transitions. */
  readonly phase: () => Phase;
  readonly exportState?: () => unknown;
  readonly dispose?: () => void;
};

/** Which laws apply: what a breaker cannot do is not asked of it. */
export interface BreakerFeatures {
  /** Processes that can share one breaker (default 1). */
  readonly nodes?: number;
  /** It can be told to leave a call out of account: the work rejects with `IgnoredOutcome`, or the permit is settled so. */
  readonly ignoring?: boolean;
  /** It hands out permits, so that an outcome can be reported twice. */
  readonly permits?: boolean;
  /** It takes an abort signal, and calls may wait while it is half-open. */
  readonly aborting?: boolean;
  /** `exportState` and the second argument of `make` work. */
  readonly restoring?: boolean;
  /** `hooks.onTransition` is called by the library. */
  readonly hooks?: boolean;
  /** Timers fire all the time, so that years cannot be lived through. */
  readonly polling?: boolean;
  /** Bounds executions, or gives up on calls (needs `capacity` in the spec). */
  readonly bulkhead?: boolean;
}

export interface BreakerHooks {
  /** May throw, because hooks of users do. */
  readonly onTransition: () => void;
}

/** What the kit needs to know to try out a breaker. */
export interface CircuitBreakerAdapter {
  readonly family: "breaker";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly features: BreakerFeatures;
  /** Tried with this unless told otherwise. */
  readonly spec: CircuitBreakerSpec;
  /** Properties that it is declared not to keep, by law; then the weaker form named there is checked. */
  readonly declared?: { readonly [law: string]: string };
  /** Throws for settings that it refuses. */
  readonly make: (
    settings: BreakerSettings,
    laboratory: Laboratory,
    options: { readonly state?: unknown; readonly hooks: BreakerHooks; readonly spec: CircuitBreakerSpec },
  ) => BreakerUnderTest | Promise<BreakerUnderTest>;
}

/** A rejection of the backend that says nothing about its health. */
export class IgnoredOutcome extends Error {
  override readonly name = "IgnoredOutcome";
}
