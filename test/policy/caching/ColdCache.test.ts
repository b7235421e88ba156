import { expect, it } from "vitest";
import { zipf } from "../../../src/kernel/Sampler.ts";
import { Streams } from "../../../src/kernel/Streams.ts";
import { Answer, Loaded, ResultCache } from "../../../src/policy/caching/index.ts";

const ENTRIES = 1000;
const FLUSH_MS = 4000;

/** Hit rate of each second: 1,000 requests per second of Zipf 1.3, a flush at 4 s, a backend that serves so many loads per second and refuses the rest. */
function hitRates(loadsPerSecond: number, seconds: number, replication: number): ReadonlyArray<number> {
  const keys = zipf(2 ** 31 - 1, 1.3);
  const source = new Streams(1, replication).open("cold cache", "key").sequence();
  const cache = new ResultCache<number>({
    eviction: "lru",
    maxEntries: ENTRIES,
    maxBytes: Infinity,
    ttlMs: Infinity,
    ttlJitterRatio: 0,
    earlyRefresh: 0,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    negativeTtlMs: 0,
    coalesce: true,
    maxLoads: 1,
    maxWaiters: 1,
    leaseMs: Infinity,
    onLeaderCancel: "keep",
  });
  const ask = (key: number, served: boolean, now: number): boolean => {
    if (cache.request(key, 0, 0, now) === Answer.Hit) return true;
    cache.settle(cache.flight, served ? Loaded.Value : Loaded.Failed, 1, 0, now);
    while (cache.nextCaller(cache.flight) >= 0);
    return false;
  };
  // Primed with the most popular, these used last.
  for (let key = ENTRIES; key >= 1; key--) ask(key, true, 0);
  const rates: Array<number> = [];
  for (let second = 0; second < seconds; second++) {
    let [hits, loads] = [0, 0];
    for (let now = 1000 * second; now < 1000 * (second + 1); now++) {
      if (now === FLUSH_MS) cache.flush(now);
      if (ask(keys.sample(source), loads < loadsPerSecond, now)) hits++;
      else loads++;
    }
    rates.push(hits / 1000);
  }
  return rates;
}

/** Mean of ten replications, second by second. */
function meanRates(loadsPerSecond: number, seconds: number): ReadonlyArray<number> {
  const runs = Array.from({ length: 10 }, (_, replication) => hitRates(loadsPerSecond, seconds, replication));
  return Array.from({ length: seconds }, (_, second) => runs.reduce((sum, rates) => sum + rates[second]! / 10, 0));
}

// Source: Brooker's cold cache experiment (port of his program, mean of 10 seeds), with the tolerances of means of 10.
it.each([
  [5, 0.32, 0.06, 0.6, 0.73],
  [10, 0.46, 0.04, 0.67, 0.78],
  [20, 0.54, 0.04, 0.73, 0.82],
  [100, 0.68, 0.02, 0.84, 0.85],
])(
  "cold cache: %d loads/s after a flush -> hit rate %d (+-%d) in the next second, %d and %d (+-0.02) at 10 and 30 s",
  (loads, after, tolerance, middle, late) => {
    const rates = meanRates(loads, 31);
    // The thousand most popular keys draw 0.893 of the requests; misses that load displace some of them.
    expect(Math.abs(rates[2]! - 0.893)).toBeLessThan(0.015);
    expect(Math.abs(rates[4]! - after)).toBeLessThan(tolerance);
    expect(Math.abs((rates[9]! + rates[10]!) / 2 - middle)).toBeLessThan(0.02);
    expect(Math.abs((rates[29]! + rates[30]!) / 2 - late)).toBeLessThan(0.02);
  },
);
