import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import type { Reference } from "./Reference.ts";
import { band, mean, playAll, seedsTo } from "./Reference.ts";

type Gateway = NonNullable<ScenarioInput["gateway"]>;

const SERVERS = 10;
const SPIKE_S = 20;
const HORIZON_S = 80;
/** As published: the time limit is 20 service times, and the target 40 % of it. */
const LIMIT_MS = 200;
const TARGET = "80ms";

/** Ten servers of 10 ms, a thousand times slower than the published ones: 1,000/s. The load jumps from 0.4 to 1.4 times as much. */
const spiked = (gateway: Gateway): ScenarioInput => ({
  name: "overload-control",
  horizon: `${HORIZON_S}s`,
  traffic: {
    web: {
      arrivals: {
        poisson: {
          rate: {
            piecewise: [
              ["0s", "400/s"],
              [`${SPIKE_S}s`, "1400/s"],
            ],
            interpolation: "step",
          },
        },
      },
      prompt: 1,
      output: 1,
    },
  },
  gateway,
  fleet: { server: { station: { servers: SERVERS, service: { exponential: { mean: "10ms" } } } } },
});

/** Seconds after the spike until the first second in which 99 % of the answers kept to the time limit; mean over runs. */
const convergence = async (gateway: Gateway): Promise<number> => {
  const runs = await playAll(spiked(gateway), seedsTo(3), 200_000);
  return mean(
    runs.map(({ sample }) => {
      const [late, answered] = [new Float64Array(HORIZON_S), new Float64Array(HORIZON_S)];
      for (const { arrivalMs, e2eMs } of sample) {
        if (e2eMs === null) continue;
        const second = Math.floor((arrivalMs + e2eMs) / 1000);
        answered[second]!++;
        if (e2eMs > LIMIT_MS) late[second]!++;
      }
      const first = late.findIndex((count, second) => second >= SPIKE_S && answered[second]! > 0 && count <= answered[second]! / 100);
      return (first < 0 ? HORIZON_S : first) - SPIKE_S;
    }),
  );
};

const BREAKWATER: Gateway = { concurrency: { breakwater: { initial: 20, min: 10, max: 1000, target: TARGET, every: "10ms" } } };
const DAGOR: Gateway = {
  maxInFlightPerReplica: SERVERS,
  queue: { capacity: 100_000, priority: { queueWait: TARGET } },
};
const NOTHING: Gateway = { maxInFlightPerReplica: SERVERS, queue: { capacity: 100_000 } };

export const overloadControl: Reference = {
  title: "load that jumps to 1.4 times the capacity: seconds until 99 % of the answers keep to the time limit again, of 60",
  source:
    "Cho et al., Breakwater, OSDI 2020: Breakwater converges in < 20 ms, DAGOR in 500 ms, SEDA in 1.58 s, which is not among the policies; order only",
  quick: true,
  findings: async () => {
    const [breakwater, dagor, nothing] = [await convergence(BREAKWATER), await convergence(DAGOR), await convergence(NOTHING)];
    return [
      band("Breakwater", "soonest", 0, dagor - 1, breakwater),
      band("DAGOR", "later", breakwater + 1, HORIZON_S - SPIKE_S - 1, dagor),
      band("no control", "never", HORIZON_S - SPIKE_S, HORIZON_S - SPIKE_S, nothing),
    ];
  },
};
