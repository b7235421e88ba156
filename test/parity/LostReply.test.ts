import { createConnection, createServer } from "node:net";
import type { Socket } from "node:net";
import { Effect, Layer } from "effect";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisBreaker } from "../../src/live/redis/RedisBreaker.ts";
import { RedisLeasedCache } from "../../src/live/redis/RedisLeasedCache.ts";
import { RedisRateLimiter } from "../../src/live/redis/RedisRateLimiter.ts";
import { RedisStore } from "../../src/live/redis/RedisStore.ts";
import { RedisTokenBudgets } from "../../src/live/redis/RedisTokenBudgets.ts";
import { RedisWindowLimiter } from "../../src/live/redis/RedisWindowLimiter.ts";
import { SharedRateLimiter } from "../../src/live/redis/SharedPolicies.ts";
import { Outcome, Phase } from "../../src/policy/breaker/index.ts";
import { mayStartRedis, startRedis } from "../../src/testing/adapters/startRedis.ts";
import type { OwnRedis } from "../../src/testing/adapters/startRedis.ts";

/** A proxy to a Redis socket that swallows the next reply on request and cuts the connection. */
class Proxy {
  lost = 0;
  #armed = false;
  readonly #sockets = new Set<Socket>();
  readonly #server;

  constructor(server: string, path: string) {
    this.#server = createServer((client) => {
      const redis = createConnection(server);
      this.#sockets.add(client).add(redis);
      client.on("error", () => redis.destroy()).on("close", () => redis.destroy());
      redis.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.pipe(redis, { end: false });
      redis.on("data", (reply) => {
        if (!this.#armed) return void client.write(reply);
        this.#armed = false;
        this.lost++;
        client.destroy();
      });
    });
    this.#server.listen(path);
  }

  loseNextReply(): void {
    this.#armed = true;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

const MEMORY = { attemptTtlMs: 60_000 };
const HOUR = 3_600_000;

describe.skipIf(!mayStartRedis())("redis-server (needs SPILLWAY_LIVE=1)", () => {
  let own: OwnRedis;
  let proxy: Proxy;
  let redis: Redis;
  let path: string;

  beforeAll(async () => {
    own = await startRedis();
    path = `${own.redis.options.path!}.proxy`;
    proxy = new Proxy(own.redis.options.path!, path);
    // Without the check for readiness a new connection sends nothing but what is sent again.
    redis = new Redis({ path, maxRetriesPerRequest: null, retryStrategy: () => 5, enableReadyCheck: false, disableClientInfo: true });
    redis.on("error", () => undefined);
    await redis.ping();
  });
  afterAll(async () => {
    redis.disconnect();
    proxy.close();
    await own.close();
  });

  const losing = async <A>(call: () => Promise<A>): Promise<A> => {
    const before = proxy.lost;
    proxy.loseNextReply();
    const answer = await call();
    expect(proxy.lost).toBe(before + 1);
    return answer;
  };

  it("a script that is not idempotent: reply lost -> charged twice, which the other tests must not see", async () => {
    expect(await losing(() => redis.eval("return redis.call('INCR', KEYS[1])", 1, "plain"))).toBe(2);
  });

  it.each(["tokenBucket", "gcra", "slidingCounter", "slidingLog"] as const)(
    "%s: reply lost and resent -> charged once",
    async (algorithm) => {
      const prefix = `lost ${algorithm}`;
      const limiter =
        algorithm === "slidingLog" || algorithm === "slidingCounter"
          ? new RedisWindowLimiter(redis, { ...MEMORY, algorithm, prefix, limit: 2, windowMs: HOUR })
          : new RedisRateLimiter(redis, { ...MEMORY, algorithm, prefix, permits: 1, perMs: HOUR, burst: 2 });
      expect(await losing(() => limiter.take("k", "1", 1))).toBe(0);
      expect([await limiter.take("k", "2", 1), (await limiter.take("k", "3", 1)) > 0]).toEqual([0, true]);
    },
  );

  it("tokenBudgets: replies to reserve and settle lost -> one reservation, settled once, with the first answers", async () => {
    const budgets = new RedisTokenBudgets(redis, {
      ...MEMORY,
      prefix: "lost",
      budgets: [{ unit: "tokens", permits: 1, perMs: HOUR, burst: 100 }],
      outputCapTokens: 0,
      cachedInputCounts: true,
      leaseMs: HOUR,
      maxReservations: 10,
    });
    const reply = await losing(() => budgets.reserve("k", "1", 60, 0, 0));
    if (!reply.admitted) throw new Error("refused");
    expect(await losing(() => budgets.settle(reply.reservation, "2", 50, 0, 0))).toBe(true);
    expect(await budgets.reserve("k", "3", 50, 0, 0)).toMatchObject({ admitted: true, reservation: { id: 1 } });
  });

  it("breaker: replies to admit and settle lost -> one probe slot and one failure", async () => {
    const breaker = new RedisBreaker(redis, {
      ...MEMORY,
      prefix: "lost",
      trip: { kind: "consecutive", failures: 2 },
      openForMs: 100,
      probes: 1,
      successesNeeded: 1,
      probeLeaseMs: 100,
      idleTtlMs: HOUR,
    });
    const reply = await losing(() => breaker.admit("k", "1"));
    if (!reply.admitted) throw new Error("refused");
    expect(await losing(() => breaker.settle(reply.permit, "2", Outcome.Failure))).toEqual({
      counted: true,
      phase: Phase.Closed,
      epoch: 0,
    });
  });

  it("leasedCache: replies to request and store lost -> the same lease, stored", async () => {
    const cache = new RedisLeasedCache(redis, { prefix: "lost", ttlMs: HOUR, ttlJitterRatio: 0, staleMs: 0, leaseMs: HOUR });
    expect(await losing(() => cache.request("k", "1"))).toMatchObject({ answer: "lead" });
    expect(await losing(() => cache.store("k", "1", "value", 0))).toBe(true);
    expect(await cache.request("k", "2")).toMatchObject({ answer: "hit", value: "value" });
  });

  it("shared services: a server, then none -> the store decides, then each process its share; the scope closes the connection", async () => {
    const store = RedisStore.layer({ connection: { path }, deadlineMs: 5000, maxInFlight: 10, connectMs: 5000 });
    const limits = SharedRateLimiter.layer({
      ...MEMORY,
      algorithm: "tokenBucket",
      prefix: "service",
      permits: 1,
      perMs: HOUR,
      burst: 4,
      onStoreFault: { kind: "local", shareRatio: 0.25, maxKeys: 10 },
    }).pipe(Layer.provide(store));
    const program = Effect.gen(function* () {
      const { take } = yield* SharedRateLimiter;
      const first = yield* take("k", "1", 1);
      proxy.close();
      const alone = [yield* take("k", "2", 1), yield* take("k", "3", 1)];
      return [first, ...alone].map(({ waitMs, by }) => [waitMs === 0, by]);
    });
    const decided = await Effect.runPromise(program.pipe(Effect.provide(limits)));
    expect(decided).toEqual([
      [true, "store"],
      [true, "local"],
      [false, "local"],
    ]);
  });
});
