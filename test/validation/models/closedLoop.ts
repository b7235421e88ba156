import type { ClosedLoopState } from "../../../src/queueing/MachineRepair.ts";
import { machineRepair } from "../../../src/queueing/MachineRepair.ts";
import type { Case } from "../Case.ts";
import { UTILIZATIONS } from "../Case.ts";
import { customersOf, horizonFor, meanResponseMs, runStation } from "../runStation.ts";
import { exponentialSteps, SERVICE_MEAN_MS, stationWorld, stepAllowance } from "../StationWorld.ts";

const USERS = 12;
const SERVERS = 2;
const MODEL = `M/M/${SERVERS}//${USERS}`;
const LARGEST_THINK_MS = 1e6;

/** Machine repair: users who think, ask, wait and think again; the think time is such that the servers are busy for the given share. */
export const closedLoop = (): ReadonlyArray<Case> => UTILIZATIONS.map(caseOf);

const caseOf = (utilization: number): Case => {
  const thinkMeanMs = thinkFor(utilization);
  const state = stateOf(thinkMeanMs, SERVICE_MEAN_MS);
  const allowance = (of: (state: ClosedLoopState) => number): number =>
    stepAllowance((serviceMeanMs) => of(stateOf(thinkMeanMs, serviceMeanMs)));
  return {
    model: MODEL,
    at: String(utilization),
    effort: "medium",
    quantities: [
      {
        name: "throughput, 1/s",
        closedForm: state.throughputPerSecond,
        allowance: allowance((at) => at.throughputPerSecond),
      },
      {
        name: "mean response, ms",
        closedForm: state.responseMeanMs,
        allowance: allowance((at) => at.responseMeanMs),
      },
    ],
    async replicate(run) {
      const station = {
        name: MODEL,
        arrivals: {
          kind: "closed",
          users: USERS,
          think: { kind: "exponential", mean: thinkMeanMs },
          rampUpMs: thinkMeanMs,
        },
        steps: exponentialSteps,
        servers: SERVERS,
        horizonMs: horizonFor(run, state.throughputPerSecond),
      } as const;
      const replication = await runStation(station, run);
      const measuredMs = replication.simulatedMs - stationWorld(station).warmupMs;
      const throughput = (1000 * customersOf(replication).requests) / measuredMs;
      return [throughput, meanResponseMs(replication)];
    },
  };
};

const stateOf = (thinkMeanMs: number, serviceMeanMs: number): ClosedLoopState =>
  machineRepair({ users: USERS, thinkMeanMs, serviceMeanMs, servers: SERVERS });

/** Bisection: who thinks longer keeps the servers less busy. */
const thinkFor = (utilization: number): number => {
  let low = 0;
  let high = LARGEST_THINK_MS;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (stateOf(middle, SERVICE_MEAN_MS).utilization > utilization) low = middle;
    else high = middle;
  }
};
