import { hysteresis, ramp, triggerLength } from "./collapse.ts";
import { balancers, hedging, openAgainstClosed } from "./queueing.ts";
import type { Reference } from "./Reference.ts";
import { retryAmplification, retryBudgets } from "./retryAmplification.ts";

/** All published experiments, in the order of the page. Register new ones here. */
export const REFERENCES: ReadonlyArray<Reference> = [
  retryAmplification,
  retryBudgets,
  triggerLength,
  hysteresis,
  ramp,
  balancers,
  hedging,
  openAgainstClosed,
];
