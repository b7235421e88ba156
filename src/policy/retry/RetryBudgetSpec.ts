import type { ActiveBudgetSettings } from "./ActiveBudget.ts";
import type { BucketBudgetSettings } from "./BucketBudget.ts";
import type { FailureBreakerSettings } from "./FailureBreakerBudget.ts";
import type { QuotaBudgetSettings } from "./QuotaBudget.ts";
import type { RatioBudgetSettings } from "./RatioBudget.ts";
import type { ThrottleBudgetSettings } from "./ThrottleBudget.ts";

/** Which retry budget a client keeps, and its settings. */
export type RetryBudgetSpec =
  | ({ readonly kind: "ratio" } & RatioBudgetSettings)
  | ({ readonly kind: "active" } & ActiveBudgetSettings)
  | ({ readonly kind: "throttle" } & ThrottleBudgetSettings)
  | ({ readonly kind: "quota" } & QuotaBudgetSettings)
  | ({ readonly kind: "bucket" } & BucketBudgetSettings)
  | ({ readonly kind: "failureBreaker" } & FailureBreakerSettings);
