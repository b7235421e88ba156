import { shorterQueue } from "../../../src/queueing/ShorterQueue.ts";
import type { Case } from "../Case.ts";
import { POINTS } from "../Case.ts";
import { horizonFor, meanQueueWaitMs, meanResponseMs, runStation } from "../runStation.ts";
import { arrivalsPerSecond, exponentialSteps, poisson, SERVICE_MEAN_MS } from "../StationWorld.ts";

const MODEL = "2 x M/M/1, power of 2";
const REPLICAS = 2;

/** Two replicas behind power of two choices: each arrival joins the shorter queue, a random one on a tie. */
export const twoQueues = (): ReadonlyArray<Case> => POINTS.map(caseOf);

const caseOf = ([utilization, effort]: (typeof POINTS)[number]): Case => {
  const perSecond = arrivalsPerSecond({ utilization, servers: REPLICAS });
  const state = shorterQueue({ arrivalsPerSecond: perSecond, serviceMeanMs: SERVICE_MEAN_MS });
  return {
    model: MODEL,
    at: String(utilization),
    effort,
    quantities: [
      { name: "mean queue wait, ms", closedForm: state.queueWaitMeanMs },
      { name: "mean response, ms", closedForm: state.responseMeanMs },
    ],
    async replicate(run) {
      const station = {
        name: MODEL,
        arrivals: poisson(perSecond),
        steps: exponentialSteps,
        replicas: REPLICAS,
        gateway: { router: { kind: "powerOfTwo" } },
        horizonMs: horizonFor(run, perSecond),
      } as const;
      const replication = await runStation(station, run);
      return [meanQueueWaitMs(replication), meanResponseMs(replication)];
    },
  };
};
