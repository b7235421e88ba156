import { expect } from "vitest";
import type { ResultCacheSettings } from "../../../src/policy/caching/index.ts";
import { Answer, Loaded, ResultCache } from "../../../src/policy/caching/index.ts";

export const PLAIN: ResultCacheSettings = {
  eviction: "lru",
  maxEntries: 100,
  maxBytes: Infinity,
  ttlMs: 1000,
  ttlJitterRatio: 0,
  earlyRefresh: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  negativeTtlMs: 0,
  coalesce: true,
  maxLoads: 100,
  maxWaiters: 1000,
  leaseMs: Infinity,
  onLeaderCancel: "keep",
};
/** More than any cache of the tests lets wait. */
const MOST_CALLERS = 100_000;

export const cacheOf = (settings: Partial<ResultCacheSettings> = {}) => new ResultCache<string>({ ...PLAIN, ...settings });
export const callersOf = (cache: ResultCache<string>, flight: number): Array<number> => {
  const callers: Array<number> = [];
  for (let caller = cache.nextCaller(flight); caller >= 0; caller = cache.nextCaller(flight)) {
    callers.push(caller);
    if (callers.length > MOST_CALLERS) throw new Error("callers without end");
  }
  return callers;
};
export const load = (cache: ResultCache<string>, key: string, nowMs: number, draw = 0.5): void => {
  expect(cache.request(key, 0, 0, nowMs)).toBe(Answer.Lead);
  const { flight } = cache;
  cache.settle(flight, Loaded.Value, 1, draw, nowMs);
  callersOf(cache, flight);
};
