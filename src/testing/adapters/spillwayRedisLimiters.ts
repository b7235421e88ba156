import type { LimitFailureMode } from "../../live/redis/FailureMode.ts";
import { GuardedRateLimiter } from "../../live/redis/GuardedRateLimiter.ts";
import { RedisRateLimiter } from "../../live/redis/RedisRateLimiter.ts";
import { StoreGuard } from "../../live/redis/StoreGuard.ts";
import { RedisWindowLimiter } from "../../live/redis/RedisWindowLimiter.ts";
import type { Bound } from "../limiter/Bound.ts";
import type { LimiterSettings } from "../limiter/RateLimiterSpec.ts";
import type { Decision, RefusingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";
import { onVirtualTime, scriptStore, through } from "./scriptStore.ts";

const REMEMBERED_MS = 60_000;
/** A guard gives up on a command after it. */
const DEADLINE_MS = 100;
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

const refillOf = ({ limit, windowMs }: LimiterSettings) => ({ permits: limit, perMs: windowMs, burst: limit });
const decided = (waitMs: number): Decision => (waitMs === 0 ? { admitted: true } : { admitted: false, waitMs });

type Take = (key: string, attempt: string, cost: number, nowMs: number) => Promise<number>;

/** Spillway's limiters shared through Redis: on ioredis-mock, or with SPILLWAY_LIVE=1 on a Redis of its own. Their clock is the store's. */
export const spillwayRedisLimiters = async (): Promise<ReadonlyArray<RefusingAdapter>> => {
  const { redis, version, close } = await scriptStore();
  const head = (name: string, spec: RateLimiterSpec) => ({
    family: "limiter" as const,
    behavior: "refuses" as const,
    name,
    version,
    ...(close === undefined ? {} : { close }),
    laboratory: { answering: "io" as const, turns: 3 },
    features: { costs: true, hints: true, nodes: 2, slow: true, store: true },
    spec,
  });
  const adapter = (
    name: string,
    spec: RateLimiterSpec,
    takeOf: (rate: LimiterSettings, client: ReturnType<typeof through>, prefix: string) => Take,
  ): RefusingAdapter => ({
    ...head(name, spec),
    make: (rate, laboratory, scope) => {
      const take = takeOf(rate, through(laboratory, redis), scope);
      return {
        consume: async ({ key, cost, id }) => decided(await take(key, id, cost, laboratory.storeNowMs)),
        wipe: () => redis.flushall(),
      };
    },
  });
  const bucket = (algorithm: "gcra" | "tokenBucket") => (rate: LimiterSettings, client: ReturnType<typeof through>, prefix: string) => {
    const limiter = new RedisRateLimiter(client, { ...refillOf(rate), algorithm, prefix, attemptTtlMs: REMEMBERED_MS });
    return limiter.take.bind(limiter);
  };
  const window =
    (algorithm: "slidingLog" | "slidingCounter") => (rate: LimiterSettings, client: ReturnType<typeof through>, prefix: string) => {
      const limiter = new RedisWindowLimiter(client, { ...rate, algorithm, prefix, attemptTtlMs: REMEMBERED_MS });
      return limiter.take.bind(limiter);
    };
  const guarded = (onStoreFault: LimitFailureMode, bound: Bound): RefusingAdapter => {
    const made = head(`spillway-redis-guarded-${onStoreFault.kind}`, { ...BUCKET, outage: { decisionWithinMs: DEADLINE_MS, bound } });
    return {
      ...made,
      features: { ...made.features, guarded: true },
      make: (rate, laboratory, prefix) => {
        const settings = { algorithm: "gcra", ...refillOf(rate), prefix, attemptTtlMs: REMEMBERED_MS, onStoreFault } as const;
        const node = (): GuardedRateLimiter => {
          const store = new StoreGuard(onVirtualTime(laboratory, redis), { deadlineMs: DEADLINE_MS, maxInFlight: 100 });
          return new GuardedRateLimiter(store, settings, () => laboratory.elapsedMs);
        };
        const nodes = [node(), node()] as const;
        return { consume: async ({ key, cost, id, node: at }) => decided((await nodes[at]!.take(key, id, cost)).waitMs) };
      },
    };
  };
  return [
    adapter("spillway-redis-gcra", BUCKET, bucket("gcra")),
    adapter("spillway-redis-token-bucket", BUCKET, bucket("tokenBucket")),
    adapter("spillway-redis-sliding-log", WINDOW, window("slidingLog")),
    guarded({ kind: "closed", retryAfterMs: 100 }, { bucket: { capacity: 5, perSecond: 5 } }),
    // What the store admits, and half as much in each of two processes.
    guarded({ kind: "local", shareRatio: 0.5, maxKeys: 1000 }, { bucket: { capacity: 9, perSecond: 10 } }),
    {
      ...adapter("spillway-redis-sliding-counter", COUNTER, window("slidingCounter")),
      declared: { "L-13 rate": "the weight of the last window is never 0 at an edge: three quarters of the permits are used" },
    },
  ];
};
