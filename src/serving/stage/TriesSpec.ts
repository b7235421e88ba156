import type { RetryBudgetSpec } from "../../policy/retry/RetryBudgetSpec.ts";

/** The gateway's own tries. */
export interface TriesSpec {
  /** In all, the first one included. */
  readonly attempts: number;
  /** One for all that passes the gateway. */
  readonly budget?: RetryBudgetSpec;
}
