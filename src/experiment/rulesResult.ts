import type { GatewayRules } from "../metric/Result.ts";
import type { TimeAverage } from "../kernel/TimeAverage.ts";
import { Verdict } from "../policy/shedding/Shedder.ts";
import type { Replication } from "./runReplication.ts";

/** What the rules of gateway and clients turned away or changed, summed over replications; each absent where the scenario has no such rule. */
export const rulesResult = (runs: ReadonlyArray<Replication>): GatewayRules => ({
  ...shedResult(runs),
  ...limitsResult(runs),
  ...concurrencyResult(runs),
  ...breakerResult(runs),
  ...brownoutResult(runs),
  ...storeResult(runs),
  ...clientResult(runs),
});

const shedResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "shed"> => {
  const queues = present(runs.map(({ gateway }) => gateway.counts?.queue));
  if (queues.length === 0) return {};
  const count = (verdict: number): number => sum(queues.map(({ shed }) => shed[verdict]!));
  return {
    shed: {
      queueFull: count(Verdict.QueueFull),
      tokensFull: count(Verdict.TokensFull),
      lowPriority: count(Verdict.LowPriority),
      throttled: count(Verdict.Throttled),
      delayed: count(Verdict.Delayed),
      pastDeadline: count(Verdict.Expired),
      timedOut: sum(queues.map(({ timedOut }) => timedOut)),
    },
  };
};

const limitsResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "limits"> => {
  const stages = runs.flatMap(({ entrance }) => [...present([entrance.rateLimits]), ...(entrance.shapes ?? [])]);
  return stages.length === 0 ? {} : { limits: { rejected: sum(stages.map(({ rejected }) => rejected)) } };
};

const concurrencyResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "concurrency"> => {
  const limits = present(runs.map(({ gateway }) => gateway.counts?.concurrency));
  if (limits.length === 0) return {};
  const over = (averages: ReadonlyArray<TimeAverage>) => ({
    mean: sum(averages.map((average, i) => average.mean(runs[i]!.simulatedMs))) / runs.length,
    max: Math.max(...averages.map(({ max }) => max)),
  });
  return {
    concurrency: {
      rejected: sum(limits.map(({ rejected }) => rejected)),
      limit: over(limits.map(({ limitOverTime }) => limitOverTime)),
      inFlight: over(limits.map(({ inFlightOverTime }) => inFlightOverTime)),
    },
  };
};

const breakerResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "breaker"> => {
  const breakers = present(runs.map(({ gateway }) => gateway.counts?.breakers));
  return breakers.length === 0 ? {} : { breaker: { refused: sum(breakers.map(({ rejected }) => rejected)) } };
};

const brownoutResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "brownout"> => {
  const stages = present(runs.map(({ entrance }) => entrance.brownout));
  if (stages.length === 0) return {};
  const count = (kind: keyof (typeof stages)[number]["answers"]): number => sum(stages.map(({ answers }) => answers[kind]));
  return {
    brownout: {
      timeRatio: sum(stages.map(({ active }, i) => active.mean(runs[i]!.simulatedMs))) / runs.length,
      shorter: count("shorter"),
      smallerModel: count("smallerModel"),
      fromCache: count("cached"),
      canned: count("canned"),
    },
  };
};

const storeResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "store"> => {
  const stores = present(runs.map(({ entrance }) => entrance.store));
  if (stores.length === 0) return {};
  return { store: { calls: sum(stores.map(({ calls }) => calls)), unanswered: sum(stores.map(({ unanswered }) => unanswered)) } };
};

const clientResult = (runs: ReadonlyArray<Replication>): Pick<GatewayRules, "clients"> => {
  const { classes } = runs[0]!.recorder;
  if (classes.every(({ spec }) => spec.client.breaker === undefined && spec.client.throttle === undefined)) return {};
  return {
    clients: {
      blockedByBreaker: sum(runs.map(({ recorder }) => recorder.blocked.breaker)),
      blockedByThrottle: sum(runs.map(({ recorder }) => recorder.blocked.throttle)),
    },
  };
};

const present = <T>(values: ReadonlyArray<T | undefined>): ReadonlyArray<T> => values.filter((value) => value !== undefined);
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0);
