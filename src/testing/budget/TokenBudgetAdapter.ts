import type * as Effect from "effect/Effect";
import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

/** What a budget counts: one per request, all tokens of it, those of its prompt, or those of its answer. */
export type BudgetUnit = "requests" | "tokens" | "inputTokens" | "outputTokens";

/** Refilled steadily: so many permits in `perMs`, at most `burst`. */
export interface SteadyBudget {
  readonly unit: BudgetUnit;
  readonly permits: number;
  readonly perMs: number;
  readonly burst: number;
}

/** So many permits per window; windows begin at multiples of their length on the component's clock. */
export interface WindowBudget {
  readonly unit: BudgetUnit;
  readonly limit: number;
  readonly windowMs: number;
}

export type BudgetSpec = SteadyBudget | WindowBudget;

/** Budgets that a call holds at once, and what the laws hold them to. */
export interface TokenBudgetSpec {
  readonly budgets: ReadonlyArray<BudgetSpec>;
  /** Most output tokens that an estimate counts. */
  readonly outputCapTokens: number;
  /** A reservation that nobody settled by then stays charged as estimated. */
  readonly leaseMs: number;
}

/** An answer at once, by promise or by Effect. */
export type Answer<A> = A | Promise<A> | Effect.Effect<A, unknown>;

/** Who sends a step: the same attempt, sent again, is the same step. */
export interface BudgetStep {
  readonly attempt: string;
  readonly node: number;
}

/** `id` where it was reserved, whatever it is; else how long to wait. */
export type Reserved = { readonly id: unknown } | { readonly waitMs: number };

export interface TokenBudgetUnderTest {
  readonly reserve: (inputTokens: number, maxOutputTokens: number, step: BudgetStep) => Answer<Reserved>;
  /** Whether it counted. */
  readonly settle: (id: unknown, inputTokens: number, outputTokens: number, step: BudgetStep) => Answer<boolean>;
  readonly refund: (id: unknown, step: BudgetStep) => Answer<boolean>;
  /** Whole permits that are left, by place in the spec; below 0 with debt. */
  readonly levels: () => Answer<ReadonlyArray<number>>;
}

/** Which laws apply: what a component cannot do is not asked of it. */
export interface TokenBudgetFeatures {
  /** Processes that share the budgets (default 1). */
  readonly nodes?: number;
  /** It sends its commands through `laboratory.store`, and knows steps by their attempt. */
  readonly store?: boolean;
  /** Each step is dear, as with a script engine: fewer histories. */
  readonly slow?: boolean;
}

/** What the kit needs to know to try out token budgets. */
export interface TokenBudgetAdapter {
  readonly family: "tokenBudget";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly features?: TokenBudgetFeatures;
  readonly spec: TokenBudgetSpec;
  readonly make: (spec: TokenBudgetSpec, laboratory: Laboratory, scope: string) => TokenBudgetUnderTest | Promise<TokenBudgetUnderTest>;
  /** Ends what the adapter started for itself, such as a server. */
  readonly close?: () => Promise<void>;
}
