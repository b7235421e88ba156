import { activeBudget, budgetBounds, clientThrottle, layers, windowEdge } from "./amplification.ts";
import { coldCache, stampede } from "./caching.ts";
import { gradient } from "./concurrency.ts";
import { tokenCounters } from "./fairness.ts";
import { hysteresis, ramp, recoveryTime, triggerLength } from "./collapse.ts";
import { overloadControl } from "./overload.ts";
import { balancers, erlang, fanOut, hedging, openAgainstClosed, pollaczek, staleReports } from "./queueing.ts";
import { triggerThreshold, vulnerableLoad } from "./recovery.ts";
import type { Reference } from "./Reference.ts";
import { retryAmplification, retryBudgets } from "./retryAmplification.ts";

/** All published experiments, in the order of the page. Register new ones here. */
export const REFERENCES: ReadonlyArray<Reference> = [
  retryAmplification,
  retryBudgets,
  triggerLength,
  hysteresis,
  recoveryTime,
  ramp,
  vulnerableLoad,
  triggerThreshold,
  layers,
  budgetBounds,
  activeBudget,
  clientThrottle,
  windowEdge,
  tokenCounters,
  gradient,
  overloadControl,
  coldCache,
  stampede,
  erlang,
  pollaczek,
  balancers,
  staleReports,
  hedging,
  fanOut,
  openAgainstClosed,
];
