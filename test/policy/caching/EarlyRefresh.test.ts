import { expect, it } from "vitest";
import type { ResultCacheSettings } from "../../../src/policy/caching/index.ts";
import { Answer, Loaded } from "../../../src/policy/caching/index.ts";
import { drawsOf } from "../routing/Fleet.ts";
import { cacheOf, callersOf, load } from "./Caches.ts";

/** Loads and visible misses of a key with a TTL of 60 s under Poisson arrivals, by what protects it. */
const stampede = (perSecond: number, loadMs: number, settings: Partial<ResultCacheSettings>, ttls: number) => {
  const cache = cacheOf({ coalesce: false, ttlMs: 60_000, maxWaiters: 100_000, maxLoads: 100_000, ...settings });
  const draw = drawsOf(23);
  const ends: Array<{ flight: number; atMs: number }> = [];
  load(cache, "k", 0);
  // The table's entry knows the duration of its load from the start.
  cache.entries.loadMs[0] = loadMs;
  let [now, next] = [0, 0];
  while (now < ttls * 60_000) {
    now -= (1000 / perSecond) * Math.log(1 - draw());
    for (; next < ends.length && ends[next]!.atMs <= now; next++) {
      cache.settle(ends[next]!.flight, Loaded.Value, 1, 0.5, ends[next]!.atMs);
      callersOf(cache, ends[next]!.flight);
    }
    const answer = cache.request("k", 0, draw(), now);
    if (answer === Answer.Lead || answer === Answer.HitAndLoad) ends.push({ flight: cache.flight, atMs: now + loadMs });
  }
  return { loads: (cache.counts.loads - 1) / ttls, missed: (cache.counts.misses + cache.counts.coalesced - 1) / cache.counts.requests };
};

it.each([
  [10, 3000, 28.1, 0.95, 3.08, 2.73],
  [100, 400, 40.4, 0.99, 2.68, 1.75],
])(
  "early refresh: xfetch: %d/s, loads of %d ms -> loads per minute: none %d, coalesced %d, beta 1 %d, beta 2 %d",
  (perSecond, loadMs, plain, single, one, two) => {
    const within = (measured: number, expected: number) => expect(Math.abs(measured / expected - 1)).toBeLessThan(0.1);
    within(stampede(perSecond, loadMs, {}, 200).loads, plain);
    within(stampede(perSecond, loadMs, { coalesce: true }, 200).loads, single);
    const early = stampede(perSecond, loadMs, { earlyRefresh: 1 }, 400);
    within(early.loads, one);
    within(stampede(perSecond, loadMs, { earlyRefresh: 2 }, 400).loads, two);
    expect(early.missed).toBeLessThan(1e-4);
  },
);
