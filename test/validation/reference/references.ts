import { budgetBounds, clientThrottle, layers, windowEdge } from "./amplification.ts";
import { coldCache, stampede } from "./caching.ts";
import { tokenCounters } from "./fairness.ts";
import { hysteresis, ramp, triggerLength } from "./collapse.ts";
import { balancers, erlang, hedging, openAgainstClosed, pollaczek } from "./queueing.ts";
import { triggerThreshold, vulnerableLoad } from "./recovery.ts";
import type { Reference } from "./Reference.ts";
import { retryAmplification, retryBudgets } from "./retryAmplification.ts";

/** All published experiments, in the order of the page. Register new ones here. */
export const REFERENCES: ReadonlyArray<Reference> = [
  retryAmplification,
  retryBudgets,
  triggerLength,
  hysteresis,
  ramp,
  vulnerableLoad,
  triggerThreshold,
  layers,
  budgetBounds,
  clientThrottle,
  windowEdge,
  tokenCounters,
  coldCache,
  stampede,
  erlang,
  pollaczek,
  balancers,
  hedging,
  openAgainstClosed,
];
