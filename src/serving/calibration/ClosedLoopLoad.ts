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
  /** mixed: prompts ride along with decodes (vLLM, TensorRT-LLM). prefillFirst: decodes wait while there are prompts (SGLang). */
  readonly scheduling?: "mixed" | "prefillFirst";
  /** Prompts are computed whole, as many as fit into the budget; chunked if absent. */
  readonly wholePrompts?: boolean;
  /** Steps that pass before a request that follows an answer can be admitted: 1 where the next step has begun before the client's request is back. 0 if absent. */
  readonly admissionSteps?: number;
}
