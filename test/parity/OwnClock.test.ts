import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HashedScripts } from "../../src/live/redis/HashedScripts.ts";
import { RedisBreaker } from "../../src/live/redis/RedisBreaker.ts";
import { RedisLeasedCache } from "../../src/live/redis/RedisLeasedCache.ts";
import { RedisRateLimiter } from "../../src/live/redis/RedisRateLimiter.ts";
import { RedisTokenBudgets } from "../../src/live/redis/RedisTokenBudgets.ts";
import { RedisWindowLimiter } from "../../src/live/redis/RedisWindowLimiter.ts";
import { Breaker, Outcome, Phase } from "../../src/policy/breaker/index.ts";
import { SettingFault } from "../../src/policy/SettingFault.ts";
import type { OwnRedis } from "../../src/testing/adapters/startRedis.ts";
import { STORES } from "./Store.ts";

const MEMORY = { attemptTtlMs: 5000 };
const HOUR = 3_600_000;
const BREAKER = {
  ...MEMORY,
  trip: { kind: "consecutive", failures: 1 } as const,
  openForMs: 100,
  probes: 2,
  successesNeeded: 2,
  probeLeaseMs: 50,
  idleTtlMs: HOUR,
};
const BUDGETS = {
  ...MEMORY,
  budgets: [{ unit: "tokens", permits: 1, perMs: HOUR, burst: 100 }] as const,
  outputCapTokens: 100,
  cachedInputCounts: true,
  leaseMs: HOUR,
  maxReservations: 10,
};
const CACHE = { ttlMs: HOUR, ttlJitterRatio: 0, staleMs: 0, leaseMs: HOUR };

