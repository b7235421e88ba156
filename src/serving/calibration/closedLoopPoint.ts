import type { StepCoefficients } from "../ServingSpec.ts";
import { StepForm } from "../steptime/StepForm.ts";
import type { ClosedLoopLoad } from "./ClosedLoopLoad.ts";
import { ClosedLoopSteps } from "./ClosedLoopSteps.ts";

/** Means over all requests, in ms: arrival to first token, and (end - first token) / (output tokens - 1). */
export interface ClosedLoopPoint {
  readonly ttftMs: number;
  readonly tpotMs: number;
}

/**
 * Means that a closed loop of `concurrency` clients sees, from step times alone, without cache, network and preemption. Steps without prefill
 * are added in closed form, so a point costs about as much as its requests, not as its tokens. Deterministic: lengths follow a golden-ratio
 * sequence.
 */
export const closedLoopPoint = (step: StepCoefficients, load: ClosedLoopLoad): ClosedLoopPoint =>
  new ClosedLoopSteps(load).means(new StepForm(step));
