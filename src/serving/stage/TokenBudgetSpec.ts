import type { TokenBudgetsSettings } from "../../policy/limiter/TokenBudgets.ts";
import type { SharedPer } from "./sharedByKey.ts";

/** Budgets of requests and tokens per time. */
export interface TokenBudgetSpec extends TokenBudgetsSettings {
  /** Who shares a budget. */
  readonly per: SharedPer;
}
