import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

/** What a hedging policy is asked to do, and what the laws hold it to. */
export interface HedgeSpec {
  /** Between attempts without a final answer. */
  readonly delayMs: number;
  readonly maxAttempts: number;
  /** Attempts beyond the first: <= ratio * requests + burst. */
  readonly budget: { readonly ratio: number; readonly burst: number };
}

export interface HedgeUnderTest {
  /** Each attempt has a signal of its own, which tells it that it lost. */
  readonly execute: (attempt: (options: { readonly signal: AbortSignal }) => Promise<unknown>) => unknown;
}

/** A failure after which no other attempt can succeed. */
export class FatalFailure extends Error {
  override readonly name = "FatalFailure";
}

/** What the kit needs to know to try out a hedging policy. */
export interface HedgeAdapter {
  readonly family: "hedge";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly spec: HedgeSpec;
  readonly make: (spec: HedgeSpec, laboratory: Laboratory) => HedgeUnderTest;
}
