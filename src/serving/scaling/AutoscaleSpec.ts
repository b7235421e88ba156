import type { HorizontalScalerSettings } from "../../policy/scaling/HorizontalScaler.ts";
import type { PredictiveScalerSettings } from "../../policy/scaling/PredictiveScaler.ts";
import type { ScheduledScalerSettings } from "../../policy/scaling/ScheduledScaler.ts";
import type { RateSpec } from "../../workload/TrafficSpec.ts";

export interface PredictiveSpec extends Omit<PredictiveScalerSettings, "history"> {
  /** Demand of the season before the simulation; absent: nothing was seen yet. */
  readonly history?: RateSpec;
}

/** Who decides how many replicas a pool has, and how often; of several the largest number wins. */
export interface AutoscaleSpec {
  readonly minReplicas: number;
  /** Machines that there are: a replica that drains keeps its own. */
  readonly maxReplicas: number;
  readonly intervalMs: number;
  readonly horizontal?: HorizontalScalerSettings;
  readonly scheduled?: ScheduledScalerSettings;
  readonly predictive?: PredictiveSpec;
}
