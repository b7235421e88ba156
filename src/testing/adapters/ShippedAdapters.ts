import type { CircuitBreakerAdapter } from "../breaker/CircuitBreakerAdapter.ts";
import type { TokenBudgetAdapter } from "../budget/TokenBudgetAdapter.ts";
import type { CacheAdapter } from "../cache/CacheAdapter.ts";
import type { ConcurrencyAdapter } from "../concurrency/ConcurrencyAdapter.ts";
import type { HedgeAdapter } from "../hedge/HedgeAdapter.ts";
import type { RateLimiterAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RetryAdapter } from "../retry/RetryAdapter.ts";
import type { RetryBudgetAdapter } from "../retry/RetryBudgetAdapter.ts";
import { cockatielBreakers } from "./cockatielBreakers.ts";
import { cockatielRetry } from "./cockatielRetry.ts";
import { effectBreakers } from "./effectBreakers.ts";
import { effectCache } from "./effectCache.ts";
import { effectLimiters } from "./effectLimiters.ts";
import { flexibleLimiter } from "./flexibleLimiter.ts";
import { opossumBreaker } from "./opossumBreaker.ts";
import { bottleneckLimiter, cockatielBulkhead, pQueueLimiters, spillwayLeakyQueue } from "./QueueLimiters.ts";
import { spillwayBreakers } from "./spillwayBreakers.ts";
import { spillwayConcurrency, spillwayTokenBudgets } from "./SpillwayAdmission.ts";
import { spillwayCaches } from "./spillwayCaches.ts";
import { spillwayLeasedCache, spillwayRedisLeasedCache } from "./SpillwayLeasedCaches.ts";
import { spillwayLimiters } from "./spillwayLimiters.ts";
import { spillwayRedisBreakers } from "./spillwayRedisBreakers.ts";
import { spillwayRedisBudgets } from "./spillwayRedisBudgets.ts";
import { spillwayRedisLimiters } from "./spillwayRedisLimiters.ts";
import { spillwayHedge, spillwayRetry, spillwayRetryBudgets } from "./SpillwayRetries.ts";
import { upstashLimiters } from "./upstashLimiters.ts";

/** Anything that the kit can try out. */
export type Adapter =
  | CircuitBreakerAdapter
  | RateLimiterAdapter
  | RetryAdapter
  | RetryBudgetAdapter
  | HedgeAdapter
  | TokenBudgetAdapter
  | ConcurrencyAdapter
  | CacheAdapter;

