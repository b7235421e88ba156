import { afterAll, describe, expect, it } from "vitest";
import type { Adapter } from "../../src/testing/adapters/ShippedAdapters.ts";
import { effectCache } from "../../src/testing/adapters/effectCache.ts";
import { spillwayBreakers } from "../../src/testing/adapters/spillwayBreakers.ts";
import { spillwayConcurrency, spillwayTokenBudgets } from "../../src/testing/adapters/spillwayAdmission.ts";
import { spillwayCaches } from "../../src/testing/adapters/spillwayCaches.ts";
import { spillwayLimiters } from "../../src/testing/adapters/spillwayLimiters.ts";
import { spillwayRedisLimiters } from "../../src/testing/adapters/spillwayRedisLimiters.ts";
import { spillwayHedge, spillwayRetry, spillwayRetryBudgets } from "../../src/testing/adapters/spillwayRetries.ts";
import type { BreakerUnderTest, CircuitBreakerAdapter } from "../../src/testing/breaker/CircuitBreakerAdapter.ts";
import { circuitBreakerLaws } from "../../src/testing/breaker/circuitBreakerLaws.ts";
import type { CacheAdapter } from "../../src/testing/cache/CacheAdapter.ts";
import { lawsOf } from "../../src/testing/lawsOf.ts";
import type { RefusingAdapter, RefusingLimiter } from "../../src/testing/limiter/RateLimiterAdapter.ts";
import { rateLimiterLaws } from "../../src/testing/limiter/rateLimiterLaws.ts";

const LONG = process.env["SPILLWAY_LONG"] === "1";
const OPTIONS = LONG ? { runs: 5000, maxOperations: 100 } : { runs: 150 };

const SLOW = new Set<object>();
const redisLimiters = await spillwayRedisLimiters();
for (const adapter of redisLimiters) SLOW.add(adapter);
afterAll(() => redisLimiters[0]?.close?.());

const OURS: ReadonlyArray<Adapter> = [
  ...spillwayLimiters(),
  ...redisLimiters,
  ...spillwayBreakers(),
  spillwayRetry(),
  ...spillwayRetryBudgets(),
  spillwayHedge(),
  ...spillwayCaches(),
  spillwayTokenBudgets(),
  spillwayConcurrency(),
];

describe("Spillway's own", () => {
  for (const adapter of OURS)
    for (const law of lawsOf(adapter))
      it(`${adapter.name}: ${law.title} -> holds`, () => law.check(SLOW.has(adapter) ? { ...OPTIONS, runs: LONG ? 150 : 50 } : OPTIONS));
});

const limiter = (name: string, consume: RefusingLimiter["consume"]): RefusingAdapter => ({
  family: "limiter",
  behavior: "refuses",
  name,
  laboratory: { answering: "sync" },
  features: {},
  spec: { limit: 2, windowMs: 1000, bound: { bucket: { capacity: 2, perSecond: 2 } }, fullAfterMs: 1000, exact: true },
  make: () => ({ consume }),
});

const brokenLaws = async (laws: ReturnType<typeof lawsOf>): Promise<ReadonlyArray<string>> => {
  const reports = await Promise.all(laws.map((law) => law.report({ runs: 200 })));
  return reports.filter((report) => report.counterexample !== undefined).map((report) => report.law);
};

const breaker = (name: string, make: () => BreakerUnderTest): CircuitBreakerAdapter => ({
  ...spillwayBreakers()[0]!,
  name,
  laboratory: { answering: "turn" },
  features: {},
  make,
});

describe("components that keep no promise", () => {
  it("limiter: admits all -> breaks the bound, at any settings", async () => {
    expect(await brokenLaws(rateLimiterLaws(limiter("always", () => ({ admitted: true }))))).toEqual(["L-1", "L-1 clocks", "L-6 settings"]);
  });

  it("limiter: admits nothing -> starves", async () => {
    expect(await brokenLaws(rateLimiterLaws(limiter("never", () => ({ admitted: false }))))).toEqual([
      "L-12",
      "L-13 refusals",
      "L-13 rate",
    ]);
  });

  it("limiter: answers by promise and throws -> refused, starves", async () => {
    const throwing = limiter("throws", () => Promise.reject(new Error("down")));
    expect(await brokenLaws(rateLimiterLaws(throwing).filter((law) => law.id === "L-12"))).toEqual(["L-12"]);
  });

  it("breaker: never opens, never lets anybody through -> broken", async () => {
    const open = breaker("never opens", () => ({ execute: (work) => work(), phase: () => "closed" }));
    expect(await brokenLaws(circuitBreakerLaws(open))).toEqual(["B-12", "B-15"]);
    const shut = breaker("always open", () => ({ execute: () => Promise.reject(new Error("open")), phase: () => "open" }));
    expect(await brokenLaws(circuitBreakerLaws(shut))).toEqual(["B-10", "B-15"]);
  });

  it("component that depends on more than the history: -> told, not reported as a violation", async () => {
    let calls = 0;
    const moody = limiter("moody", () => ({ admitted: ++calls % 7 < 4, waitMs: calls }));
    const law = rateLimiterLaws(moody).find((one) => one.id === "L-1")!;
    await expect(law.report({ runs: 200 })).rejects.toThrow(/depends on something outside the history/);
  });

  it("law that is broken: check -> throws with the timeline and the command that repeats it", async () => {
    const law = rateLimiterLaws(limiter("always", () => ({ admitted: true })))[0]!;
    await expect(law.check({ seed: 4 })).rejects.toThrow(
      /time +operation +what happened[\s\S]*the law: at most[\s\S]*repeat: .*--seed 4 --path/,
    );
  });

  it("cache: loads for every caller -> several loads for a key at a time; keeps all -> stale values", async () => {
    const uncached = (make: CacheAdapter["make"]): CacheAdapter => ({ ...effectCache(), name: "broken", features: {}, make });
    const careless = uncached((load) => ({ get: (key) => load(key) }));
    expect(await brokenLaws(lawsOf(careless))).toEqual(["C-1"]);
    const forever = uncached((load) => {
      const kept = new Map<string, Promise<unknown>>();
      return { get: (key) => kept.get(key) ?? kept.set(key, load(key)).get(key) };
    });
    expect(await brokenLaws(lawsOf(forever))).toEqual(["C-4", "C-5"]);
  });

  it("cache of Effect: one load, everybody answered, keys apart -> holds; a clock that steps back -> old values", async () => {
    expect(await brokenLaws(lawsOf(effectCache()))).toEqual(["C-4", "C-5"]);
  });
});
