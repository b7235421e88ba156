import type * as Effect from "effect/Effect";
import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

/** What a retry policy is asked to do, and what the laws hold it to. */
export interface RetrySpec {
  /** After the first attempt. */
  readonly retries: number;
  readonly backoffMs: number;
  /** Where the delay before retry 1, 2, ... is drawn: least and most, in ms. */
  readonly delayMs?: (retry: number) => readonly [number, number];
}

export interface RetryCall {
  readonly signal: AbortSignal;
  /** By the monotone clock; Infinity: none. */
  readonly deadlineMs: number;
  /** Takes how long each attempt took, in ms. */
  readonly sample: (ms: number) => void;
}

export interface RetryUnderTest {
  readonly execute: (attempt: () => Promise<unknown>, call: RetryCall) => unknown;
}

/** Which laws apply: what a retry policy cannot do is not asked of it. */
export interface RetryFeatures {
  /** It reads `ServerHint`s. */
  readonly hints?: boolean;
  /** It knows `RejectedLocally`. */
  readonly localRejections?: boolean;
  readonly deadlines?: boolean;
  /** It gives latency samples. */
  readonly samples?: boolean;
}

/** The attempt failed, and the server says when to come again, as in HTTP's Retry-After. */
export class ServerHint extends Error {
  override readonly name = "ServerHint";
  declare readonly retryAfter: string;

  constructor(retryAfter: string) {
    super(`try again after ${retryAfter}`);
    this.retryAfter = retryAfter;
  }
}

/** The attempt never left the client: a breaker, a limiter or a bulkhead stopped it. */
export class RejectedLocally extends Error {
  override readonly name = "RejectedLocally";
}

/** What the kit needs to know to try out a retry policy. */
export interface RetryAdapter {
  readonly family: "retry";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly features?: RetryFeatures;
  readonly spec: RetrySpec;
  readonly make: (
    spec: RetrySpec,
    laboratory: Laboratory,
  ) => RetryUnderTest | Promise<RetryUnderTest> | Effect.Effect<RetryUnderTest, unknown>;
}
