import type { Simulated } from "../../../src/experiment/simulate.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { band, mean, missing, near, play, playAll, seedsTo } from "./Reference.ts";

type Cache = NonNullable<NonNullable<ScenarioInput["gateway"]>["cache"]>;

/** Share of the requests of a second that were answered from the cache, by second from startS on. */
const hitRates = ({ sample }: Simulated, startS: number, seconds: number): ReadonlyArray<number> => {
  const [hits, asked] = [new Float64Array(seconds), new Float64Array(seconds)];
  for (const { arrivalMs, outcome } of sample) {
    const second = Math.floor(arrivalMs / 1000 - startS);
    asked[second]!++;
    if (outcome === "cached") hits[second]!++;
  }
  return Array.from(hits, (count, second) => count / asked[second]!);
};

const SEEDS = 10;
const ENTRIES = 1000;
/** Seconds from the first request on; the cache is flushed after the fourth. */
const SECONDS = 60;
const FLUSH = 4;

/** The hottest contents are loaded one by one, as fast as the backend allows; then the requests begin. */
const primed = (loadsPerSecond: number): { readonly scenario: ScenarioInput; readonly startS: number } => {
  const startS = ENTRIES / loadsPerSecond;
  return {
    startS,
    scenario: {
      name: "cold-cache",
      horizon: `${startS + SECONDS}s`,
      traffic: {
        web: {
          arrivals: {
            poisson: {
              rate: {
                piecewise: [
                  ["0s", "0/s"],
                  [`${startS}s`, "1000/s"],
                ],
                interpolation: "step",
              },
            },
          },
          prompt: 1,
          output: 1,
          repeat: { share: "100%", contents: 100_000_000, zipf: 1.3 },
        },
      },
      gateway: {
        cache: {
          entries: ENTRIES,
          ttl: "100h",
          latency: "0s",
          warmUp: { traffic: "web", peak: `${startS}s`, rate: `${loadsPerSecond}/s` },
        },
      },
      fleet: { backend: { station: { service: "0ms", quota: { limit: loadsPerSecond, window: "1s" } } } },
      faults: [{ cacheFlush: { at: `${startS + FLUSH}s` } }],
    },
  };
};

/** Loads per second; hit rates in the second after the flush, with tolerance, and at 10, 30 and 59 s. */
const COLD: ReadonlyArray<readonly [loads: number, after: number, tolerance: number, at10: number, at30: number, at59: number]> = [
  [5, 0.32, 0.06, 0.6, 0.73, 0.79],
  [10, 0.46, 0.04, 0.67, 0.78, 0.83],
  [20, 0.54, 0.04, 0.73, 0.82, 0.86],
  [100, 0.68, 0.02, 0.84, 0.85, 0.86],
];

export const coldCache: Reference = {
  title:
    "a full cache of 1,000 answers, flushed at 4 s; 1,000 requests/s of Zipf 1.3, a backend that refuses more than n loads per s: hit rates",
  source: "Brooker's cold cache experiment, ported and run with 10 seeds",
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [loads, after, tolerance, at10, at30, at59] of COLD) {
      const { scenario, startS } = primed(loads);
      const runs = (await playAll(scenario, seedsTo(SEEDS), 1000 * (SECONDS + 1))).map((run) => hitRates(run, startS, SECONDS));
      const at = (second: number): number => mean(runs.map((rates) => rates[second]!));
      found.push(
        missing(
          band(`${loads} loads/s: before the flush`, ".84 to .87", 0.84, 0.87, (at(1) + at(2) + at(3)) / 3),
          "a cache of the 1,000 hottest answers .893 of them (sum of the Zipf law); the published program drops an entry on every miss",
        ),
        near(`${loads} loads/s: in the next second`, after, tolerance, at(FLUSH)),
        near(`${loads} loads/s: at 10 s`, at10, 0.02, at(10)),
        near(`${loads} loads/s: at 30 s`, at30, 0.02, at(30)),
        near(`${loads} loads/s: at 59 s`, at59, 0.02, at(59)),
      );
    }
    return found;
  },
};

const TTL_S = 60;

/** One answer that lives 60 s, asked for so often, loaded so long. */
const stampeded = (perSecond: number, load: `${number}s`, lives: number, cache: Partial<Cache>): Promise<Simulated> =>
  play(
    {
      name: "stampede",
      horizon: `${TTL_S * (lives + 2)}s`,
      warmup: `${2 * TTL_S}s`,
      traffic: { web: { arrivals: { poisson: { rate: `${perSecond}/s` } }, prompt: 1, output: 1, repeat: { share: "100%", contents: 1 } } },
      gateway: { cache: { entries: 10, ttl: `${TTL_S}s`, latency: "0s", ...cache } },
      fleet: { backend: { station: { service: load } } },
    },
    1,
    0,
  );

/** Arrivals per s, time of a load, lives simulated; loads per minute without protection, coalesced, with early refresh at beta 1 and 2; share that waits with these. */
const STAMPEDES: ReadonlyArray<
  readonly [perSecond: number, load: `${number}s`, lives: number, loads: ReadonlyArray<number>, waiting: readonly [number, number]]
> = [
  [10, "3s", 1000, [28.1, 0.95, 3.08, 2.73], [0, 0]],
  [100, "0.4s", 400, [40.4, 0.99, 2.68, 1.75], [0, 0]],
  [1000, "0.4s", 40, [395.7, 0.99, 2.87, 1.8], [0, 0]],
  [10, "0.05s", 2000, [1.44, 1, 1.41, 1.36], [0.0016, 0.001]],
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
    for (const [perSecond, load, lives, published, waiting] of STAMPEDES) {
      for (const [i, [name, cache]] of PROTECTIONS.entries()) {
        const { requests, loads, misses, coalesced } = (await stampeded(perSecond, load, lives, cache)).result.gateway.cache!;
        const point = `${perSecond}/s, ${load}, ${name}`;
        found.push(near(`${point}: loads per minute`, published[i]!, 0.1 * published[i]!, loads / lives));
        if (cache.earlyRefresh === undefined) continue;
        const share = waiting[i - 2]!;
        found.push(near(`${point}: share that waits`, share, 0.1 * share, (misses + coalesced) / requests));
      }
    }
    return found;
  },
};
