import { ConcurrencyLimit } from "../../policy/concurrency/ConcurrencyLimit.ts";
import { TokenBudgets } from "../../policy/limiter/TokenBudgets.ts";
import type { TokenBudgetAdapter } from "../budget/TokenBudgetAdapter.ts";
import type { ConcurrencyAdapter } from "../concurrency/ConcurrencyAdapter.ts";

/** Spillway's token budgets: requests and tokens per minute, held at once. */
export const spillwayTokenBudgets = (): TokenBudgetAdapter => ({
  family: "tokenBudget",
  name: "spillway-token-budgets",
  laboratory: { answering: "sync" },
  spec: {
    budgets: [
      { unit: "requests", permits: 60, perMs: 60_000, burst: 10 },
      { unit: "tokens", permits: 6000, perMs: 60_000, burst: 1000 },
      { unit: "outputTokens", permits: 4000, perMs: 60_000, burst: 900 },
    ],
    outputCapTokens: 400,
    leaseMs: 30_000,
  },
  make: (spec, laboratory) => {
    const budgets = new TokenBudgets({ ...spec, cachedInputCounts: true, maxReservations: 1000 });
    const now = (): number => laboratory.elapsedMs;
    return {
      reserve: (input, output) => {
        const id = budgets.reserve(input, 0, output, now());
        return id >= 0 ? { id } : { waitMs: budgets.retryAfterMs };
      },
      settle: (id, input, output) => budgets.settle(id, input, 0, output, now()),
      refund: (id) => budgets.refund(id, now()),
      level: (budget) => budgets.level(budget, now()),
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
