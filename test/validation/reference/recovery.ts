import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Finding, Reference } from "./Reference.ts";
import { mean, over, play } from "./Reference.ts";

interface Trigger {
  readonly perSecond: number;
  readonly seconds: number;
  readonly factor: number;
  readonly attempts: number;
  readonly timeout: `${number}s`;
  readonly station: NonNullable<ScenarioInput["fleet"][string]["station"]>;
}

/** A server that gets slower by a factor from t = 20 s on for a while; clients wait so long and ask again at once, and it works for those who are gone. */
const world = ({ perSecond, seconds, factor, attempts, timeout, station }: Trigger): ScenarioInput => ({
  name: "recovery",
  horizon: "120s",
  traffic: {
    web: {
      arrivals: { poisson: { rate: `${perSecond}/s` } },
      prompt: 1,
      output: 1,
      client: { attemptTimeout: timeout, retry: { attempts, backoff: "0s", maxBackoff: "0s", jitter: "none" } },
    },
  },
  gateway: { onDisconnect: "continue" },
  fleet: { server: { station } },
  faults: [{ slowdown: { pool: "server", replicas: 1, factor, at: "20s", for: `${seconds}s` } }],
});

/** Mean over seeds of a rate from t = 90 to 120 s. */
const after = async (trigger: Trigger, column: "goodputPerSecond" | "offeredPerSecond", seeds: number): Promise<number> => {
  const rates: Array<number> = [];
  for (let seed = 1; seed <= seeds; seed++) rates.push(over(await play(world(trigger), seed), column, 90_000, 120_000));
  return mean(rates);
};

const DATABASE = {
  attempts: 2,
  timeout: "1s",
  factor: 1000,
  seconds: 10,
  station: { servers: 1, service: { exponential: { mean: "3.3333ms" } } },
} as const;

export const vulnerableLoad: Reference = {
  title: "a database of 300 queries/s, one retry, down for 10 s: what goes on for ever after it, by load",
  source: "Bronson et al., Metastable failures in distributed systems, HotOS 2021: doubled load stays from half of the capacity on",
  quick: true,
  findings: async () => [
    {
      name: "280/s: offered afterwards, per s",
      published: "560",
      low: 540,
      high: 580,
      simulated: await after({ ...DATABASE, perSecond: 280 }, "offeredPerSecond", 2),
    },
    {
      name: "280/s: goodput afterwards, per s",
      published: "none",
      low: 0,
      high: 14,
      simulated: await after({ ...DATABASE, perSecond: 280 }, "goodputPerSecond", 2),
    },
    {
      name: "120/s: offered afterwards, per s",
      published: "120: it recovers",
      low: 114,
      high: 126,
      simulated: await after({ ...DATABASE, perSecond: 120 }, "offeredPerSecond", 2),
    },
    {
      name: "120/s: goodput afterwards, per s",
      published: "120",
      low: 114,
      high: 126,
      simulated: await after({ ...DATABASE, perSecond: 120 }, "goodputPerSecond", 2),
    },
  ],
};

/** Loses four fifths of its capacity of 100/s; clients wait 3 s and send up to four times more. */
const STORE = { attempts: 5, timeout: "3s", factor: 5, station: { servers: 10, service: { exponential: { mean: "100ms" } } } } as const;

/** Shortest trigger, in whole seconds, that outlives itself: less than half of the requests are answered from t = 90 s on. 30 when none does. */
const threshold = async (perSecond: number): Promise<number> => {
  for (let seconds = 1; seconds < 30; seconds++) {
    if ((await after({ ...STORE, perSecond, seconds }, "goodputPerSecond", 3)) < perSecond / 2) return seconds;
  }
  return 30;
};

const LOADS = [60, 45, 30] as const;

export const triggerThreshold: Reference = {
  title: "capacity 100 -> 20/s for a while, four resends after 3 s: shortest loss that the overload outlives, in s, by load",
  source: "shape of Huang et al., Metastable failures in the wild, OSDI 2022 (10 s fails, 9 s and three quarters of the load recover)",
  quick: false,
  findings: async () => {
    const found: Array<Finding> = [];
    let before = 0;
    for (const perSecond of LOADS) {
      const seconds = await threshold(perSecond);
      found.push({
        name: `${perSecond}/s`,
        published: before === 0 ? "there is a threshold" : `longer than ${before}: less load recovers`,
        low: before + 1,
        high: 29,
        simulated: seconds,
      });
      before = seconds;
    }
    return found;
  },
};
