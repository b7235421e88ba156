export { SHIPPED_ADAPTERS } from "./adapters/ShippedAdapters.ts";
export type { Adapter } from "./adapters/ShippedAdapters.ts";
export { LibraryMissing } from "./adapters/importPackage.ts";
export { luaLimiter } from "./adapters/luaLimiter.ts";
export type {
  BudgetSpec,
  BudgetStep,
  BudgetUnit,
  TokenBudgetAdapter,
  TokenBudgetFeatures,
  TokenBudgetSpec,
  TokenBudgetUnderTest,
} from "./budget/TokenBudgetAdapter.ts";
export { tokenBudgetLaws } from "./budget/tokenBudgetLaws.ts";
export type { BreakerSettings, CircuitBreakerSpec, RateTrip, TripRule } from "./breaker/BreakerSpec.ts";
export { IgnoredOutcome } from "./breaker/CircuitBreakerAdapter.ts";
export type { BreakerUnderTest, CircuitBreakerAdapter, Permit, Phase } from "./breaker/CircuitBreakerAdapter.ts";
export { circuitBreakerLaws } from "./breaker/circuitBreakerLaws.ts";
export type { CacheAdapter, CacheFeatures, CacheSpec, CacheUnderTest } from "./cache/CacheAdapter.ts";
export { cacheLaws } from "./cache/cacheLaws.ts";
export type { ConcurrencyAdapter, ConcurrencySpec, ConcurrencyUnderTest } from "./concurrency/ConcurrencyAdapter.ts";
export { concurrencyLaws } from "./concurrency/concurrencyLaws.ts";
export { counterexampleText } from "./counterexampleText.ts";
export { FatalFailure } from "./hedge/HedgeAdapter.ts";
export type { HedgeAdapter, HedgeSpec, HedgeUnderTest } from "./hedge/HedgeAdapter.ts";
export { hedgeLaws } from "./hedge/hedgeLaws.ts";
export type { Laboratory } from "./Laboratory.ts";
export type { CheckOptions, Law } from "./Law.ts";
export type { Counterexample, LawReport } from "./LawReport.ts";
export { lawsOf } from "./lawsOf.ts";
export type { Bound } from "./limiter/Bound.ts";
export type { Consume, Decision, RateLimiterAdapter, RefusingLimiter, WaitingLimiter } from "./limiter/RateLimiterAdapter.ts";
export { rateLimiterLaws } from "./limiter/rateLimiterLaws.ts";
export type { LimiterSettings, Outage, RateLimiterSpec } from "./limiter/RateLimiterSpec.ts";
export { RejectedLocally, ServerHint } from "./retry/RetryAdapter.ts";
export type { RetryAdapter, RetryCall, RetryFeatures, RetrySpec, RetryUnderTest } from "./retry/RetryAdapter.ts";
export type { AttemptCounts, QuotaPromise, RetryBudgetAdapter, RetryBudgetSpec, RetryBudgetUnderTest } from "./retry/RetryBudgetAdapter.ts";
export { retryBudgetLaws } from "./retry/retryBudgetLaws.ts";
export { retryLaws } from "./retry/retryLaws.ts";
export { hasViolation, scoreboardMarkdown, scoreboardOf } from "./Scoreboard.ts";
export type { Scoreboard, ScoreboardRow, Verdict } from "./Scoreboard.ts";
export { StoreLost } from "./StoreConnection.ts";
export type { CommandFault, StoreConnection, StoreState } from "./StoreConnection.ts";
