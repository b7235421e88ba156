import { ActiveBudget } from "./ActiveBudget.ts";
import { BucketBudget } from "./BucketBudget.ts";
import { FailureBreakerBudget } from "./FailureBreakerBudget.ts";
import { QuotaBudget } from "./QuotaBudget.ts";
import { RatioBudget } from "./RatioBudget.ts";
import type { RetryBudget } from "./RetryBudget.ts";
import type { RetryBudgetSpec } from "./RetryBudgetSpec.ts";
import { ThrottleBudget } from "./ThrottleBudget.ts";

/** A new budget with fresh state for one client. Throws SettingFault. */
export function retryBudgetOf(spec: RetryBudgetSpec): RetryBudget {
  switch (spec.kind) {
    case "ratio":
      return new RatioBudget(spec);
    case "active":
      return new ActiveBudget(spec);
    case "throttle":
      return new ThrottleBudget(spec);
    case "quota":
      return new QuotaBudget(spec);
    case "bucket":
      return new BucketBudget(spec);
    case "failureBreaker":
      return new FailureBreakerBudget(spec);
  }
}