describe.each(STORES)("$name", ({ skipped, open }) => {
  let own: OwnRedis | undefined;
  let redis: Redis;

  beforeAll(async () => {
    if (skipped) return;
    own = await open();
    redis = own.redis;
  });
  afterAll(async () => own?.close());

  const expectLives = async (prefix: string, count: number): Promise<void> => {
    const keys = await redis.keys(`${prefix}:*`);
    expect(keys).toHaveLength(count);
    for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
  };

  it.skipIf(skipped).each([
    { algorithm: "tokenBucket", keys: 4 },
    { algorithm: "gcra", keys: 4 },
    { algorithm: "slidingCounter", keys: 4 },
    { algorithm: "slidingLog", keys: 5 },
  ] as const)("$algorithm: on the server's clock -> charged once per attempt, a hint, every key with a time to live", async (given) => {
    const { algorithm } = given;
    const prefix = `own ${algorithm}`;
    const limiter =
      algorithm === "slidingLog" || algorithm === "slidingCounter"
        ? new RedisWindowLimiter(redis, { ...MEMORY, algorithm, prefix, limit: 2, windowMs: HOUR })
        : new RedisRateLimiter(redis, { ...MEMORY, algorithm, prefix, permits: 1, perMs: HOUR, burst: 2 });
    expect([await limiter.take("a", "1", 1), await limiter.take("a", "1", 1), await limiter.take("a", "2", 1)]).toEqual([0, 0, 0]);
    const waitMs = await limiter.take("a", "3", 1);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(2 * HOUR);
    expect(await limiter.take("b", "4", 3)).toBe(Infinity);
    await expectLives(prefix, given.keys);
  });

  it.skipIf(skipped)(
    "tokenBudgets: on the server's clock -> reserved and settled once per attempt, every key with a time to live",
    async () => {
      const budgets = new RedisTokenBudgets(redis, { ...BUDGETS, prefix: "own budgets" });
      const first = await budgets.reserve("a", "1", 40, 0, 20);
      expect(await budgets.reserve("a", "1", 40, 0, 20)).toEqual(first);
      if (!first.admitted) throw new Error("refused");
      expect(await budgets.reserve("a", "2", 41, 0, 0)).toMatchObject({ admitted: false });
      expect([await budgets.settle(first.reservation, "3", 10, 0, 0), await budgets.settle(first.reservation, "3", 10, 0, 0)]).toEqual([
        true,
        true,
      ]);
      expect(await budgets.settle(first.reservation, "4", 10, 0, 0)).toBe(false);
      expect(await budgets.reserve("a", "5", 90, 0, 0)).toMatchObject({ admitted: true });
      await expectLives("own budgets", 6);
    },
  );

  it.skipIf(skipped)(
    "tokenBudgets: key expired, its reservation settled late -> the new one with the same number is untouched",
    async () => {
      const budgets = new RedisTokenBudgets(redis, { ...BUDGETS, prefix: "gone budgets" });
      const old = await budgets.reserve("a", "1", 40, 0, 0);
      await redis.del("gone budgets:budgets:1:{a}:s");
      const fresh = await budgets.reserve("a", "2", 60, 0, 0);
      if (!old.admitted || !fresh.admitted) throw new Error("refused");
      expect(fresh.reservation.id).toBe(old.reservation.id);
      expect([await budgets.refund(old.reservation, "3"), await budgets.refund(fresh.reservation, "4")]).toEqual([false, true]);
    },
  );

  it.skipIf(skipped)("breaker: five nodes at the end of the open time -> its probes in total, on all nodes together", async () => {
    const nodes = Array.from({ length: 5 }, () => new RedisBreaker(redis, { ...BREAKER, prefix: "five" }));
    const first = await nodes[0]!.admit("a", "first", 1e12);
    if (!first.admitted) throw new Error("refused");
    expect(await nodes[1]!.settle(first.permit, "fails", Outcome.Failure, 0, 1e12)).toMatchObject({ phase: Phase.Open });
    const asked = await Promise.all(nodes.map((node, i) => node.admit("a", `probe ${i}`, 1e12 + 100)));
    expect(asked.filter((reply) => reply.admitted)).toHaveLength(2);
    const later = await Promise.all(nodes.map((node, i) => node.admit("a", `later ${i}`, 1e12 + 150)));
    expect(later.filter((reply) => reply.admitted)).toHaveLength(2);
    await expectLives("five", 14);
  });

  it.skipIf(skipped).each([
    [1, Phase.Open],
    [undefined, Phase.Closed],
  ])("breaker that opens at a share %s of slow calls: a slow probe -> phase %i, as the pure one", async (slowRatio, phase) => {
    const trip = { kind: "count", size: 1, minCalls: 1, failureRatio: 1, ...(slowRatio === undefined ? {} : { slowRatio }) } as const;
    const settings = { ...BREAKER, trip, successesNeeded: 1 };
    const pure = new Breaker(settings);
    const shared = new RedisBreaker(redis, { ...settings, prefix: `slow${slowRatio}` });
    for (const [i, outcome] of [Outcome.Failure, Outcome.SlowSuccess].entries()) {
      const nowMs = 1e12 + 100 * i;
      const reply = await shared.admit("a", `${i}`, nowMs);
      if (!reply.admitted) throw new Error("refused");
      pure.settle(pure.admit(nowMs), outcome, nowMs);
      expect(await shared.settle(reply.permit, `end ${i}`, outcome, 0, nowMs)).toMatchObject({ phase: pure.phase });
    }
    expect(pure.phase).toBe(phase);
  });

  it.skipIf(skipped)("breaker: expired and new -> a permit of before counts for nothing", async () => {
    const breaker = new RedisBreaker(redis, { ...BREAKER, prefix: "reborn" });
    const old = await breaker.admit("a", "1", 1e12);
    await redis.del("reborn:breaker:1:{a}:s", "reborn:breaker:1:{a}:p");
    await breaker.admit("a", "2", 1e12 + 1);
    if (!old.admitted) throw new Error("refused");
    expect(await breaker.settle(old.permit, "3", Outcome.Failure, 0, 1e12 + 2)).toEqual({ counted: false, phase: Phase.Closed, epoch: 0 });
  });

  it.skipIf(skipped)("leasedCache: an owner that comes late -> neither overwrites nor frees its successor's", async () => {
    const cache = new RedisLeasedCache(redis, { ...CACHE, leaseMs: 100, prefix: "late" });
    expect(await cache.request("a", "first", 1e12)).toMatchObject({ answer: "lead" });
    expect(await cache.request("a", "second", 1e12 + 99)).toMatchObject({ answer: "wait", leftMs: 1 });
    expect(await cache.request("a", "second", 1e12 + 100)).toMatchObject({ answer: "lead" });
    expect(await cache.store("a", "first", "old", 0, 1e12 + 101)).toBe(false);
    expect(await cache.release("a", "first", 1e12 + 101)).toBe(false);
    expect(await cache.request("a", "third", 1e12 + 102)).toMatchObject({ answer: "wait" });
    expect(await cache.store("a", "second", "new", 0, 1e12 + 103)).toBe(true);
    expect(await cache.request("a", "third", 1e12 + 104)).toMatchObject({ answer: "hit", value: "new" });
    await cache.invalidate("a");
    expect(await cache.request("a", "third")).toMatchObject({ answer: "lead" });
    await expectLives("late", 1);
  });

  it.skipIf(skipped)("hashed scripts: first and second call, unknown script -> the same answers", async () => {
    const settings = { ...MEMORY, algorithm: "gcra", prefix: "hashed", permits: 1, perMs: HOUR, burst: 1 } as const;
    const limiter = new RedisRateLimiter(new HashedScripts(redis), settings);
    expect([await limiter.take("a", "1", 1, 1e12), await limiter.take("a", "2", 1, 1e12)]).toEqual([0, HOUR]);
  });
});

it("breaker: a rule over time, or a life shorter than its times -> a setting fault", () => {
  const client = { eval: async () => "" };
  const timed = { kind: "time", windowMs: 1000, buckets: 10, minCalls: 1, failureRatio: 1 } as const;
  expect(() => new RedisBreaker(client, { ...BREAKER, prefix: "", trip: timed })).toThrow(SettingFault);
  expect(() => new RedisBreaker(client, { ...BREAKER, prefix: "", idleTtlMs: 149 })).toThrow("redis.idleTtlMs");
});
