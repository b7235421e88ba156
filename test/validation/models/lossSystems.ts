import type { LossStation } from "../../../src/queueing/ErlangB.ts";
import { mmcc } from "../../../src/queueing/ErlangB.ts";
import { mm1k } from "../../../src/queueing/MM1K.ts";
import type { Case } from "../Case.ts";
import { UTILIZATIONS } from "../Case.ts";
import { horizonFor, meanNumber, meanResponseMs, runStation, shedRatio } from "../runStation.ts";
import { arrivalsPerSecond, exponentialSteps, poisson, SERVICE_MEAN_MS, stepAllowance } from "../StationWorld.ts";

const LOSS_SERVERS = 8;
const LOSS_MODEL = `M/M/${LOSS_SERVERS}/${LOSS_SERVERS}`;
const CAPACITY = 6;
const BOUNDED_MODEL = `M/M/1/${CAPACITY}`;

/** Stations that turn requests away; the utilization is the offered one. */
export const lossSystems = (): ReadonlyArray<Case> => [...UTILIZATIONS.map(erlangLoss), ...UTILIZATIONS.map(boundedQueue)];

/** The gateway holds as many permits as the replica has servers, and no queue. */
const erlangLoss = (utilization: number): Case => {
  const perSecond = arrivalsPerSecond({ utilization, servers: LOSS_SERVERS });
  const stateAt = (serviceMeanMs: number): LossStation => mmcc({ arrivalsPerSecond: perSecond, serviceMeanMs, servers: LOSS_SERVERS });
  const state = stateAt(SERVICE_MEAN_MS);
  return {
    model: LOSS_MODEL,
    at: String(utilization),
    effort: "medium",
    quantities: [
      {
        name: "loss ratio",
        closedForm: state.lossProbability,
        allowance: stepAllowance((serviceMeanMs) => stateAt(serviceMeanMs).lossProbability),
      },
      {
        name: "mean number present",
        closedForm: state.numberMean,
        allowance: stepAllowance((serviceMeanMs) => stateAt(serviceMeanMs).numberMean),
      },
    ],
    async replicate(run) {
      const station = {
        name: LOSS_MODEL,
        arrivals: poisson(perSecond),
        steps: exponentialSteps,
        servers: LOSS_SERVERS,
        gateway: { maxInFlightPerReplica: LOSS_SERVERS },
        horizonMs: horizonFor(run, perSecond),
      };
      const replication = await runStation(station, run);
      return [shedRatio(replication), meanNumber(replication)];
    },
  };
};

/** One at the replica, the others in the gateway's bounded queue. */
const boundedQueue = (utilization: number): Case => {
  const perSecond = arrivalsPerSecond({ utilization, servers: 1 });
  const state = mm1k({
    arrivalsPerSecond: perSecond,
    serviceMeanMs: SERVICE_MEAN_MS,
    capacity: CAPACITY,
  });
  return {
    model: BOUNDED_MODEL,
    at: String(utilization),
    effort: "medium",
    quantities: [
      { name: "loss ratio", closedForm: state.lossProbability },
      { name: "mean number present", closedForm: state.numberMean },
      { name: "mean response, ms", closedForm: state.responseMeanMs },
    ],
    async replicate(run) {
      const station = {
        name: BOUNDED_MODEL,
        arrivals: poisson(perSecond),
        steps: exponentialSteps,
        gateway: {
          maxInFlightPerReplica: 1,
          queue: { rules: { requests: CAPACITY - 1, tokens: Infinity, order: { kind: "fifo" as const }, deadlines: false } },
        },
        horizonMs: horizonFor(run, perSecond),
      };
      const replication = await runStation(station, run);
      return [shedRatio(replication), meanNumber(replication), meanResponseMs(replication)];
    },
  };
};
