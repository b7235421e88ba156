import { spawnSync } from "node:child_process";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { HashedScripts } from "../../src/live/redis/HashedScripts.ts";
import { RedisBreaker } from "../../src/live/redis/RedisBreaker.ts";
import { RedisLeasedCache } from "../../src/live/redis/RedisLeasedCache.ts";
import { RedisRateLimiter } from "../../src/live/redis/RedisRateLimiter.ts";
import { RedisTokenBudgets } from "../../src/live/redis/RedisTokenBudgets.ts";
import { RedisWindowLimiter } from "../../src/live/redis/RedisWindowLimiter.ts";
import { StoreGuard } from "../../src/live/redis/StoreGuard.ts";
import { Outcome } from "../../src/policy/breaker/index.ts";
import { startRedis } from "../../src/testing/adapters/startRedis.ts";

/** One form: a call that is `trips` round trips. */
interface Form {
  readonly name: string;
  readonly trips: number;
  readonly call: (key: string, id: string) => Promise<unknown>;
}

const KEYS = 100;
const MEMORY = { attemptTtlMs: 1000 };
const REFILL = { ...MEMORY, permits: 1000, perMs: 1000, burst: 1000 };
const WINDOW = { ...MEMORY, limit: 1000, windowMs: 1000 };

/** Usage: node test/bench/RedisForms.ts [ROUNDS]. Starts a redis-server of its own. */
const main = async (rounds: number): Promise<void> => {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return console.log("skipped: there is no redis-server");
  const { redis, close } = await startRedis();
  const guarded = new StoreGuard(new HashedScripts(redis), { deadlineMs: 10_000, maxInFlight: 1000 });
  const bucket = new RedisRateLimiter(guarded, { ...REFILL, algorithm: "tokenBucket", prefix: "b" });
  const plain = new RedisRateLimiter(redis, { ...REFILL, algorithm: "tokenBucket", prefix: "t" });
  const gcra = new RedisRateLimiter(guarded, { ...REFILL, algorithm: "gcra", prefix: "g" });
  const counter = new RedisWindowLimiter(guarded, { ...WINDOW, algorithm: "slidingCounter", prefix: "c" });
  const log = new RedisWindowLimiter(guarded, { ...WINDOW, algorithm: "slidingLog", prefix: "l" });
  const flexible = new RateLimiterRedis({ storeClient: redis, points: 1000, duration: 1, keyPrefix: "f" });
  const budgets = new RedisTokenBudgets(guarded, {
    ...MEMORY,
    prefix: "u",
    budgets: [
      { unit: "requests", permits: 60_000, perMs: 60_000, burst: 1000 },
      { unit: "tokens", permits: 12_000_000, perMs: 60_000, burst: 200_000 },
    ],
    outputCapTokens: 100,
    cachedInputCounts: true,
    leaseMs: 1000,
    maxReservations: 1000,
  });
  const breaker = new RedisBreaker(guarded, {
    ...MEMORY,
    prefix: "k",
    trip: { kind: "count", size: 100, minCalls: 20, failureRatio: 0.5 },
    openForMs: 100,
    probes: 3,
    successesNeeded: 3,
    probeLeaseMs: 100,
    idleTtlMs: 60_000,
  });
  const cache = new RedisLeasedCache(guarded, { prefix: "h", ttlMs: 60_000, ttlJitterRatio: 0, staleMs: 0, leaseMs: 1000 });
  for (let i = 0; i < KEYS; i++) {
    await cache.request(`${i}`, `${i}`);
    await cache.store(`${i}`, `${i}`, "x".repeat(1000), 0);
  }
  const forms: ReadonlyArray<Form> = [
    { name: "rate-limiter-flexible 11.4.0 (fixed window)", trips: 1, call: (key) => flexible.consume(key, 1).catch(refusal) },
    { name: "tokenBucket", trips: 1, call: (key, id) => bucket.take(key, id, 1) },
    { name: "tokenBucket, EVAL without guard", trips: 1, call: (key, id) => plain.take(key, id, 1) },
    { name: "gcra", trips: 1, call: (key, id) => gcra.take(key, id, 1) },
    { name: "slidingCounter", trips: 1, call: (key, id) => counter.take(key, id, 1) },
    { name: "slidingLog", trips: 1, call: (key, id) => log.take(key, id, 1) },
    {
      name: "tokenBudgets: reserve and settle",
      trips: 2,
      call: async (key, id) => {
        const reply = await budgets.reserve(key, id, 100, 0, 100);
        if (reply.admitted) await budgets.settle(reply.reservation, id, 100, 0, 50);
      },
    },
    {
      name: "breaker: admit and settle",
      trips: 2,
      call: async (key, id) => {
        const reply = await breaker.admit(key, id);
        if (reply.admitted) await breaker.settle(reply.permit, id, Outcome.Success);
      },
    },
    { name: "leasedCache: hit of 1 kB", trips: 1, call: (key, id) => cache.request(key, id) },
  ];
  const rates = forms.map(() => ({ alone: new Array<number>(), together: new Array<number>() }));
  for (let round = 0; round <= rounds; round++) {
    for (const [i, form] of forms.entries()) {
      const alone = await perSecond(form, 1, 2000, `${round}a`);
      const together = await perSecond(form, 64, 8000, `${round}t`);
      // The first round warms up.
      if (round > 0) rates[i]!.alone.push(alone);
      if (round > 0) rates[i]!.together.push(together);
    }
  }
  console.log(`calls per second of wall time, medians of ${rounds} rounds; one at a time, and 64 at once; beside rate-limiter-flexible`);
  const base = median(rates[0]!.together);
  forms.forEach(({ name, trips }, i) => {
    const [alone, together] = [median(rates[i]!.alone), median(rates[i]!.together)];
    const counts = [alone, together].map((rate) => Math.round(rate).toLocaleString("en-US").padStart(8)).join("");
    console.log(`${name.padEnd(46)}${trips} trip${trips > 1 ? "s" : " "}${counts}  x ${(together / base).toFixed(2)}`);
  });
  await close();
};

const refusal = (reason: unknown): void => {
  if (reason instanceof Error) throw reason;
};

async function perSecond(form: Form, atOnce: number, calls: number, run: string): Promise<number> {
  let next = 0;
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (let turn = next++; turn < calls; turn = next++) await form.call(`${turn % KEYS}`, `${run}${turn}`);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (calls * 1000) / (performance.now() - startMs);
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

await main(Number(process.argv[2] ?? 3));
