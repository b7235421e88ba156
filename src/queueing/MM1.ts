import { requireProbability, requireSteadyState } from "./Domain.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad, SteadyState } from "./Station.ts";

/** Steady state of M/M/1 with its distributions. */
export interface MM1 extends SteadyState {
  /** Time in system that a share `p` (0 < p < 1) of requests stays within: exponential of mean `responseMeanMs`. */
  responseQuantileMs(p: number): number;
}

/**
 * One server, first come first served, Poisson arrivals, exponential service.
 * N = rho / (1 - rho), T = S / (1 - rho), response exponential. Throws RangeError at utilization >= 1.
 * Source: Kleinrock 1975, Queueing Systems I, section 3.2 (number, time) and chapter 5 (response distribution).
 */
export function mm1(load: StationLoad): MM1 {
  const utilization = offeredErlangs("mm1", load);
  requireSteadyState("mm1", utilization);
  const responseMeanMs = load.serviceMeanMs / (1 - utilization);
  return {
    utilization,
    waitProbability: utilization,
    queueWaitMeanMs: utilization * responseMeanMs,
    responseMeanMs,
    numberMean: utilization / (1 - utilization),
    responseQuantileMs(p) {
      requireProbability("mm1.responseQuantileMs", p);
      return -Math.log1p(-p) * responseMeanMs;
    },
  };
}
