import { ActiveBudget } from "./ActiveBudget.ts";
import { ClientBucket } from "./ClientBucket.ts";
import { QuotaBudget } from "./QuotaBudget.ts";
import { RatioBudget } from "./RatioBudget.ts";
import { RetryBreaker } from "./RetryBreaker.ts";
import type { RetryBudget } from "./RetryBudget.ts";
import type { RetryBudgetSpec } from "./RetryBudgetSpec.ts";
import { SuccessBudget } from "./SuccessBudget.ts";

/** A new budget with fresh state for one client. Throws SettingFault. */
export function retryBudgetOf(spec: RetryBudgetSpec): RetryBudget {
  switch (spec.kind) {
    case "ratio":
      return new RatioBudget(spec);
    case "active":
      return new ActiveBudget(spec);
    case "success":
      return new SuccessBudget(spec);
    case "quota":
      return new QuotaBudget(spec);
    case "clientBucket":
      return new ClientBucket(spec);
    case "retryBreaker":
      return new RetryBreaker(spec.failureRatio);
  }
}
