import { describe, expect, it } from "vitest";
import type { Adapter } from "../../src/testing/adapters/ShippedAdapters.ts";
import { effectCache } from "../../src/testing/adapters/effectCache.ts";
import { spillwayLeakyQueue } from "../../src/testing/adapters/QueueLimiters.ts";
import { spillwayBreakers } from "../../src/testing/adapters/spillwayBreakers.ts";
import { spillwayConcurrency, spillwayTokenBudgets } from "../../src/testing/adapters/SpillwayAdmission.ts";
import { spillwayCaches } from "../../src/testing/adapters/spillwayCaches.ts";
import { spillwayLeasedCache } from "../../src/testing/adapters/SpillwayLeasedCaches.ts";
import { spillwayLimiters } from "../../src/testing/adapters/spillwayLimiters.ts";
import { spillwayHedge, spillwayRetry, spillwayRetryBudgets } from "../../src/testing/adapters/SpillwayRetries.ts";
import type { BreakerUnderTest, CircuitBreakerAdapter } from "../../src/testing/breaker/CircuitBreakerAdapter.ts";
import { circuitBreakerLaws } from "../../src/testing/breaker/circuitBreakerLaws.ts";
import type { CacheAdapter } from "../../src/testing/cache/CacheAdapter.ts";
import { lawsOf } from "../../src/testing/lawsOf.ts";
import type { RefusingAdapter, RefusingLimiter } from "../../src/testing/limiter/RateLimiterAdapter.ts";
import { rateLimiterLaws } from "../../src/testing/limiter/rateLimiterLaws.ts";
import { brokenLaws } from "./brokenLaws.ts";

const OPTIONS = process.env["SPILLWAY_LONG"] === "1" ? { runs: 5000, maxOperations: 100 } : { runs: 150 };

const OURS: ReadonlyArray<Adapter> = [
  ...spillwayLimiters(),
  spillwayLeakyQueue(),
  ...spillwayBreakers(),
  spillwayRetry(),
  ...spillwayRetryBudgets(),
  spillwayHedge(),
  ...spillwayCaches(),
  ...spillwayTokenBudgets(),
  spillwayLeasedCache(),
  spillwayConcurrency(),
];

describe("Spillway's own", () => {
  for (const adapter of OURS) for (const law of lawsOf(adapter)) it(`${adapter.name}: ${law.title} -> holds`, () => law.check(OPTIONS));
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

  it("breaker that bounds executions: one too many, or counts callers and not executions -> found", async () => {
    const ours = spillwayBreakers()[0]!;
    /** `frees` says when a place is free again. */
    const bounding = (capacity: number, frees: "when it ends" | "when its caller is told"): CircuitBreakerAdapter => ({
      ...ours,
      laboratory: { answering: "turn" },
      features: { bulkhead: true },
      spec: { ...ours.spec, capacity: 2, callTimeoutMs: 100 },
      make: (_settings, laboratory) => {
        let taken = 0;
        const free = (): void => void taken--;
        return {
          phase: () => "closed",
          execute: (work) => {
            if (taken >= capacity) return Promise.reject(new Error("full"));
            taken++;
            const ended = Promise.resolve(work());
            const told = new Promise((_, reject) => void laboratory.time.after(100, () => reject(new Error("timed out"))));
            (frees === "when it ends" ? ended : Promise.race([ended, told])).then(free, free);
            return Promise.race([ended, told]);
          },
        };
      },
    });
    const b8 = (adapter: CircuitBreakerAdapter) => brokenLaws(circuitBreakerLaws(adapter).filter(({ id }) => id === "B-8"));
    expect(await b8(bounding(2, "when it ends"))).toEqual([]);
    expect(await b8(bounding(3, "when it ends"))).toEqual(["B-8"]);
    expect(await b8(bounding(2, "when its caller is told"))).toEqual(["B-8"]);
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
      /time +operation +what happened[\s\S]*the law: at most[\s\S]*repeat here: law\.check\(\{"seed":4,"path":[\s\S]*--seed 4 --path/,
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
