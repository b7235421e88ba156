import type { Adapter } from "./adapters/ShippedAdapters.ts";
import { circuitBreakerLaws } from "./breaker/circuitBreakerLaws.ts";
import { tokenBudgetLaws } from "./budget/tokenBudgetLaws.ts";
import { cacheLaws } from "./cache/cacheLaws.ts";
import { concurrencyLaws } from "./concurrency/concurrencyLaws.ts";
import { hedgeLaws } from "./hedge/hedgeLaws.ts";
import type { Law } from "./Law.ts";
import { rateLimiterLaws } from "./limiter/rateLimiterLaws.ts";
import { retryBudgetLaws } from "./retry/retryBudgetLaws.ts";
import { retryLaws } from "./retry/retryLaws.ts";

/** The laws that apply to an adapter of any family. */
export const lawsOf = (adapter: Adapter): ReadonlyArray<Law> => {
  switch (adapter.family) {
    case "breaker":
      return circuitBreakerLaws(adapter);
    case "limiter":
      return rateLimiterLaws(adapter);
    case "cache":
      return cacheLaws(adapter);
    case "retry":
      return retryLaws(adapter);
    case "retryBudget":
      return retryBudgetLaws(adapter);
    case "tokenBudget":
      return tokenBudgetLaws(adapter);
    case "concurrency":
      return concurrencyLaws(adapter);
    case "hedge":
      return hedgeLaws(adapter);
  }
};
