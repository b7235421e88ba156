import type * as Effect from "effect/Effect";
import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

/** What a retry policy is asked to do, and what the laws hold it to. */
export interface RetrySpec {
  /** After the first attempt. */
  readonly retries: number;
  readonly backoffMs: number;
}

export interface RetryUnderTest {
  readonly execute: (attempt: () => Promise<unknown>, options: { readonly signal: AbortSignal }) => unknown;
}

/** What the kit needs to know to try out a retry policy. */
export interface RetryAdapter {
  readonly family: "retry";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly spec: RetrySpec;
  readonly make: (
    spec: RetrySpec,
    laboratory: Laboratory,
  ) => RetryUnderTest | Promise<RetryUnderTest> | Effect.Effect<RetryUnderTest, unknown>;
}
