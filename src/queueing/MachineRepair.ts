import { birthDeath, meanState } from "./BirthDeath.ts";
import { requireNonNegative, requirePositive, requireWhole } from "./Domain.ts";

/** A closed loop: each of `users` thinks, sends one request, waits for its end, and thinks again. */
export interface ClosedLoop {
  /** >= 1. */
  readonly users: number;
  /** Mean think time, >= 0. */
  readonly thinkMeanMs: number;
  readonly serviceMeanMs: number;
  /** >= 1. */
  readonly servers: number;
}

/** Steady state of a closed loop. */
export interface ClosedLoopState {
  readonly throughputPerSecond: number;
  readonly utilization: number;
  /** Mean time from sending a request to its end. */
  readonly responseMeanMs: number;
  readonly queueWaitMeanMs: number;
  /** Users waiting or in service, time average. */
  readonly numberMean: number;
}

/**
 * Machine repair, M/M/c//N: exponential service at c servers; the think time may have any distribution, only its mean counts.
 * Birth-death with up(n) = (N - n) / Z and down(n) = min(n, c) / S; R = L / X. O(users).
 * Source: Kleinrock 1975, sections 3.8 and 3.10; insensitivity to the think time: Baskett, Chandy, Muntz, Palacios 1975.
 */
export function machineRepair(loop: ClosedLoop): ClosedLoopState {
  const { users, thinkMeanMs, serviceMeanMs, servers } = loop;
  requireWhole("machineRepair.users", users, 1);
  requireWhole("machineRepair.servers", servers, 1);
  requireNonNegative("machineRepair.thinkMeanMs", thinkMeanMs);
  requirePositive("machineRepair.serviceMeanMs", serviceMeanMs);
  // Without thinking the ratio is infinite, and everybody is always at the servers.
  const ratio = serviceMeanMs / thinkMeanMs;
  const present = birthDeath(users, {
    up: (n) => (users - n) * ratio,
    down: (n) => Math.min(n, servers),
  });
  const numberMean = meanState(present);
  const busy = present.reduce((sum, probability, n) => sum + probability * Math.min(n, servers), 0);
  const responseMeanMs = (numberMean / busy) * serviceMeanMs;
  return {
    throughputPerSecond: (busy / serviceMeanMs) * 1000,
    utilization: busy / servers,
    responseMeanMs,
    queueWaitMeanMs: Math.max(0, responseMeanMs - serviceMeanMs),
    numberMean,
  };
}
