import type { Simulated } from "../../../src/experiment/simulate.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { mean, near, play } from "./Reference.ts";

type Cache = NonNullable<NonNullable<ScenarioInput["gateway"]>["cache"]>;

/** Share of the requests of a second that were answered from the cache, by second. */
const hitRates = ({ sample }: Simulated, seconds: number): ReadonlyArray<number> => {
  const [hits, asked] = [new Float64Array(seconds), new Float64Array(seconds)];
  for (const { arrivalMs, outcome } of sample) {
    const second = Math.floor(arrivalMs / 1000);
    asked[second]!++;
    if (outcome === "cached") hits[second]!++;
  }
  return Array.from(hits, (count, second) => count / asked[second]!);
};

const SEEDS = 10;
const SECONDS = 27;

/** A cache that is empty at 0 s, as after a flush at the start of a second. */
const cold = (loadsPerSecond: number): ScenarioInput => ({
  name: "cold-cache",
  horizon: `${SECONDS}s`,
  traffic: {
    web: { arrivals: { poisson: { rate: "1000/s" } }, prompt: 1, output: 1, repeat: { share: "100%", contents: 100_000_000, zipf: 1.3 } },
  },
  gateway: { cache: { entries: 1000, ttl: "100h", latency: "0s" } },
  fleet: { backend: { station: { service: "0ms", quota: { limit: loadsPerSecond, window: "1s" } } } },
});

/** Loads per second; hit rate in the second after the flush, with tolerance; 6 s and 26 s later. */
const COLD: ReadonlyArray<readonly [loads: number, after: number, tolerance: number, middle: number, late: number]> = [
  [5, 0.32, 0.06, 0.6, 0.73],
  [10, 0.46, 0.04, 0.67, 0.78],
  [20, 0.54, 0.04, 0.73, 0.82],
  [100, 0.68, 0.02, 0.84, 0.85],
];

export const coldCache: Reference = {
  title: "an emptied cache of 1,000 answers, 1,000 requests/s of Zipf 1.3, a backend that refuses more than n loads per s: hit rates",
  source: "Brooker's cold cache experiment, ported and run with 10 seeds",
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [loads, after, tolerance, middle, late] of COLD) {
      const runs: Array<ReadonlyArray<number>> = [];
      for (let seed = 1; seed <= SEEDS; seed++) runs.push(hitRates(await play(cold(loads), seed), SECONDS));
      const at = (second: number): number => mean(runs.map((rates) => rates[second]!));
      found.push(
        near(`${loads} loads/s: in the next second`, after, tolerance, at(0)),
        near(`${loads} loads/s: 6 s later`, middle, 0.02, (at(5) + at(6)) / 2),
        near(`${loads} loads/s: 26 s later`, late, 0.02, (at(25) + at(26)) / 2),
      );
    }
    return found;
  },
};

const TTL_S = 60;

/** One answer that lives 60 s, asked for so often, loaded so long. */
const stampeded = (perSecond: number, load: `${number}s`, lives: number, cache: Partial<Cache>): Promise<Simulated> =>
  play({
    name: "stampede",
    horizon: `${TTL_S * (lives + 2)}s`,
    warmup: `${2 * TTL_S}s`,
    traffic: { web: { arrivals: { poisson: { rate: `${perSecond}/s` } }, prompt: 1, output: 1, repeat: { share: "100%", contents: 1 } } },
    gateway: { cache: { entries: 10, ttl: `${TTL_S}s`, latency: "0s", ...cache } },
    fleet: { backend: { station: { service: load } } },
  });

/** Arrivals per s, time of a load, lives simulated; loads per minute without protection, coalesced, with early refresh at beta 1 and 2. */
const STAMPEDES: ReadonlyArray<readonly [number, `${number}s`, number, ...ReadonlyArray<number>]> = [
  [10, "3s", 1000, 28.1, 0.95, 3.08, 2.73],
  [100, "0.4s", 200, 40.4, 0.99, 2.68, 1.75],
  [10, "0.05s", 400, 1.44, 1, 1.41, 1.36],
];

const PROTECTIONS: ReadonlyArray<readonly [name: string, cache: Partial<Cache>]> = [
  ["no protection", { coalesce: false }],
  ["coalesced", {}],
  ["early refresh alone, beta 1", { coalesce: false, earlyRefresh: 1 }],
  ["early refresh alone, beta 2", { coalesce: false, earlyRefresh: 2 }],
];

export const stampede: Reference = {
  title: "a popular answer ends its life: loads per minute, and askers who wait in spite of early refresh",
  source:
    "1 + rate x load time without protection; early refresh by Vattani, Chierichetti, Lowenstein 2015, simulated elsewhere over 400 lives",
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [perSecond, load, lives, ...published] of STAMPEDES) {
      for (const [i, [name, cache]] of PROTECTIONS.entries()) {
        const { requests, loads, misses, coalesced } = (await stampeded(perSecond, load, lives, cache)).result.gateway.cache!;
        const point = `${perSecond}/s, ${load}, ${name}`;
        found.push(near(`${point}: loads per minute`, published[i]!, 0.1 * published[i]!, loads / lives));
        if (cache.earlyRefresh !== undefined && load !== "0.05s")
          found.push(near(`${point}: share that waits`, 0, 0.0002, (misses + coalesced) / requests));
      }
    }
    return found;
  },
};
