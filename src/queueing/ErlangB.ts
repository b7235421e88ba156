import { requireNonNegative, requireWhole } from "./Domain.ts";
import { offeredErlangs } from "./Station.ts";
import type { StationLoad } from "./Station.ts";

/**
 * Probability that an arrival at M/G/c/c finds all servers busy: E(0) = 1, E(n) = aE(n-1) / (n + aE(n-1)).
 * The recursion subtracts nothing and overflows nowhere. O(servers).
 * Source: Erlang 1917; recursion in Kleinrock 1975, section 3.7, and ITU Teletraffic Engineering Handbook, chapter 7.
 */
export function erlangB(station: { readonly servers: number; readonly erlangs: number }): number {
  requireWhole("erlangB.servers", station.servers, 0);
  requireNonNegative("erlangB.erlangs", station.erlangs);
  let blocked = 1;
  for (let n = 1; n <= station.servers; n++) {
    const carried = station.erlangs * blocked;
    blocked = carried / (n + carried);
  }
  return blocked;
}

/** Steady state of the loss station M/G/c/c. Nobody waits. */
export interface LossStation {
  /** Share of offered requests that is refused, 0..1. */
  readonly lossProbability: number;
  /** Busy share of each server, 0..1. */
  readonly utilization: number;
  /** Time average of busy servers, by Little's law on accepted requests. */
  readonly numberMean: number;
  readonly throughputPerSecond: number;
}

/**
 * c servers without a queue; exact for every service distribution with that mean, and at every load.
 * Source: Erlang 1917; Kleinrock 1975, section 3.7; insensitivity: Sevastyanov 1957.
 */
export function mmcc(load: StationLoad & { readonly servers: number }): LossStation {
  const erlangs = offeredErlangs("mmcc", load);
  requireWhole("mmcc.servers", load.servers, 1);
  const lossProbability = erlangB({ servers: load.servers, erlangs });
  const numberMean = erlangs * (1 - lossProbability);
  return {
    lossProbability,
    utilization: numberMean / load.servers,
    numberMean,
    throughputPerSecond: load.arrivalsPerSecond * (1 - lossProbability),
  };
}
