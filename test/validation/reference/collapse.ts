import type { Simulated } from "../../../src/experiment/simulate.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { band, mean, missing, over, playAll, seedsTo } from "./Reference.ts";

type Retry = NonNullable<NonNullable<ScenarioInput["traffic"][string]["client"]>["retry"]>;
type Rate = NonNullable<NonNullable<ScenarioInput["traffic"][string]["arrivals"]>["poisson"]>["rate"];

const AT_ONCE: Retry = { attempts: 3, backoff: "0s", maxBackoff: "0s", jitter: "none" };
const WITH_BACKOFF: Retry = { attempts: 3, backoff: "20s", factor: 2, maxBackoff: "40s", jitter: "full" };
const NEVER: Retry = { attempts: 1 };
const BUDGETED: Retry = { ...AT_ONCE, budget: { bucket: { capacity: 10, ratio: 0.1 } } };

/** A server whose service takes 1 s and 0.01 s more for each attempt in service, itself included; 0.1 s of network each way; a time limit of 3 s. */
const world = (rate: Rate, retry: Retry, horizon: `${number}s`): ScenarioInput => ({
  name: "collapse",
  horizon,
  traffic: { web: { arrivals: { poisson: { rate } }, prompt: 1, output: 1, client: { attemptTimeout: "3s", retry } } },
  network: { latency: { exponential: { mean: "100ms" } } },
  gateway: { onDisconnect: "continue" },
  fleet: { server: { station: { service: "1.01s", perInFlight: "10ms" } } },
});

/** A rate that changes at once. */
const steps = (...piecewise: ReadonlyArray<readonly [at: `${number}s`, perSecond: number]>): Rate => ({
  piecewise: piecewise.map(([at, perSecond]) => [at, `${perSecond}/s`] as const),
  interpolation: "step",
});

const SOURCE = "Brooker, Metastability and distributed systems; the author's simulator, ported and run over 200 seeds";

/** Share of seeds whose goodput over t = 90..110 s is below half of the offered 40/s. */
const collapsed = async (seconds: number, retry: Retry, seeds: number): Promise<number> => {
  const surge = steps(["0s", 40], ["20s", 80], [`${20 + seconds}s`, 40]);
  const runs = await playAll(world(surge, retry, "110s"), seedsTo(seeds));
  return mean(runs.map((run) => (over(run, "goodputPerSecond", 90_000, 110_000) < 20 ? 1 : 0)));
};

/** Length of the surge in s, share of runs that collapse, and its band over 200 seeds: three standard deviations of both sides. */
const LENGTHS: ReadonlyArray<readonly [seconds: number, published: string, low: number, high: number]> = [
  [3, ".005", 0, 0.03],
  [4, ".275", 0.155, 0.395],
  [5, ".765", 0.645, 0.885],
  [6, ".975", 0.93, 1],
  [8, "1.00", 0.98, 1],
];

export const triggerLength: Reference = {
  title: "collapse after a surge of twice the load: share of runs by the length of the surge",
  source: SOURCE,
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [seconds, published, low, high] of LENGTHS) {
      found.push(band(`${seconds} s, retries at once`, published, low, high, await collapsed(seconds, AT_ONCE, 200)));
    }
    found.push(band("5 s, backoff and jitter", "0 of 20", 0, 0, await collapsed(5, WITH_BACKOFF, 20)));
    found.push(band("10 s, backoff and jitter", "20 of 20", 1, 1, await collapsed(10, WITH_BACKOFF, 20)));
    for (const seconds of [5, 10]) {
      found.push(band(`${seconds} s, no retries`, "0 of 20", 0, 0, await collapsed(seconds, NEVER, 20)));
      found.push(band(`${seconds} s, budget of 10 %`, "0 of 20", 0, 0, await collapsed(seconds, BUDGETED, 20)));
    }
    return found;
  },
};

/** Goodput over offered requests, t = 500..690 s, of a base load, after 300/s for 20 s or without them. */
const lasting = async (perSecond: number, retry: Retry, surge = true): Promise<number> => {
  const rate = surge ? steps(["0s", 300], ["20s", perSecond]) : (`${perSecond}/s` as const);
  const runs = await playAll(world(rate, retry, "690s"), seedsTo(5));
  return mean(runs.map((run) => over(run, "goodputPerSecond", 500_000, 690_000) / perSecond));
};

/** Base load per s, and what is left of its goodput. A collapse outlives the surge where 3 times the load keeps service above the time limit: above 21.4/s. */
const BASES: ReadonlyArray<readonly [perSecond: number, published: string, low: number, high: number]> = [
  [10, "1.00", 0.98, 1.02],
  [20, "1.00", 0.98, 1.02],
  [22, ".52 to .80", 0.52, 0.8],
  [23, ".00 to .37", 0, 0.37],
  [24, ".00", 0, 0.02],
  [40, ".00", 0, 0.02],
  [50, ".00", 0, 0.02],
];

