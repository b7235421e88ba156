import { RedisTokenBudgets } from "../../live/redis/RedisTokenBudgets.ts";
import type { SharedReservation } from "../../live/redis/RedisTokenBudgets.ts";
import type { TokenBudgetAdapter, TokenBudgetSpec } from "../budget/TokenBudgetAdapter.ts";
import { scriptStore, through } from "./scriptStore.ts";
import type { ScriptStore } from "./scriptStore.ts";
import { TOKEN_BUDGETS, WINDOWED_BUDGETS } from "./SpillwayAdmission.ts";

/** Spillway's token budgets shared through Redis: two nodes, one set of budgets, on the store's clock. */
export const spillwayRedisBudgets = async (): Promise<ReadonlyArray<TokenBudgetAdapter>> => {
  const store = await scriptStore();
  return [
    adapter("spillway-redis-token-budgets", TOKEN_BUDGETS, store),
    adapter("spillway-redis-token-budgets-window", WINDOWED_BUDGETS, store),
  ];
};

const adapter = (name: string, given: TokenBudgetSpec, { redis, version, close }: ScriptStore): TokenBudgetAdapter => ({
  family: "tokenBudget",
  name,
  version,
  ...(close === undefined ? {} : { close }),
  laboratory: { answering: "io", turns: 3 },
  features: { nodes: 2, store: true, slow: true },
  spec: given,
  make: (spec, laboratory, scope) => {
    const node = (): RedisTokenBudgets =>
      new RedisTokenBudgets(through(laboratory, redis), {
        ...spec,
        cachedInputCounts: true,
        maxReservations: 1000,
        prefix: scope,
        attemptTtlMs: 60_000,
      });
    const nodes = [node(), node()] as const;
    const nowMs = (): number => laboratory.time.trueMs;
    return {
      reserve: async (input, output, { attempt, node: at }) => {
        const reply = await nodes[at]!.reserve("k", attempt, input, 0, output, nowMs());
        return reply.admitted ? { id: reply.reservation } : { waitMs: reply.retryAfterMs };
      },
      settle: (id, input, output, { attempt, node: at }) => nodes[at]!.settle(id as SharedReservation, attempt, input, 0, output, nowMs()),
      refund: (id, { attempt, node: at }) => nodes[at]!.refund(id as SharedReservation, attempt, nowMs()),
      levels: () => nodes[0].levels("k", nowMs()),
    };
  },
});
