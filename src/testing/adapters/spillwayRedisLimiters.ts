import { RedisRateLimiter } from "../../live/redis/RedisRateLimiter.ts";
import { RedisWindowLimiter } from "../../live/redis/RedisWindowLimiter.ts";
import type { LimiterSettings } from "../limiter/RateLimiterSpec.ts";
import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { scriptStore, through } from "./scriptStore.ts";

const REMEMBERED_MS = 60_000;
const BUCKET: RateLimiterSpec = {
  limit: 5,
  windowMs: 1000,
  bound: { bucket: { capacity: 5, perSecond: 5 } },
  fullAfterMs: 1000,
  exact: true,
  remembersMs: REMEMBERED_MS,
};
const WINDOW: RateLimiterSpec = {
  limit: 5,
  windowMs: 1000,
  bound: { window: { limit: 5, ms: 1000 } },
  fullAfterMs: 1000,
  remembersMs: REMEMBERED_MS,
};
const COUNTER: RateLimiterSpec = { ...WINDOW, declaredBound: { edge: { limit: 5, ms: 1000 } }, fullAfterMs: 2000, declaredUseRatio: 0.75 };

type Take = (key: string, attempt: string, cost: number, nowMs: number) => Promise<number>;

/** Spillway's limiters shared through Redis: on ioredis-mock, or with SPILLWAY_LIVE=1 on a Redis of its own. Their clock is the store's. */
export const spillwayRedisLimiters = async (): Promise<ReadonlyArray<RefusingAdapter>> => {
  const { redis, version, close } = await scriptStore();
  const adapter = (
    name: string,
    spec: RateLimiterSpec,
    takeOf: (rate: LimiterSettings, client: ReturnType<typeof through>, prefix: string) => Take,
  ): RefusingAdapter => ({
    family: "limiter",
    behavior: "refuses",
    name,
    version,
    ...(close === undefined ? {} : { close }),
    laboratory: { answering: "io", turns: 3 },
    features: { costs: true, hints: true, nodes: 2, slow: true, store: true },
    spec,
    make: (rate, laboratory, scope) => {
      const take = takeOf(rate, through(laboratory, redis), scope);
      return {
        consume: async ({ key, cost, id }) => {
          const waitMs = await take(key, id, cost, laboratory.time.trueMs);
          return waitMs === 0 ? { admitted: true } : { admitted: false, waitMs };
        },
        wipe: () => redis.flushall(),
      };
    },
  });
  const bucket = (algorithm: "gcra" | "tokenBucket") => (rate: LimiterSettings, client: ReturnType<typeof through>, prefix: string) => {
    const refill = { permits: rate.limit, perMs: rate.windowMs, burst: rate.limit };
    const limiter = new RedisRateLimiter(client, { ...refill, algorithm, prefix, attemptTtlMs: REMEMBERED_MS });
    return limiter.take.bind(limiter);
  };
  const window =
    (algorithm: "slidingLog" | "slidingCounter") => (rate: LimiterSettings, client: ReturnType<typeof through>, prefix: string) => {
      const limiter = new RedisWindowLimiter(client, { ...rate, algorithm, prefix, attemptTtlMs: REMEMBERED_MS });
      return limiter.take.bind(limiter);
    };
  return [
    adapter("spillway-redis-gcra", BUCKET, bucket("gcra")),
    adapter("spillway-redis-token-bucket", BUCKET, bucket("tokenBucket")),
    adapter("spillway-redis-sliding-log", WINDOW, window("slidingLog")),
    {
      ...adapter("spillway-redis-sliding-counter", COUNTER, window("slidingCounter")),
      declared: { "L-13 rate": "the weight of the last window is never 0 at an edge: three quarters of the permits are used" },
    },
  ];
};
