import type { RequestRecord } from "../../../src/metric/RequestRecord.ts";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Reference } from "./Reference.ts";
import { near, play } from "./Reference.ts";

const MIN = 20;
const MAX = 200;
const SLOWER = 50;

interface Run {
  /** Limit at the start; so many requests come in the first tenth of a second, later more than any limit admits. */
  readonly initial: number;
  readonly horizonMs: number;
  readonly warmupMs?: number;
  /** From then on answers take 5 s and not 100 ms. */
  readonly slowFromMs?: number;
}

/** A queue that keeps the limit reached. Answers take 100 ms, and up to 10 ns more, so that no two come together. */
const world = ({ initial, horizonMs, warmupMs = 0, slowFromMs }: Run): ScenarioInput => ({
  name: "gradient",
  horizon: `${horizonMs}ms`,
  warmup: `${warmupMs}ms`,
  traffic: {
    web: {
      arrivals: {
        poisson: {
          rate: {
            piecewise: [
              ["0s", `${10 * initial}/s`],
              ["100ms", "3000/s"],
            ],
            interpolation: "step",
          },
        },
      },
      prompt: 1,
      output: 1,
    },
  },
  gateway: {
    queue: { capacity: 1000 },
    maxInFlightPerReplica: 1000,
    concurrency: { gradient2: { initial, min: MIN, max: MAX, smoothing: 0.2, queue: 4 } },
  },
  fleet: { backend: { station: { service: { uniform: ["100ms", "100.00001ms"] } } } },
  ...(slowFromMs === undefined
    ? {}
    : { faults: [{ slowdown: { pool: "backend", replicas: 1, factor: SLOWER, at: `${slowFromMs}ms`, for: "1h" } }] }),
});

const startMs = ({ arrivalMs, queueWaitMs }: RequestRecord): number => arrivalMs + queueWaitMs!;
const endMs = ({ arrivalMs, e2eMs }: RequestRecord): number => arrivalMs + e2eMs!;

/** What was answered, in order of its end. */
const samplesOf = async (run: Run): Promise<ReadonlyArray<RequestRecord>> => {
  const { sample } = await play(world(run), 1, 1_000_000);
  return sample.filter(({ outcome }) => outcome === "completed").toSorted((one, other) => endMs(one) - endMs(other));
};

/** The first of the samples with which the limit is at its maximum, counted from 1: the world is run again to just after each that comes into question. */
const samplesToMost = async (samples: ReadonlyArray<RequestRecord>, run: Omit<Run, "horizonMs">): Promise<number> => {
  let [below, at] = [0, samples.length - 1];
  while (at - below > 1) {
    const middle = (below + at) >> 1;
    const horizonMs = (endMs(samples[middle - 1]!) + endMs(samples[middle]!)) / 2;
    const { result } = await play(world({ ...run, horizonMs }), 1, 0);
    if (result.gateway.concurrency!.limit.max === MAX) at = middle;
    else below = middle;
  }
  return at;
};

/** The first few start while less than half of the limit is in flight: they are no samples. */
const growth = async (): Promise<number> =>
  samplesToMost((await samplesOf({ initial: MIN, horizonMs: 1000 })).slice(MIN / 2 - 1), { initial: MIN });

/** The thousandth sample is the last fast one. */
const recovery = async (): Promise<number> => {
  const starts = (await samplesOf({ initial: MAX, horizonMs: 2000 })).map(startMs).toSorted((one, other) => one - other);
  const slowed = { initial: MAX, slowFromMs: (starts[999]! + starts[1000]!) / 2 };
  const slow = (await samplesOf({ ...slowed, horizonMs: 200_000 })).slice(1000);
  // What was measured before the limit had fallen is forgotten.
  return samplesToMost(slow, { ...slowed, warmupMs: endMs(slow[100]!) });
};

export const gradient: Reference = {
  title:
    "gradient2 with a constant latency: answers until the limit has grown from 20 to 200, and until it is back there after all take fifty times longer",
  source: "+ 0.8 per sample; Netflix concurrency-limits, Gradient2Limit: as published it does not see drops",
  quick: true,
  findings: async () => [
    near("from 20 to 200 at 100 ms", 225, 0, await growth()),
    near("back to 200 at 5 s, after 1,000 at 100 ms", 507, 0, await recovery()),
  ],
};
