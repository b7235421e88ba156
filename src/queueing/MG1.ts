import { requireNonNegative, requireSteadyState } from "./Domain.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad, SteadyState } from "./Station.ts";

/**
 * One first come first served server, Poisson arrivals, service by its first two moments (variance in ms^2):
 * W = lambda E[S^2] / (2 (1 - rho)), the Pollaczek-Khinchine mean value formula. Throws RangeError at utilization >= 1.
 * Source: Pollaczek 1930, Khinchine 1932; Kleinrock 1975, chapter 5, equation 5.63 (number).
 */
export function mg1(load: StationLoad & { readonly serviceVarianceMs2: number }): SteadyState {
  const utilization = offeredErlangs("mg1", load);
  requireNonNegative("mg1.serviceVarianceMs2", load.serviceVarianceMs2);
  requireSteadyState("mg1", utilization);
  const { serviceMeanMs } = load;
  const secondMoment = serviceMeanMs * serviceMeanMs + load.serviceVarianceMs2;
  const queueWaitMeanMs = ((load.arrivalsPerSecond / 1000) * secondMoment) / (2 * (1 - utilization));
  return {
    utilization,
    waitProbability: utilization,
    queueWaitMeanMs,
    responseMeanMs: queueWaitMeanMs + serviceMeanMs,
    numberMean: utilization + (load.arrivalsPerSecond * queueWaitMeanMs) / 1000,
  };
}

/** M/G/1 with a constant service time: half the queue wait of M/M/1. Source: as `mg1`, variance 0. */
export function md1(load: StationLoad): SteadyState {
  return mg1({
    arrivalsPerSecond: load.arrivalsPerSecond,
    serviceMeanMs: load.serviceMeanMs,
    serviceVarianceMs2: 0,
  });
}
