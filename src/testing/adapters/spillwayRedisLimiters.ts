import { RedisRateLimiter } from "../../live/redis/RedisRateLimiter.ts";
import type { Laboratory } from "../Laboratory.ts";
import type { RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { importPackage } from "./importPackage.ts";
import { mayStartRedis, startRedis } from "./startRedis.ts";

const SPEC: RateLimiterSpec = {
  limit: 5,
  windowMs: 1000,
  bound: { bucket: { capacity: 5, perSecond: 5 } },
  fullAfterMs: 1000,
  exact: true,
  remembersMs: 60_000,
};

/** Spillway's limiters shared through Redis: on ioredis-mock, or with SPILLWAY_LIVE=1 on a Redis of its own. Their clock is the store's. */
export const spillwayRedisLimiters = async (): Promise<ReadonlyArray<RefusingAdapter>> => {
  const { redis, close } = await store();
  const adapter = (name: string, algorithm: "gcra" | "tokenBucket"): RefusingAdapter => ({
    family: "limiter",
    behavior: "refuses",
    name,
    version: close === undefined ? "on ioredis-mock" : "on Redis",
    ...(close === undefined ? {} : { close }),
    laboratory: { answering: "io", turns: 3 },
    features: { costs: true, hints: true, nodes: 2, slow: true, store: true },
    spec: SPEC,
    make: ({ limit, windowMs }, laboratory, scope) => {
      const limiter = new RedisRateLimiter(through(laboratory, redis), {
        algorithm,
        permits: limit,
        perMs: windowMs,
        burst: limit,
        prefix: scope,
        attemptTtlMs: SPEC.remembersMs ?? 0,
      });
      return {
        consume: async ({ key, cost, id }) => {
          const waitMs = await limiter.take(key, id, cost, laboratory.time.trueMs);
          return waitMs === 0 ? { admitted: true } : { admitted: false, waitMs };
        },
        wipe: () => redis.flushall(),
      };
    },
  });
  return [adapter("spillway-redis-gcra", "gcra"), adapter("spillway-redis-token-bucket", "tokenBucket")];
};

interface Store {
  readonly redis: {
    readonly eval: (script: string, keys: number, ...args: ReadonlyArray<string>) => Promise<unknown>;
    readonly flushall: () => Promise<unknown>;
  };
  readonly close?: () => Promise<void>;
}

const through = (laboratory: Laboratory, redis: Store["redis"]) => ({
  eval: (script: string, keys: number, ...args: ReadonlyArray<string>) => laboratory.store.send(() => redis.eval(script, keys, ...args)),
});

const store = async (): Promise<Store> => {
  if (mayStartRedis()) {
    const { redis, close } = await startRedis();
    return { redis: redis as unknown as Store["redis"], close };
  }
  const { default: Redis } = await importPackage("ioredis-mock", () => import("ioredis-mock"));
  return { redis: new Redis() as unknown as Store["redis"] };
};
