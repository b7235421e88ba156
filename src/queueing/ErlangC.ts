import { requireNonNegative, requireProbability, requireSteadyState, requireWhole } from "./Domain.ts";
import { erlangB } from "./ErlangB.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad, SteadyState } from "./Station.ts";

/**
 * Probability that an arrival at M/M/c waits: C = B / (1 - rho (1 - B)) with B of `erlangB`. O(servers).
 * Throws RangeError when erlangs >= servers. Source: Kleinrock 1975, section 3.5 (Erlang's C formula); Cooper 1981, chapter 3.
 */
export function erlangC(station: { readonly servers: number; readonly erlangs: number }): number {
  requireWhole("erlangC.servers", station.servers, 1);
  requireNonNegative("erlangC.erlangs", station.erlangs);
  const utilization = station.erlangs / station.servers;
  requireSteadyState("erlangC", utilization);
  const blocked = erlangB(station);
  return blocked / (1 - utilization * (1 - blocked));
}

/** Steady state of M/M/c with the distribution of the queue wait. */
export interface MMc extends SteadyState {
  /** Probability that the queue wait exceeds `waitMs` >= 0. */
  queueWaitAbove(waitMs: number): number;
  /** Queue wait that a share `p` (0 < p < 1) of requests stays within; 0 where p <= 1 - waitProbability. */
  queueWaitQuantileMs(p: number): number;
}

/**
 * c servers on one first come first served queue, Poisson arrivals, exponential service.
 * P(W > t) = C exp(-(c - a) t / S). Throws RangeError at utilization >= 1.
 * Source: Kleinrock 1975, section 3.5; wait distribution: Cooper 1981, Introduction to Queueing Theory, section 3.4.
 */
export function mmc(load: StationLoad & { readonly servers: number }): MMc {
  const { servers, serviceMeanMs } = load;
  const erlangs = offeredErlangs("mmc", load);
  requireWhole("mmc.servers", servers, 1);
  requireSteadyState("mmc", erlangs / servers);
  const waitProbability = erlangC({ servers, erlangs });
  /** Mean wait of those who wait. */
  const scaleMs = serviceMeanMs / (servers - erlangs);
  const queueWaitMeanMs = waitProbability * scaleMs;
  return {
    utilization: erlangs / servers,
    waitProbability,
    queueWaitMeanMs,
    responseMeanMs: queueWaitMeanMs + serviceMeanMs,
    numberMean: erlangs + (load.arrivalsPerSecond * queueWaitMeanMs) / 1000,
    queueWaitAbove(waitMs) {
      requireNonNegative("mmc.queueWaitAbove", waitMs);
      return waitProbability * Math.exp(-waitMs / scaleMs);
    },
    queueWaitQuantileMs(p) {
      requireProbability("mmc.queueWaitQuantileMs", p);
      return Math.max(0, scaleMs * Math.log(waitProbability / (1 - p)));
    },
  };
}
