import { mmc } from "../../../src/queueing/ErlangC.ts";
import { md1, mg1 } from "../../../src/queueing/MG1.ts";
import { mm1 } from "../../../src/queueing/MM1.ts";
import type { SteadyState } from "../../../src/queueing/Station.ts";
import type { SamplerSpec } from "../../../src/workload/TrafficSpec.ts";
import type { Case } from "../Case.ts";
import { POINTS } from "../Case.ts";
import { horizonFor, meanQueueWaitMs, meanResponseMs, runStation } from "../runStation.ts";
import { arrivalsPerSecond, exponentialSteps, poisson, SERVICE_MEAN_MS, stepAllowance, STEP_MS, STEPS_MEAN } from "../StationWorld.ts";

/** A station where everybody waits as long as it takes. */
interface DelaySystem {
  readonly model: string;
  readonly servers: number;
  readonly steps: SamplerSpec;
  readonly stepMs: number;
  /** The closed form holds for whole steps as they are. */
  readonly exact: boolean;
  readonly closedForm: (load: { readonly arrivalsPerSecond: number; readonly serviceMeanMs: number }) => SteadyState;
}

const COARSE_STEPS_MEAN = 8;
const COARSE_STEP_MS = SERVICE_MEAN_MS / COARSE_STEPS_MEAN;
const P99_OVER_MEAN = 5;
/** 99 % quantile of the standard normal distribution. Source: Abramowitz and Stegun 1964, table 26.1, inverted. */
const NORMAL_P99 = 2.3263478740408408;

/** Variance over squared mean of a lognormal by mean and p99: p99 = mean exp(z s - s^2 / 2), cv^2 = exp(s^2) - 1. */
const lognormalCv2 = (): number => {
  const s = NORMAL_P99 - Math.sqrt(NORMAL_P99 ** 2 - 2 * Math.log(P99_OVER_MEAN));
  return Math.expm1(s * s);
};

const SYSTEMS: ReadonlyArray<DelaySystem> = [
  {
    model: "M/M/1",
    servers: 1,
    steps: exponentialSteps,
    stepMs: STEP_MS,
    exact: false,
    closedForm: mm1,
  },
  {
    model: "M/Geo/1, 8 steps",
    servers: 1,
    steps: { kind: "geometric", mean: COARSE_STEPS_MEAN },
    stepMs: COARSE_STEP_MS,
    exact: true,
    // Exact: variance m (m - 1) steps^2. One sixteenth below the exponential's second moment.
    closedForm: (load) =>
      mg1({
        ...load,
        serviceVarianceMs2: COARSE_STEP_MS ** 2 * COARSE_STEPS_MEAN * (COARSE_STEPS_MEAN - 1),
      }),
  },
  {
    model: "M/D/1",
    servers: 1,
    steps: { kind: "fixed", value: STEPS_MEAN },
    stepMs: STEP_MS,
    exact: true,
    closedForm: md1,
  },
  {
    model: "M/G/1 lognormal",
    servers: 1,
    steps: { kind: "lognormal", mean: STEPS_MEAN, p99: P99_OVER_MEAN * STEPS_MEAN },
    stepMs: STEP_MS,
    exact: true,
    // Rounding to whole steps changes the moments by less than 1e-7.
    closedForm: (load) => mg1({ ...load, serviceVarianceMs2: SERVICE_MEAN_MS ** 2 * lognormalCv2() }),
  },
  {
    model: "M/M/4",
    servers: 4,
    steps: exponentialSteps,
    stepMs: STEP_MS,
    exact: false,
    closedForm: (load) => mmc({ ...load, servers: 4 }),
  },
];

/** Erlang C and Pollaczek-Khinchine: mean queue wait and mean response. */
export const delaySystems = (): ReadonlyArray<Case> => SYSTEMS.flatMap((system) => POINTS.map((point) => caseOf(system, point)));

const caseOf = (system: DelaySystem, [utilization, effort]: (typeof POINTS)[number]): Case => {
  const perSecond = arrivalsPerSecond({ utilization, servers: system.servers });
  const stateAt = (serviceMeanMs: number): SteadyState => system.closedForm({ arrivalsPerSecond: perSecond, serviceMeanMs });
  const state = stateAt(SERVICE_MEAN_MS);
  const allowance = (of: (state: SteadyState) => number): number =>
    system.exact ? 0 : stepAllowance((serviceMeanMs) => of(stateAt(serviceMeanMs)));
  return {
    model: system.model,
    at: String(utilization),
    effort,
    quantities: [
      {
        name: "mean queue wait, ms",
        closedForm: state.queueWaitMeanMs,
        allowance: allowance((at) => at.queueWaitMeanMs),
      },
      {
        name: "mean response, ms",
        closedForm: state.responseMeanMs,
        allowance: allowance((at) => at.responseMeanMs),
      },
    ],
    async replicate(run) {
      const { servers, steps, stepMs } = system;
      const horizonMs = horizonFor(run, perSecond);
      const { model: name } = system;
      const station = { name, arrivals: poisson(perSecond), servers, steps, stepMs, horizonMs };
      const replication = await runStation(station, run);
      return [meanQueueWaitMs(replication), meanResponseMs(replication)];
    },
  };
};
