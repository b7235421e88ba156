import type { StepCoefficients } from "../ServingSpec.ts";
import { StepForm } from "../steptime/StepForm.ts";
import type { ClosedLoopLoad } from "./ClosedLoopRun.ts";
import { ClosedLoopRun } from "./ClosedLoopRun.ts";

export type { ClosedLoopLoad } from "./ClosedLoopRun.ts";

/** Means over all requests, in ms: arrival to first token, and (end - first token) / (output tokens - 1). */
export interface ClosedLoopPoint {
  readonly ttftMs: number;
  readonly tpotMs: number;
}

/**
 * Means that a closed loop of `concurrency` clients sees, from step times alone: the scheduler of vLLM V1 (decodes first, then prompts in
 * order of arrival, chunked by the budget) without cache, network and preemption. Steps without prefill are added in closed form, so a point
 * costs about as much as its requests, not as its tokens. Deterministic: lengths follow a golden-ratio sequence.
 */
export const closedLoopPoint = (step: StepCoefficients | StepForm, load: ClosedLoopLoad): ClosedLoopPoint =>
  new ClosedLoopRun(step instanceof StepForm ? step : new StepForm(step), load).means();
