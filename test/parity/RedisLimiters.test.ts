import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import fc from "fast-check";
import { Redis } from "ioredis";
import RedisMock from "ioredis-mock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisRateLimiter } from "../../src/live/redis/RedisRateLimiter.ts";
import { Gcra, TokenBucket } from "../../src/policy/limiter/index.ts";
import { addMs, calls } from "../policy/limiter/Histories.ts";

const SERVER = "/usr/bin/redis-server";
const LIVE = process.env["SPILLWAY_LIVE"] !== undefined && existsSync(SERVER);
const settings = fc.record({
  permits: fc.constantFrom(1, 3, 7, 997, 100_000),
  perMs: fc.constantFrom(0.001, 7, 33.333, 1000, 3_600_000),
  burst: fc.integer({ min: 1, max: 12 }),
  partsPerPermit: fc.constantFrom(1, 1000),
});

describe.each([
  { name: "ioredis-mock", skipped: false },
  { name: "redis-server (needs SPILLWAY_LIVE=1)", skipped: !LIVE },
])("$name", ({ name, skipped }) => {
  const mock = name === "ioredis-mock";
  let redis: Redis;
  let server: ChildProcess | undefined;
  let round = 0;

  beforeAll(async () => {
    if (skipped) return;
    if (mock) {
      redis = new RedisMock() as unknown as Redis;
      return;
    }
    const port = await freePort();
    server = spawn(SERVER, ["--port", String(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"], { stdio: "ignore" });
    redis = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: 50 });
    redis.on("error", () => {});
    await redis.ping();
  });
  afterAll(async () => {
    redis?.disconnect();
    if (server === undefined) return;
    server.kill();
    await once(server, "exit");
  });

  it.skipIf(skipped).each(["tokenBucket", "gcra"] as const)(
    "%s: any history, resends included -> every decision and hint of the pure machine",
    async (algorithm) => {
      await fc.assert(
        fc.asyncProperty(
          settings,
          calls([1, 33.333, 1000], 14),
          fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
          async (given, list, resent) => {
            const shared = new RedisRateLimiter(redis, { ...given, algorithm, prefix: `p${algorithm}${round++}`, attemptTtlMs: 60_000 });
            const pure = algorithm === "gcra" ? new Gcra(given) : new TokenBucket(given);
            let nowMs = 1.7e12;
            const state: any = pure.open(nowMs);
            for (const [i, call] of list.entries()) {
              nowMs = addMs(nowMs, call.gapMs);
              const cost = given.partsPerPermit === 1 ? call.cost : (call.cost * 37) / 1000;
              const expected = (pure as TokenBucket).take(state, cost, nowMs);
              expect(await shared.take("k", `${i}`, cost, nowMs)).toBe(expected);
              if (resent[i] === true) expect(await shared.take("k", `${i}`, cost, nowMs)).toBe(expected);
            }
          },
        ),
        { numRuns: mock ? 100 : 1000, ...(process.env["SPILLWAY_LONG"] === undefined ? { seed: 42 } : {}) },
      );
    },
  );

  it.skipIf(skipped).each(["tokenBucket", "gcra"] as const)(
    "%s: on the server's own clock -> charged once per attempt; every key has a time to live",
    async (algorithm) => {
      const prefix = `ttl${algorithm}`;
      const shared = new RedisRateLimiter(redis, { algorithm, permits: 1, perMs: 3_600_000, burst: 2, prefix, attemptTtlMs: 5000 });
      expect([await shared.take("a", "1", 1), await shared.take("a", "1", 1), await shared.take("a", "2", 1)]).toEqual([0, 0, 0]);
      const waitMs = await shared.take("a", "3", 1);
      expect(waitMs).toBeGreaterThan(3_500_000);
      expect(waitMs).toBeLessThanOrEqual(3_600_000);
      const keys = (await redis.keys(`${prefix}*`)).toSorted();
      expect(keys).toHaveLength(4);
      for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
    },
  );
});

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
