import { requireNonNegative, requirePositive } from "./Domain.ts";

/** Poisson arrivals to servers with a mean service time: what most closed forms are asked with. */
export interface StationLoad {
  /** Offered rate, >= 0. */
  readonly arrivalsPerSecond: number;
  /** Mean service time of one request on one server, > 0. */
  readonly serviceMeanMs: number;
}

/** Long-run averages that every station model answers with. */
export interface SteadyState {
  /** Busy share of each server, 0..1. */
  readonly utilization: number;
  /** Probability that an accepted arrival finds no free server. */
  readonly waitProbability: number;
  /** Mean queue wait of accepted arrivals. */
  readonly queueWaitMeanMs: number;
  /** Mean time from arrival to departure of accepted arrivals. */
  readonly responseMeanMs: number;
  /** Time average of the number present, waiting and in service. */
  readonly numberMean: number;
}

/** Offered work in erlangs (busy servers that an unlimited station would need). Throws RangeError for a negative rate or a service time <= 0. */
export function offeredErlangs(place: string, load: StationLoad): number {
  requireNonNegative(`${place}.arrivalsPerSecond`, load.arrivalsPerSecond);
  requirePositive(`${place}.serviceMeanMs`, load.serviceMeanMs);
  return (load.arrivalsPerSecond * load.serviceMeanMs) / 1000;
}
