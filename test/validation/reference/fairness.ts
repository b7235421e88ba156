import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Reference } from "./Reference.ts";
import { play } from "./Reference.ts";

type Order = NonNullable<NonNullable<NonNullable<ScenarioInput["gateway"]>["queue"]>["order"]>;

const SERVERS = 4;
const WEIGHTS = { prompt: 1, output: 2 };
const TALKER = { prompt: 100, output: 400 };
const READER = { prompt: 1000, output: 20 };

/** Two tenants who always have twenty requests waiting, on four servers; service takes as long as the answers are. */
const backlogged = async (order: Order): Promise<{ readonly gap: number; readonly utilization: number }> => {
  const { sample, result } = await play({
    name: "fairness",
    horizon: "600s",
    traffic: {
      talker: { tenant: "talker", arrivals: { closed: { users: 20, think: "0s" } }, ...TALKER },
      reader: { tenant: "reader", arrivals: { closed: { users: 20, think: "0s" } }, ...READER },
    },
    gateway: { queue: { capacity: 100, order }, maxInFlightPerReplica: SERVERS },
    fleet: { server: { station: { servers: SERVERS, service: { exponential: { mean: "100ms" } } } } },
  });
  const served = sample.filter(({ e2eMs }) => e2eMs !== null);
  // A prompt is served when it starts, an answer when it is over.
  const events = served.flatMap((record) => {
    const sign = record.class === "talker" ? 1 : -1;
    return [
      { atMs: record.arrivalMs + record.queueWaitMs!, service: sign * WEIGHTS.prompt * record.promptTokens },
      { atMs: record.arrivalMs + record.e2eMs!, service: sign * WEIGHTS.output * record.outputTokens },
    ];
  });
  let [level, gap] = [0, 0];
  for (const { service } of events.toSorted((one, other) => one.atMs - other.atMs)) {
    level += service;
    gap = Math.max(gap, Math.abs(level));
  }
  return { gap, utilization: result.pools[0]!.utilization };
};

/** 2 max(w_in L_in, w_out M), with M the answers' tokens that may be in service at once. */
const BOUND = 2 * Math.max(WEIGHTS.prompt * READER.prompt, WEIGHTS.output * SERVERS * TALKER.output);

export const tokenCounters: Reference = {
  title:
    "two tenants with a backlog, one of long answers and one of long prompts: largest difference of the service they got, in weighted tokens",
  source: "Sheng et al., Fairness in serving large language models, OSDI 2024 (virtual token counter)",
  quick: true,
  findings: async () => {
    const fair = await backlogged({ fair: { by: "tenant" } });
    const fifo = await backlogged("fifo");
    return [
      { name: "fair", published: `<= ${BOUND}`, low: 0, high: BOUND, simulated: fair.gap },
      { name: "fair: servers busy (work conserving)", published: "always", low: 0.9999, high: 1, simulated: fair.utilization },
      { name: "control, oldest first", published: "grows with time", low: 10 * BOUND, high: Infinity, simulated: fifo.gap },
    ];
  },
};