const BY_FAMILY: {
  readonly [F in Adapter["family"]]: { readonly [name: string]: () => Promise<Extract<Adapter, { readonly family: F }>> };
} = {
  limiter: {
    "spillway-gcra": () => oneOf(spillwayLimiters, "spillway-gcra"),
    "spillway-token-bucket": () => oneOf(spillwayLimiters, "spillway-token-bucket"),
    "spillway-fixed-window": () => oneOf(spillwayLimiters, "spillway-fixed-window"),
    "spillway-sliding-log": () => oneOf(spillwayLimiters, "spillway-sliding-log"),
    "spillway-sliding-counter": () => oneOf(spillwayLimiters, "spillway-sliding-counter"),
    "spillway-composite": () => oneOf(spillwayLimiters, "spillway-composite"),
    "spillway-leaky-meter": () => oneOf(spillwayLimiters, "spillway-leaky-meter"),
    "spillway-aligned-window": () => oneOf(spillwayLimiters, "spillway-aligned-window"),
    "spillway-leaky-queue": async () => spillwayLeakyQueue(),
    "spillway-redis-guarded-closed": () => oneOf(spillwayRedisLimiters, "spillway-redis-guarded-closed"),
    "spillway-redis-guarded-local": () => oneOf(spillwayRedisLimiters, "spillway-redis-guarded-local"),
    "spillway-redis-gcra": () => oneOf(spillwayRedisLimiters, "spillway-redis-gcra"),
    "spillway-redis-token-bucket": () => oneOf(spillwayRedisLimiters, "spillway-redis-token-bucket"),
    "spillway-redis-sliding-log": () => oneOf(spillwayRedisLimiters, "spillway-redis-sliding-log"),
    "spillway-redis-sliding-counter": () => oneOf(spillwayRedisLimiters, "spillway-redis-sliding-counter"),
    "cockatiel-bulkhead": cockatielBulkhead,
    "effect-token-bucket": () => oneOf(effectLimiters, "effect-token-bucket"),
    "effect-fixed-window": () => oneOf(effectLimiters, "effect-fixed-window"),
    "effect-delay": () => oneOf(effectLimiters, "effect-delay"),
    "rate-limiter-flexible": flexibleLimiter,
    "p-queue": () => oneOf(pQueueLimiters, "p-queue"),
    "p-queue-strict": () => oneOf(pQueueLimiters, "p-queue-strict"),
    bottleneck: bottleneckLimiter,
    "upstash-token-bucket": () => oneOf(upstashLimiters, "upstash-token-bucket"),
    "upstash-fixed-window": () => oneOf(upstashLimiters, "upstash-fixed-window"),
    "upstash-sliding-window": () => oneOf(upstashLimiters, "upstash-sliding-window"),
  },
  breaker: {
    "spillway-redis-consecutive": () => oneOf(spillwayRedisBreakers, "spillway-redis-consecutive"),
    "spillway-redis-count": () => oneOf(spillwayRedisBreakers, "spillway-redis-count"),
    "spillway-consecutive": () => oneOf(spillwayBreakers, "spillway-consecutive"),
    "spillway-count": () => oneOf(spillwayBreakers, "spillway-count"),
    "spillway-time": () => oneOf(spillwayBreakers, "spillway-time"),
    "cockatiel-consecutive": () => oneOf(cockatielBreakers, "cockatiel-consecutive"),
    "cockatiel-count": () => oneOf(cockatielBreakers, "cockatiel-count"),
    "cockatiel-sampling": () => oneOf(cockatielBreakers, "cockatiel-sampling"),
    opossum: opossumBreaker,
    "effect-consecutive": () => oneOf(effectBreakers, "effect-consecutive"),
    "effect-rate": () => oneOf(effectBreakers, "effect-rate"),
  },
  retry: {
    "spillway-retry": async () => spillwayRetry(),
    "cockatiel-retry": cockatielRetry,
  },
  retryBudget: {
    "spillway-retry-ratio": () => oneOf(spillwayRetryBudgets, "spillway-retry-ratio"),
    "spillway-retry-active": () => oneOf(spillwayRetryBudgets, "spillway-retry-active"),
    "spillway-retry-throttle": () => oneOf(spillwayRetryBudgets, "spillway-retry-throttle"),
    "spillway-retry-quota": () => oneOf(spillwayRetryBudgets, "spillway-retry-quota"),
    "spillway-retry-bucket": () => oneOf(spillwayRetryBudgets, "spillway-retry-bucket"),
    "spillway-retry-failure-breaker": () => oneOf(spillwayRetryBudgets, "spillway-retry-failure-breaker"),
  },
  tokenBudget: {
    "spillway-token-budgets": () => oneOf(spillwayTokenBudgets, "spillway-token-budgets"),
    "spillway-token-budgets-window": () => oneOf(spillwayTokenBudgets, "spillway-token-budgets-window"),
    "spillway-redis-token-budgets": () => oneOf(spillwayRedisBudgets, "spillway-redis-token-budgets"),
    "spillway-redis-token-budgets-window": () => oneOf(spillwayRedisBudgets, "spillway-redis-token-budgets-window"),
  },
  hedge: {
    "spillway-hedge": async () => spillwayHedge(),
  },
  concurrency: {
    "spillway-concurrency": async () => spillwayConcurrency(),
  },
  cache: {
    "spillway-cache": () => oneOf(spillwayCaches, "spillway-cache"),
    "spillway-cache-stale": () => oneOf(spillwayCaches, "spillway-cache-stale"),
    "spillway-leased-cache": async () => spillwayLeasedCache(),
    "spillway-redis-leased-cache": spillwayRedisLeasedCache,
    "effect-cache": async () => effectCache(),
  },
};

/** The names of the adapters that come with the kit, by family. */
export const SHIPPED_NAMES: ReadonlyMap<string, ReadonlyArray<string>> = new Map(
  Object.entries(BY_FAMILY).map(([family, adapters]) => [family, Object.keys(adapters)]),
);

/** The adapters that come with the kit, by name; each loads its library only when it is asked for. */
export const SHIPPED_ADAPTERS: ReadonlyMap<string, () => Promise<Adapter>> = new Map(
  Object.values(BY_FAMILY).flatMap((adapters) => Object.entries<() => Promise<Adapter>>(adapters)),
);

const oneOf = async <A extends Adapter>(all: () => ReadonlyArray<A> | Promise<ReadonlyArray<A>>, name: string): Promise<A> => {
  const found = (await all()).find((adapter) => adapter.name === name);
  if (found === undefined) throw new Error(`no adapter ${name}`);
  return found;
};
