import { ConcurrencyLimit } from "../../policy/concurrency/ConcurrencyLimit.ts";
import { TokenBudgets } from "../../policy/limiter/TokenBudgets.ts";
import type { TokenBudgetAdapter, TokenBudgetSpec } from "../budget/TokenBudgetAdapter.ts";
import type { ConcurrencyAdapter } from "../concurrency/ConcurrencyAdapter.ts";

/** Requests and tokens per minute, held at once: buckets, and fixed windows beside a bucket. */
export const TOKEN_BUDGETS: TokenBudgetSpec = {
  budgets: [
    { unit: "requests", permits: 60, perMs: 60_000, burst: 10 },
    { unit: "tokens", permits: 6000, perMs: 60_000, burst: 1000 },
    { unit: "outputTokens", permits: 4000, perMs: 60_000, burst: 900 },
  ],
  outputCapTokens: 400,
  leaseMs: 30_000,
};
export const WINDOWED_BUDGETS: TokenBudgetSpec = {
  budgets: [
    { unit: "requests", limit: 10, windowMs: 60_000 },
    { unit: "tokens", limit: 1000, windowMs: 10_000 },
    { unit: "outputTokens", permits: 4000, perMs: 60_000, burst: 900 },
  ],
  outputCapTokens: 400,
  leaseMs: 30_000,
};

/** Spillway's token budgets. */
export const spillwayTokenBudgets = (): ReadonlyArray<TokenBudgetAdapter> => [
  budgets("spillway-token-budgets", TOKEN_BUDGETS),
  budgets("spillway-token-budgets-window", WINDOWED_BUDGETS),
];

const budgets = (name: string, given: TokenBudgetSpec): TokenBudgetAdapter => ({
  family: "tokenBudget",
  name,
  laboratory: { answering: "sync" },
  spec: given,
  make: (spec, laboratory) => {
    const made = new TokenBudgets({ ...spec, cachedInputCounts: true, maxReservations: 1000 });
    const now = (): number => laboratory.elapsedMs;
    return {
      reserve: (input, output) => {
        const id = made.reserve(input, 0, output, now());
        return id >= 0 ? { id } : { waitMs: made.retryAfterMs };
      },
      settle: (id, input, output) => made.settle(Number(id), input, 0, output, now()),
      refund: (id) => made.refund(Number(id), now()),
      levels: () => spec.budgets.map((_, budget) => made.level(budget, now())),
    };
  },
});

/** Spillway's limit of what is in flight, with leases. */
export const spillwayConcurrency = (): ConcurrencyAdapter => ({
  family: "concurrency",
  name: "spillway-concurrency",
  laboratory: { answering: "sync" },
  spec: { limit: 4, leaseMs: 5000 },
  make: ({ limit, leaseMs }, laboratory) => {
    const limiter = new ConcurrencyLimit({ limit, tenants: 1, leaseMs, maxPermits: 100 });
    return {
      acquire: (weight) => {
        const permit = limiter.acquire(0, weight, laboratory.elapsedMs);
        return permit < 0 ? undefined : permit;
      },
      release: (permit) => limiter.release(permit, laboratory.elapsedMs),
      reconfigure: (next) => limiter.reconfigure(next, next),
    };
  },
});
