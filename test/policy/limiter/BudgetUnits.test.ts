import { expect, it } from "vitest";
import { TokenBudgets } from "../../../src/policy/limiter/index.ts";

const budget = (unit: "requests" | "tokens" | "inputTokens" | "outputTokens") => ({ unit, permits: 100, perMs: 60_000, burst: 100 });
const SETTINGS = { outputCapTokens: 20, cachedInputCounts: false, leaseMs: 5000, maxReservations: 2 };

it("tokenBudgets: each unit -> charged with what it counts, reserved and then settled", () => {
  const units = ["requests", "tokens", "inputTokens", "outputTokens"] as const;
  const budgets = new TokenBudgets({ ...SETTINGS, budgets: units.map(budget) });
  const levels = (nowMs: number) => units.map((_, i) => budgets.level(i, nowMs));
  const first = budgets.reserve(30, 10, 50, 0);
  expect(levels(0)).toEqual([99, 60, 80, 80]);
  expect([budgets.settle(first, 30, 10, 5, 0), levels(0)]).toEqual([true, [99, 75, 80, 95]]);
  const second = budgets.reserve(10, 0, 5, 0);
  expect([budgets.refund(second, 0), levels(0), budgets.ignored]).toEqual([true, [99, 75, 80, 95], 0]);
});

it("tokenBudgets: no reservation left -> until the oldest lease ends; ends that came second or too late are counted", () => {
  const budgets = new TokenBudgets({ ...SETTINGS, budgets: [budget("requests")] });
  expect([budgets.reserve(1, 0, 1, 0), budgets.reserve(1, 0, 1, 1000), budgets.reserve(1, 0, 1, 2000)]).toEqual([0, 1, -1]);
  expect(budgets.retryAfterMs).toBe(3000);
  expect([budgets.reserve(1, 0, 1, 5000), budgets.expired, budgets.ignored]).toEqual([2, 1, 0]);
  expect([budgets.settle(0, 1, 0, 1, 5000), budgets.refund(1, 5000), budgets.refund(1, 5000), budgets.ignored]).toEqual([
    false,
    true,
    false,
    2,
  ]);
});