export const hysteresis: Reference = {
  title: "what a surge of 300/s leaves behind: goodput over offered requests by the base load",
  source: SOURCE,
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    for (const [perSecond, published, low, high] of BASES) {
      found.push(band(`${perSecond}/s, retries at once`, published, low, high, await lasting(perSecond, AT_ONCE)));
    }
    return [
      ...found,
      band("50/s without a surge", "1.00", 0.98, 1.02, await lasting(50, AT_ONCE, false)),
      band("60/s without a surge", "collapses unaided", 0, 0.02, await lasting(60, AT_ONCE, false)),
      band("40/s, backoff and jitter", ".00", 0, 0.02, await lasting(40, WITH_BACKOFF)),
      band("40/s, no retries", "1.00", 0.98, 1.02, await lasting(40, NEVER)),
      band("40/s, budget of 10 %", "1.00", 0.98, 1.02, await lasting(40, BUDGETED)),
    ];
  },
};

/** Offered per s: 80 - 1.6 |t - 25|. */
const RAMP: Rate = {
  piecewise: [
    ["0s", "40/s"],
    ["25s", "80/s"],
    ["55s", "32/s"],
  ],
};

/** Mean over runs of the requests answered in each second. */
const answeredBySecond = (runs: ReadonlyArray<Simulated>, seconds: number): Float64Array => {
  const answered = new Float64Array(seconds);
  for (const { sample } of runs) {
    for (const { arrivalMs, e2eMs } of sample) if (e2eMs !== null) answered[Math.floor((arrivalMs + e2eMs) / 1000)]! += 1 / runs.length;
  }
  return answered;
};

export const ramp: Reference = {
  title: "a ramp to 80/s and down again: goodput does not come back with the load",
  source: SOURCE,
  quick: true,
  findings: async () => {
    const ramped = async (retry: Retry): Promise<Float64Array> =>
      answeredBySecond(await playAll(world(RAMP, retry, "55s"), seedsTo(20), 10_000), 55);
    const atOnce = await ramped(AT_ONCE);
    const backedOff = await ramped(WITH_BACKOFF);
    const budgeted = await ramped(BUDGETED);
    return [
      band("answered in the second from t = 10", "about 50", 45, 55, atOnce[10]!),
      missing(
        band("answered in the second from t = 20", "about 37", 32, 42, atOnce[20]!),
        "the author's program, ported once more (outside of this repository) and run over 60 seeds, answers 52 in that second, 43 in the next and 31 in the one after",
      ),
      band("answered per s from t = 27 to 50, at most", "0", 0, 1, Math.max(...atOnce.slice(27, 50))),
      band("with backoff and jitter from t = 27 to 50, at most", "0", 0, 1, Math.max(...backedOff.slice(27, 50))),
      band(
        "with a budget of 10 %: share of what was offered from t = 49 to 51",
        "38 of 41",
        0.85,
        1.3,
        mean(Array.from(budgeted.slice(49, 51))) / 40,
      ),
    ];
  },
};

const LONGEST_S = 1200;

/** Seconds after 300/s for 20 s until nine tenths of a base load are answered again, mean over runs. */
const recoverySeconds = async (perSecond: number): Promise<number> => {
  const runs = await playAll(world(steps(["0s", 300], ["20s", perSecond]), AT_ONCE, `${LONGEST_S}s`), seedsTo(10));
  const after = ({ result }: Simulated): number => {
    const recovered = result.timeline.find(({ atMs, goodputPerSecond }) => atMs > 20_000 && goodputPerSecond >= 0.9 * perSecond);
    return (recovered?.atMs ?? 1000 * LONGEST_S) / 1000 - 20;
  };
  return mean(runs.map(after));
};

export const recoveryTime: Reference = {
  title: "seconds of recovery from a surge of 300/s that each further 1/s of base load adds; from 21.4/s on the collapse feeds itself",
  source: "shape of arXiv 2510.03551 and 2309.16181: recovery times rise sharply near the metastable mode; twice as sharply asked for here",
  quick: false,
  findings: async () => {
    const loads = [5, 10, 20, 22] as const;
    const times: Array<number> = [];
    for (const perSecond of loads) times.push(await recoverySeconds(perSecond));
    const [far, nearer, near] = [1, 2, 3].map((i) => (times[i]! - times[i - 1]!) / (loads[i]! - loads[i - 1]!)) as [number, number, number];
    return [
      band("from 5 to 10/s", "more than none", 1, Infinity, far),
      band("from 10 to 20/s", "more", 2 * far, Infinity, nearer),
      band("from 20 to 22/s", "more still", 2 * nearer, Infinity, near),
    ];
  },
};
