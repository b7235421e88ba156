import type { Law } from "../Law.ts";
import type { RateLimiterAdapter } from "./RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "./RateLimiterSpec.ts";
import { refusingLaws } from "./refusingLaws.ts";
import { bulkheadLaws, waitingLaws } from "./waitingLaws.ts";

/**
 * The laws that apply to a limiter, each ready to be checked.
 *
 * @example
 * for (const law of rateLimiterLaws(adapter)) test(law.title, () => law.check());
 */
export const rateLimiterLaws = (adapter: RateLimiterAdapter, spec: RateLimiterSpec = adapter.spec): ReadonlyArray<Law> => {
  switch (adapter.behavior) {
    case "refuses":
      return refusingLaws(adapter, spec);
    case "waits":
      return waitingLaws(adapter, spec);
    case "bulkhead":
      return bulkheadLaws(adapter, spec);
  }
};
