import type { CircuitBreakerAdapter } from "../breaker/CircuitBreakerAdapter.ts";
import type { CacheAdapter } from "../cache/CacheAdapter.ts";
import type { RateLimiterAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RetryAdapter } from "../retry/RetryAdapter.ts";
import { cockatielBreakers } from "./cockatielBreakers.ts";
import { cockatielRetry } from "./cockatielRetry.ts";
import { effectBreakers } from "./effectBreakers.ts";
import { effectCache } from "./effectCache.ts";
import { effectLimiters } from "./effectLimiters.ts";
import { flexibleLimiter } from "./flexibleLimiter.ts";
import { opossumBreaker } from "./opossumBreaker.ts";
import { bottleneckLimiter, cockatielBulkhead, pQueueLimiters } from "./QueueLimiters.ts";
import { spillwayBreakers } from "./spillwayBreakers.ts";
import { spillwayLimiters } from "./spillwayLimiters.ts";
import { upstashLimiters } from "./upstashLimiters.ts";

/** Anything that the kit can try out. */
export type Adapter = CircuitBreakerAdapter | RateLimiterAdapter | RetryAdapter | CacheAdapter;

/** The adapters that come with the kit, by name; each loads its library only when it is asked for. */
export const SHIPPED_ADAPTERS: ReadonlyMap<string, () => Promise<Adapter>> = new Map(
  Object.entries({
    "spillway-gcra": () => oneOf(spillwayLimiters, "spillway-gcra"),
    "spillway-token-bucket": () => oneOf(spillwayLimiters, "spillway-token-bucket"),
    "spillway-fixed-window": () => oneOf(spillwayLimiters, "spillway-fixed-window"),
    "spillway-sliding-log": () => oneOf(spillwayLimiters, "spillway-sliding-log"),
    "spillway-sliding-counter": () => oneOf(spillwayLimiters, "spillway-sliding-counter"),
    "spillway-consecutive": () => oneOf(spillwayBreakers, "spillway-consecutive"),
    "spillway-count": () => oneOf(spillwayBreakers, "spillway-count"),
    "spillway-time": () => oneOf(spillwayBreakers, "spillway-time"),
    "cockatiel-consecutive": () => oneOf(cockatielBreakers, "cockatiel-consecutive"),
    "cockatiel-count": () => oneOf(cockatielBreakers, "cockatiel-count"),
    "cockatiel-sampling": () => oneOf(cockatielBreakers, "cockatiel-sampling"),
    "cockatiel-retry": cockatielRetry,
    "cockatiel-bulkhead": cockatielBulkhead,
    opossum: opossumBreaker,
    "effect-consecutive": () => oneOf(effectBreakers, "effect-consecutive"),
    "effect-rate": () => oneOf(effectBreakers, "effect-rate"),
    "effect-token-bucket": () => oneOf(effectLimiters, "effect-token-bucket"),
    "effect-fixed-window": () => oneOf(effectLimiters, "effect-fixed-window"),
    "effect-cache": async () => effectCache(),
    "effect-delay": () => oneOf(effectLimiters, "effect-delay"),
    "rate-limiter-flexible": flexibleLimiter,
    "p-queue": () => oneOf(pQueueLimiters, "p-queue"),
    "p-queue-strict": () => oneOf(pQueueLimiters, "p-queue-strict"),
    bottleneck: bottleneckLimiter,
    "upstash-token-bucket": () => oneOf(upstashLimiters, "upstash-token-bucket"),
    "upstash-fixed-window": () => oneOf(upstashLimiters, "upstash-fixed-window"),
    "upstash-sliding-window": () => oneOf(upstashLimiters, "upstash-sliding-window"),
  }),
);

const oneOf = async <A extends Adapter>(all: () => ReadonlyArray<A> | Promise<ReadonlyArray<A>>, name: string): Promise<A> => {
  const found = (await all()).find((adapter) => adapter.name === name);
  if (found === undefined) throw new Error(`no adapter ${name}`);
  return found;
};
