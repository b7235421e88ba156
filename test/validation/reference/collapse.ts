import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { mean, near, over, play } from "./Reference.ts";

type Retry = NonNullable<NonNullable<ScenarioInput["traffic"][string]["client"]>["retry"]>;
type Rate = NonNullable<ScenarioInput["traffic"][string]["arrivals"]>["poisson"];

const AT_ONCE: Retry = { attempts: 3, backoff: "0s", maxBackoff: "0s", jitter: "none" };
const WITH_BACKOFF: Retry = { attempts: 3, backoff: "20s", factor: 2, maxBackoff: "40s", jitter: "full" };
const NEVER: Retry = { attempts: 1 };
const BUDGETED: Retry = { ...AT_ONCE, budget: { bucket: { capacity: 10, ratio: 0.1 } } };

/** A server whose service takes 1 s and 0.01 s more for each attempt in service; 0.1 s of network each way; a time limit of 3 s. */
const world = (arrivals: NonNullable<Rate>, retry: Retry, horizon: `${number}s`): ScenarioInput => ({
  name: "collapse",
  horizon,
  traffic: { web: { arrivals: { poisson: arrivals }, prompt: 1, output: 1, client: { attemptTimeout: "3s", retry } } },
  network: { latency: { exponential: { mean: "100ms" } } },
  gateway: { onDisconnect: "continue" },
  fleet: { server: { station: { service: "1s", perInFlight: "10ms" } } },
});

const triggered = (seconds: number, retry: Retry): ScenarioInput =>
  world(
    {
      rate: {
        piecewise: [
          ["0s", "40/s"],
          ["20s", "80/s"],
          [`${20 + seconds}s`, "40/s"],
        ],
        interpolation: "step",
      },
    },
    retry,
    "110s",
  );

/** Share of seeds whose goodput over t = 90..110 s is below half of the offered 40/s. */
const collapsed = async (seconds: number, retry: Retry, seeds: number): Promise<number> => {
  const runs: Array<number> = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const simulated = await play(triggered(seconds, retry), seed);
    runs.push(over(simulated, "goodputPerSecond", 90_000, 110_000) < 20 ? 1 : 0);
  }
  return mean(runs);
};

const band = (name: string, published: string, low: number, high: number, simulated: number): Finding => ({
  name,
  published,
  low,
  high,
  simulated,
});

const SOURCE = "Brooker, Metastability and distributed systems; the author's simulator, ported and run over 200 seeds";
const SEEDS = 40;

export const triggerLength: Reference = {
  title: "collapse after a surge of twice the load: share of runs by the length of the surge",
  source: SOURCE,
  quick: false,
  findings: async () => [
    band("3 s, retries at once", ".005", 0, 0.06, await collapsed(3, AT_ONCE, SEEDS)),
    band("4 s, retries at once", ".275", 0.06, 0.5, await collapsed(4, AT_ONCE, SEEDS)),
    band("5 s, retries at once", ".765", 0.55, 0.95, await collapsed(5, AT_ONCE, SEEDS)),
    band("6 s, retries at once", ".975", 0.9, 1, await collapsed(6, AT_ONCE, SEEDS)),
    band("8 s, retries at once", "1.00", 0.98, 1, await collapsed(8, AT_ONCE, SEEDS)),
    band("5 s, backoff and jitter", "0 of 20", 0, 0.1, await collapsed(5, WITH_BACKOFF, 20)),
    band("10 s, backoff and jitter", "20 of 20", 0.9, 1, await collapsed(10, WITH_BACKOFF, 20)),
    band("10 s, no retries", "0 of 20", 0, 0.05, await collapsed(10, NEVER, 20)),
    band("5 s, budget of 10 %", "0 of 20", 0, 0.05, await collapsed(5, BUDGETED, 20)),
    band("10 s, budget of 10 %", "0 of 20", 0, 0.05, await collapsed(10, BUDGETED, 20)),
  ],
};

/** Goodput over offered requests, t = 500..690 s, after 300/s for 20 s. */
const afterSurge = async (perSecond: number, retry: Retry): Promise<number> => {
  const runs: Array<number> = [];
  const rate = {
    piecewise: [
      ["0s", "300/s"],
      ["20s", `${perSecond}/s`],
    ],
    interpolation: "step",
  } as const;
  for (let seed = 1; seed <= 3; seed++) {
    const simulated = await play(world({ rate }, retry, "690s"), seed);
    runs.push(over(simulated, "goodputPerSecond", 500_000, 690_000) / perSecond);
  }
  return mean(runs);
};

export const hysteresis: Reference = {
  title: "what a surge of 300/s leaves behind: goodput over offered requests by the base load",
  source: SOURCE,
  quick: false,
  findings: async () => [
    band("20/s, retries at once", "1.00", 0.98, 1.02, await afterSurge(20, AT_ONCE)),
    band("24/s, retries at once", ".00", 0, 0.02, await afterSurge(24, AT_ONCE)),
    band("40/s, retries at once", ".00", 0, 0.02, await afterSurge(40, AT_ONCE)),
    band("40/s, backoff and jitter", ".00", 0, 0.02, await afterSurge(40, WITH_BACKOFF)),
    band("40/s, no retries", "1.00", 0.98, 1.02, await afterSurge(40, NEVER)),
    band("40/s, budget of 10 %", "1.00", 0.98, 1.02, await afterSurge(40, BUDGETED)),
  ],
};

const budgetedShare = async (rate: NonNullable<Rate>["rate"]): Promise<number> => {
  const runs = await Promise.all(Array.from({ length: 10 }, (_, i) => play(world({ rate }, BUDGETED, "55s"), i + 1)));
  return mean(runs.map((run) => over(run, "goodputPerSecond", 49_500, 51_500))) / 40;
};

export const ramp: Reference = {
  title: "a ramp to 80/s and down again: goodput does not come back with the load",
  source: SOURCE,
  quick: true,
  findings: async () => {
    const rate = {
      piecewise: [
        ["0s", "40/s"],
        ["25s", "80/s"],
        ["55s", "32/s"],
      ],
    } as const;
    const runs = await Promise.all(Array.from({ length: 20 }, (_, i) => play(world({ rate }, AT_ONCE, "55s"), i + 1)));
    const goodput = (fromMs: number, toMs: number): number => mean(runs.map((run) => over(run, "goodputPerSecond", fromMs, toMs)));
    return [
      near("goodput at t = 10, per s", 50, 5, goodput(8_000, 12_000)),
      band("goodput from t = 27 to 50, per s", "0", 0, 1, goodput(27_000, 50_000)),
      band("with a budget of 10 %: share of the offered at t = 50.5", "38 of 41 at t = 50", 0.85, 1.3, await budgetedShare(rate)),
    ];
  },
};
