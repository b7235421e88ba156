import type { ActiveBudgetSettings } from "./ActiveBudget.ts";
import type { ClientBucketSettings } from "./ClientBucket.ts";
import type { QuotaBudgetSettings } from "./QuotaBudget.ts";
import type { RatioBudgetSettings } from "./RatioBudget.ts";
import type { SuccessBudgetSettings } from "./SuccessBudget.ts";

/** Which retry budget a client keeps, and its settings. */
export type RetryBudgetSpec =
  | ({ readonly kind: "ratio" } & RatioBudgetSettings)
  | ({ readonly kind: "active" } & ActiveBudgetSettings)
  | ({ readonly kind: "success" } & SuccessBudgetSettings)
  | ({ readonly kind: "quota" } & QuotaBudgetSettings)
  | ({ readonly kind: "clientBucket" } & ClientBucketSettings)
  | { readonly kind: "retryBreaker"; readonly failureRatio: number };
