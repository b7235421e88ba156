import type { StepCoefficients } from "../ServingSpec.ts";

/** One measured engine step. */
export interface StepPoint {
  /** Sequences that decode. */
  readonly sequences: number;
  /** KV tokens that they attend to. */
  readonly kvTokens: number;
  readonly prefillTokens: number;
  /** Sum over chunks of p * (2 * context + p). */
  readonly attention: number;
  readonly ms: number;
}

/** The step time that coefficients give for a point, in ms. */
export const predictedMs = (of: StepCoefficients, point: StepPoint): number =>
  of.a +
  of.b * point.sequences +
  of.c * point.kvTokens +
  (point.prefillTokens > 0 ? of.d * point.prefillTokens + (of.e / 2) * point.attention + of.h * point.kvTokens : 0);
