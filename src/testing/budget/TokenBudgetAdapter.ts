import type { Laboratory, LaboratoryOptions } from "../Laboratory.ts";

/** What a budget counts: one per request, all tokens of it, those of its prompt, or those of its answer. */
export type BudgetUnit = "requests" | "tokens" | "inputTokens" | "outputTokens";

export interface BudgetSpec {
  readonly unit: BudgetUnit;
  /** Refill, continuous: so many in `perMs`. */
  readonly permits: number;
  readonly perMs: number;
  readonly burst: number;
}

/** Budgets that a call holds at once, and what the laws hold them to. */
export interface TokenBudgetSpec {
  readonly budgets: ReadonlyArray<BudgetSpec>;
  /** Most output tokens that an estimate counts. */
  readonly outputCapTokens: number;
  /** A reservation that nobody settled by then stays charged as estimated. */
  readonly leaseMs: number;
}

export interface TokenBudgetUnderTest {
  /** `id` where it was reserved; else how long to wait. */
  readonly reserve: (inputTokens: number, maxOutputTokens: number) => { readonly id: number } | { readonly waitMs: number };
  /** Whether it counted. */
  readonly settle: (id: number, inputTokens: number, outputTokens: number) => boolean;
  readonly refund: (id: number) => boolean;
  /** Whole permits that are left, by place in the spec; below 0 with debt. */
  readonly level: (budget: number) => number;
}

/** What the kit needs to know to try out token budgets. */
export interface TokenBudgetAdapter {
  readonly family: "tokenBudget";
  readonly name: string;
  readonly version?: string;
  readonly laboratory: LaboratoryOptions;
  readonly spec: TokenBudgetSpec;
  readonly make: (spec: TokenBudgetSpec, laboratory: Laboratory) => TokenBudgetUnderTest;
}
