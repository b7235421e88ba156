import type { StepCoefficients } from "../ServingSpec.ts";
import type { Dtype } from "./Dtypes.ts";
import type { FitDomain } from "./FitDomain.ts";

/** Step times of one (GPU, model, tensor parallelism, dtype, engine variant), in ms. */
export interface StepEntry {
  readonly gpu: string;
  readonly model: string;
  readonly tensorParallel: number;
  readonly dtype: Dtype;
  /** Written after "+" in a scenario's dtype; absent for the current engine. */
  readonly variant?: string;
  /** Wide expert parallelism: the entry is per GPU and tensorParallel is 1. */
  readonly expertParallel?: number;
  readonly coefficients: StepCoefficients;
  /** Whether `a` already holds the host's share of a step. */
  readonly includesHost: boolean;
  readonly source: string;
  /** Median absolute relative error on decode-only and on prefill-only steps, 0..1, as the source states them. */
  readonly decodeErrorRatio: number;
  readonly prefillErrorRatio: number;
  /** The larger of the two. */
  readonly medianErrorRatio: number;
  readonly domain: FitDomain;
  /** What a user must know before trusting the entry. */
  readonly warnings: ReadonlyArray<string>;
}

/** Completes an entry with its overall error. */
export const stepEntry = (parts: Omit<StepEntry, "medianErrorRatio">): StepEntry => ({
  ...parts,
  medianErrorRatio: Math.max(parts.decodeErrorRatio, parts.prefillErrorRatio),
});
