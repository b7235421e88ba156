import type { StepCoefficients } from "../ServingSpec.ts";
import { StepForm } from "../steptime/StepForm.ts";
import { ClosedLoopRun } from "./ClosedLoopRun.ts";

/** What a load generator with a fixed number of clients does to one replica. */
export interface ClosedLoopLoad {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Requests inside at any time: each answer is followed by the next request at once; all start together. */
  readonly concurrency: number;
  /** Token budget of a step. */
  readonly maxBatchedTokens: number;
  /** Lengths lie evenly in [1 - spread, 1] of the nominal; 0 if absent. Public benchmarks that draw from 0.8 to 1 have 0.2. */
  readonly spreadRatio?: number;
  /** Requests per client, over which the means are taken; 10 if absent, as the InferenceMAX runs have. */
  readonly rounds?: number;
  /** KV tokens of the replica; a request is admitted when its whole length fits. Unlimited if absent. */
  readonly kvTokens?: number;
}

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
