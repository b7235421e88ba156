import type { Autoscaler } from "../../policy/scaling/Autoscaler.ts";
import { HorizontalScaler } from "../../policy/scaling/HorizontalScaler.ts";
import { LargestOf } from "../../policy/scaling/LargestOf.ts";
import { PredictiveScaler } from "../../policy/scaling/PredictiveScaler.ts";
import { ScheduledScaler } from "../../policy/scaling/ScheduledScaler.ts";
import type { LinearPiece } from "../../workload/rate/BaseRate.ts";
import { baseRateOf } from "../../workload/rate/BaseRateOf.ts";
import type { AutoscaleSpec, PredictiveSpec } from "./AutoscaleSpec.ts";

/** The autoscaler of a pool. Throws SettingFault. */
export const autoscalerOf = (spec: AutoscaleSpec): Autoscaler => {
  const scalers: Array<Autoscaler> = [];
  if (spec.horizontal !== undefined) scalers.push(new HorizontalScaler(spec.horizontal));
  if (spec.scheduled !== undefined) scalers.push(new ScheduledScaler(spec.scheduled));
  if (spec.predictive !== undefined) scalers.push(predictiveOf(spec.predictive));
  return scalers.length === 1 ? scalers[0]! : new LargestOf(scalers);
};

const predictiveOf = ({ history, ...settings }: PredictiveSpec): PredictiveScaler => {
  if (history === undefined) return new PredictiveScaler(settings);
  const rate = baseRateOf(history);
  const piece: LinearPiece = { endMs: 0, perMs: 0, slope: 0 };
  // The rate at the middle of each slot stands for its mean.
  const slots = Array.from({ length: settings.seasonSlots }, (_, slot) => {
    rate.read((slot + 0.5) * settings.slotMs, piece);
    return piece.perMs * 1000;
  });
  return new PredictiveScaler({ ...settings, history: slots });
};
