import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";

/** The step time as its docstring states it, for one fresh prompt of `prefillTokens`. */
export const stepMs = (
  step: StepCoefficients,
  of: { readonly sequences: number; readonly kvTokens: number; readonly prefillTokens: number },
): number => {
  const mixed = of.prefillTokens > 0 ? step.h * of.kvTokens : 0;
  const prefill = step.d * of.prefillTokens + step.e * of.prefillTokens * (of.prefillTokens / 2);
  return step.a + step.b * of.sequences + step.c * of.kvTokens + prefill + mixed;
};
