import { expect, test } from "vitest";
import { summaryJson } from "../../src/report/summaryJson.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { column, pool, run, small } from "../serving/SmallWorld.ts";

const lengths = { prompt: { uniform: [10, 500] }, output: { lognormal: { mean: 20, p99: 90 } } } as const;
const client = { deadline: "2s", retry: { attempts: 3, backoff: "50ms" } } as const;
const chat = { arrivals: { gamma: { rate: "40/s", cv: 2 } }, ...lengths, prefix: { count: 5, tokens: 64 }, client } as const;
const agents = {
  arrivals: { poisson: { rate: "3/s" } },
  ...lengths,
  session: { turns: { geometric: { mean: 3 } }, think: { exponential: { mean: "400ms" } } },
  client,
} as const;
const fleet = { gpu: pool({ replicas: 3, engine: { prefixCache: true, maxSequences: 4, step: { a: 5, b: 0.3, c: 0.001, d: 0.02 } } }) };

/** With a bit of everything. */
const busy = small(chat, {
  horizon: "20s",
  warmup: "1s",
  traffic: { chat, agents },
  fleet,
  gateway: { queue: { capacity: 20, timeout: "500ms" }, responseTimeLimit: "1500ms", onDisconnect: "continue", router: "powerOfTwo" },
  faults: [
    { replicaDown: { pool: "gpu", replicas: 1, at: "6s", for: "2s" } },
    { slowdown: { pool: "gpu", replicas: 2, factor: 2, at: "10s", for: "3s" } },
  ],
  gates: ["chat.goodput.ratio > 0.5"],
});

const document = async (authored: ScenarioInput, seed: number, replications = 1): Promise<string> =>
  summaryJson((await run(authored, { seed, replications })).result);

test("determinism: same seed -> the same bytes; another seed -> others", async () => {
  const first = await document(busy, 7);
  expect(await document(busy, 7)).toBe(first);
  const other = await document(busy, 8);
  expect(other.replace('"seed": 8', '"seed": 7')).not.toBe(first);
});

test("determinism: records -> the same for the same seed, with any number of replications and any sample size beyond the run's", async () => {
  const { sample } = await run(busy, { seed: 7 });
  expect((await run(busy, { seed: 7, replications: 2, sampleSize: 20_000 })).sample).toEqual(sample);
  expect(sample.length).toBeGreaterThan(500);
});

/** What a user brought, in the order of arrival; what became of it is another matter. */
const brought = async (authored: ScenarioInput) => {
  const simulated = await run(authored, { seed: 3 });
  return simulated.sample
    .filter((record) => record.class === "chat")
    .map(({ id, arrivalMs, promptTokens }) => [id, arrivalMs, promptTokens]);
};
const NO_LIMITS = small(chat, { horizon: "20s", fleet: { gpu: pool({ replicas: 8, engine: { maxSequences: 64 } }) } });
/** All are answered within the horizon. */
const patient = {
  ...chat,
  client: {},
  arrivals: {
    poisson: {
      rate: {
        piecewise: [
          ["0s", "30/s"],
          ["10s", "0/s"],
        ],
        interpolation: "step",
      },
    },
  },
} as const;

test("determinism: a second class -> the first one's arrivals and lengths stay", async () => {
  const columns = async (traffic: ScenarioInput["traffic"]) => {
    const simulated = await run({ ...NO_LIMITS, traffic }, { seed: 3 });
    return simulated.sample
      .filter((record) => record.class === "chat")
      .map(({ id, arrivalMs, promptTokens, outputTokens }) => [id, arrivalMs, promptTokens, outputTokens]);
  };
  const alone = await columns({ chat: patient });
  expect(alone.length).toBeGreaterThan(200);
  expect(await columns({ agents, chat: patient })).toEqual(alone);
  expect(await columns({ chat: patient, agents })).toEqual(alone);
});

test("determinism: another gateway, fleet and faults -> the same users come at the same times", async () => {
  const base = { ...NO_LIMITS, traffic: { chat: patient } };
  const reference = await brought(base);
  const crippled: ScenarioInput = {
    ...base,
    fleet: { gpu: pool({ engine: { maxSequences: 2 } }) },
    gateway: { queue: { capacity: 3 }, router: "random" },
    faults: [{ replicaDown: { pool: "gpu", replicas: 1, at: "2s", for: "2s" } }],
  };
  expect(await brought(crippled)).toEqual(reference);
});

test("determinism: closed loop on a slower fleet -> each user's k-th request has the same lengths", async () => {
  const traffic = { chat: { arrivals: { closed: { users: 5, think: "100ms" } }, ...lengths } } as const;
  const byId = async (stepMs: number) => {
    const simulated = await run({ ...NO_LIMITS, traffic, fleet: { gpu: pool({ engine: { step: { a: stepMs } } }) } }, { seed: 3 });
    return new Map(simulated.sample.map((record) => [record.id, [record.promptTokens, record.outputTokens]]));
  };
  const fast = await byId(5);
  const slow = await byId(9);
  expect(slow.size).toBeGreaterThan(100);
  for (const [id, what] of slow) if (fast.has(id)) expect(fast.get(id)).toEqual(what);
});

test("replications: independent -> other arrivals, and two of them give intervals around the merged figures", async () => {
  const one = (await run(busy, { seed: 7 })).result;
  const { result } = await run(busy, { seed: 7, replications: 2 });
  expect(result.replications).toBe(2);
  expect(result.engine.events).toBeGreaterThan(1.5 * one.engine.events);
  const [merged, single] = [result.classes[0]!, one.classes[0]!];
  expect(merged.requests).not.toBe(2 * single.requests);
  expect(merged.ttftMs.count).toBe(merged.outcomes.completed);
  const { low, high } = merged.ttftMs.intervals!["mean"]!;
  expect(low < high).toBe(true);
  expect(merged.ttftMs.mean! > low && merged.ttftMs.mean! < high).toBe(true);
  expect(merged.goodput.interval!.low).toBeLessThan(merged.goodput.ratio!);
  expect(single.ttftMs.intervals).toBeUndefined();
  expect(single.goodput.interval).toBeUndefined();
  // Rates and costs are per run, counts are sums.
  expect(merged.offeredPerSecond).toBeCloseTo(merged.attempts / (2 * 19), 9);
  expect(result.cost.totalUsd).toBeCloseTo(one.cost.totalUsd, 12);
});

test("determinism: records of a run -> in the order of arrival", async () => {
  const times = column(await run(busy, { seed: 7 }), "arrivalMs");
  expect(times).toEqual(times.toSorted((x, y) => x - y));
});
