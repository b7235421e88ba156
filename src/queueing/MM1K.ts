import { birthDeath, meanState } from "./BirthDeath.ts";
import { requireWhole } from "./Domain.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad, SteadyState } from "./Station.ts";

/** Steady state of M/M/1/K; times are those of accepted requests. */
export interface MM1K extends SteadyState {
  /** Share of offered requests that finds K present and is refused. */
  readonly lossProbability: number;
  readonly throughputPerSecond: number;
  /** Probability of 0..K present, seen at any time and by arrivals. */
  readonly numberProbability: Float64Array;
}

/**
 * One exponential server with room for `capacity` requests, the one in service included. Defined at every load, 1 and above too.
 * p(n) proportional to rho^n, n = 0..K, summed rather than closed so that rho near 1 loses no digits. O(capacity).
 * Source: Kleinrock 1975, section 3.6.
 */
export function mm1k(load: StationLoad & { readonly capacity: number }): MM1K {
  const erlangs = offeredErlangs("mm1k", load);
  requireWhole("mm1k.capacity", load.capacity, 1);
  const numberProbability = birthDeath(load.capacity, { up: () => erlangs, down: () => 1 });
  const lossProbability = numberProbability[load.capacity]!;
  const empty = numberProbability[0]!;
  const numberMean = meanState(numberProbability);
  /** Accepted share of the arrivals. An overload refuses nearly all, so it is taken from what the server completes. */
  const utilization = 1 - empty;
  const accepted = erlangs === 0 ? 1 : utilization / erlangs;
  const responseMeanMs = erlangs === 0 ? load.serviceMeanMs : (numberMean / utilization) * load.serviceMeanMs;
  return {
    utilization,
    waitProbability: 1 - empty / acceptedMass(numberProbability),
    queueWaitMeanMs: Math.max(0, responseMeanMs - load.serviceMeanMs),
    responseMeanMs,
    numberMean,
    lossProbability,
    throughputPerSecond: load.arrivalsPerSecond * accepted,
    numberProbability,
  };
}

function acceptedMass(numberProbability: Float64Array): number {
  return numberProbability.subarray(0, -1).reduce((sum, probability) => sum + probability, 0);
}
