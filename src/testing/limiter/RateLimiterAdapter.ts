import type * as Effect from "effect/Effect";
import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";
import type { LimiterSettings, RateLimiterSpec } from "./RateLimiterSpec.ts";

export interface Decision {
  readonly admitted: boolean;
  /** How long to wait, as the limiter tells it with a refusal. */
  readonly waitMs?: number;
  /** What was thrown, where that was the refusal. */
  readonly because?: string;
}

export interface Consume {
  readonly key: string;
  readonly cost: number;
  /** Processes share a store; each has its own clock. */
  readonly node: number;
  /** Names the attempt: the same id, sent again, is the same attempt. */
  readonly id: string;
}

/** A limiter that answers at once. A rejection or a thrown error is a refusal. */
export interface RefusingLimiter {
  readonly consume: (call: Consume) => Decision | Promise<Decision> | Effect.Effect<Decision, unknown>;
  /** Keys for which it holds state. */
  readonly liveKeys?: () => number | Promise<number>;
  readonly reconfigure?: (settings: LimiterSettings) => void;
  /** What each part of a composite would admit now. */
  readonly partsLeft?: (key: string) => ReadonlyArray<number>;
  /** The store comes back without data. */
  readonly wipe?: () => Promise<unknown>;
  readonly dispose?: () => void;
}

/** A limiter that starts each job when its turn comes. */
export interface WaitingLimiter {
  readonly submit: (job: () => Promise<unknown>, options: { readonly signal: AbortSignal }) => unknown;
  readonly dispose?: () => void;
}

/** Which laws apply: what a limiter cannot do is not asked of it. */
export interface LimiterFeatures {
  /** Processes that can share one limiter (default 1). */
  readonly nodes?: number;
  /** Calls may cost more than one permit. */
  readonly costs?: boolean;
  /** Refusals tell how long to wait. */
  readonly hints?: boolean;
  /** `liveKeys` works. */
  readonly countsKeys?: boolean;
  /** A job that waits can be given up. */
  readonly aborting?: boolean;
  readonly reconfiguring?: boolean;
  /** `partsLeft` works. */
  readonly parts?: boolean;
  /** It reads `laboratory.readingMs`, so that older readings can reach it. */
  readonly readings?: boolean;
  /** It sends its commands through `laboratory.store`, and knows attempts by their id. */
  readonly store?: boolean;
  /** It decides by itself what a failed command means; then the laws about attempts that are sent again are not asked of it. */
  readonly guarded?: boolean;
  /** Each call is dear, as with a script engine: fewer histories. */
  readonly slow?: boolean;
}

interface LimiterAdapterBase {
  readonly family: "limiter";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly features: LimiterFeatures;
  /** Tried with this unless told otherwise. */
  readonly spec: RateLimiterSpec;
  /** Properties that it is declared not to keep, by law; then the weaker form is checked. */
  readonly declared?: { readonly [law: string]: string };
  /** Ends what the adapter started for itself, such as a server. */
  readonly close?: () => Promise<void>;
}

export interface RefusingAdapter extends LimiterAdapterBase {
  readonly behavior: "refuses";
  /** Throws for settings that it refuses. `scope` begins each key, where a store outlives the history. */
  readonly make: (settings: LimiterSettings, laboratory: Laboratory, scope: string) => RefusingLimiter | Promise<RefusingLimiter>;
}

export interface WaitingAdapter extends LimiterAdapterBase {
  readonly behavior: "waits";
  readonly make: (settings: LimiterSettings, laboratory: Laboratory) => WaitingLimiter | Promise<WaitingLimiter>;
}

/** A limiter of concurrency: so many jobs at once, so many in the queue. */
export interface BulkheadAdapter extends LimiterAdapterBase {
  readonly behavior: "bulkhead";
  readonly slots: number;
  readonly make: (settings: LimiterSettings, laboratory: Laboratory) => WaitingLimiter | Promise<WaitingLimiter>;
}

/** What the kit needs to know to try out a limiter. */
export type RateLimiterAdapter = RefusingAdapter | WaitingAdapter | BulkheadAdapter;
