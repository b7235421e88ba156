import { afterAll, describe, expect, it } from "vitest";
import type { Adapter } from "../../src/testing/adapters/ShippedAdapters.ts";
import { spillwayRedisLeasedCache } from "../../src/testing/adapters/SpillwayLeasedCaches.ts";
import { spillwayRedisBreakers } from "../../src/testing/adapters/spillwayRedisBreakers.ts";
import { spillwayRedisBudgets } from "../../src/testing/adapters/spillwayRedisBudgets.ts";
import { spillwayRedisLimiters } from "../../src/testing/adapters/spillwayRedisLimiters.ts";
import type { CheckOptions, Law } from "../../src/testing/Law.ts";
import { lawsOf } from "../../src/testing/lawsOf.ts";
import type { Decision, RefusingAdapter } from "../../src/testing/limiter/RateLimiterAdapter.ts";
import { brokenLaws } from "./brokenLaws.ts";

const LONG = process.env["SPILLWAY_LONG"] === "1";
const LIVE = process.env["SPILLWAY_LIVE"] === "1";

const redisLimiters = await spillwayRedisLimiters();
const redisBreakers = await spillwayRedisBreakers();
const redisBudgets = await spillwayRedisBudgets();
const redisCache = await spillwayRedisLeasedCache();
afterAll(async () => {
  await redisLimiters[0]?.close?.();
  await redisBreakers[0]?.close?.();
  await redisBudgets[0]?.close?.();
  await redisCache.close?.();
});

/** Few and short histories on the mock, whose scripts are interpreted in JavaScript: what is true of many is seen on Redis. */
const ON_MOCK = {
  breaker: { runs: 6 },
  tokenBudget: { runs: 15, maxOperations: 15 },
  cache: { runs: 15, maxOperations: 20 },
  limiter: { runs: 25 },
} as const;

const optionsFor = ({ family }: Adapter): CheckOptions => {
  if (LIVE) return { runs: 150, maxOperations: LONG ? 100 : 40 };
  if (LONG) return { runs: family === "breaker" ? 15 : 50 };
  return ON_MOCK[family as keyof typeof ON_MOCK];
};

/** Of limiters and breakers the mock sees the laws about sharing and losing only, unless there is time. */
const SHARED_LAWS = new Set(["L-1", "L-2 store", "L-18", "L-19", "B-20"]);
const nameOf = (law: Law): string => `${law.id}${law.part === undefined ? "" : ` ${law.part}`}`;

const applies = ({ family }: Adapter, law: Law): boolean =>
  LONG || LIVE || family === "tokenBudget" || family === "cache" || SHARED_LAWS.has(nameOf(law));

describe(`Spillway's own, shared through ${LIVE ? "Redis" : "ioredis-mock"}`, () => {
  for (const adapter of [...redisLimiters, ...redisBreakers, ...redisBudgets, redisCache])
    for (const law of lawsOf(adapter).filter((one) => applies(adapter, one)))
      it(`${adapter.name}: ${law.title} -> holds`, () => law.check(optionsFor(adapter)));
});

describe("shared components that keep no promise", () => {
  it("limiter with a store: no deadline of its own -> waits for a silent store; with one, and closed -> decides in time", async () => {
    const shared = redisLimiters[0]!;
    const outage = { decisionWithinMs: 100, bound: { bucket: { capacity: 5, perSecond: 5 } } };
    const bare = lawsOf({ ...shared, spec: { ...shared.spec, outage } }).find((law) => law.id === "L-18")!;
    expect(await brokenLaws([bare], 40)).toEqual(["L-18"]);
    const guarded: RefusingAdapter = {
      ...shared,
      spec: { ...shared.spec, outage },
      make: async (settings, laboratory, scope) => {
        const limiter = await shared.make(settings, laboratory, scope);
        const refused = { admitted: false };
        const late = () => new Promise<typeof refused>((resolve) => laboratory.time.after(100, () => resolve(refused)));
        return {
          consume: (call) => Promise.race([Promise.resolve(limiter.consume(call) as Promise<Decision>).catch(() => refused), late()]),
        };
      },
    };
    expect(
      await brokenLaws(
        lawsOf(guarded).filter((law) => law.id === "L-18"),
        40,
      ),
    ).toEqual([]);
  });

  it("limiter with a store: each command is a new attempt -> charges twice when a reply is lost", async () => {
    const shared = redisLimiters[0]!;
    let sent = 0;
    const forgetful: RefusingAdapter = {
      ...shared,
      make: async (settings, laboratory, scope) => {
        const limiter = await shared.make(settings, laboratory, scope);
        return { consume: (call) => limiter.consume({ ...call, id: `${++sent}` }) };
      },
    };
    expect(
      await brokenLaws(
        lawsOf(forgetful).filter((law) => law.id === "L-19"),
        40,
      ),
    ).toEqual(["L-19"]);
  });

  it("token budgets with a store: each command is a new attempt -> counts twice when a reply is lost", async () => {
    const shared = redisBudgets[0]!;
    let sent = 0;
    const forgetful: typeof shared = {
      ...shared,
      make: async (settings, laboratory, scope) => {
        const budgets = await shared.make(settings, laboratory, scope);
        return {
          ...budgets,
          reserve: (input, output, step) => budgets.reserve(input, output, { ...step, attempt: `${++sent}` }),
        };
      },
    };
    expect(
      await brokenLaws(
        lawsOf(forgetful).filter((law) => law.id === "L-19"),
        40,
      ),
    ).toEqual(["L-19"]);
  });
});
