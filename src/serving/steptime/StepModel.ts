/** What one engine step has to do. The object is reused: read it at once. */
export interface StepLoad {
  /** Sequences that decode. */
  sequences: number;
  /** Rows of the decode part: one per sequence, more with drafted tokens to verify. */
  rows: number;
  /** KV tokens that the decoding sequences attend to. */
  kvTokens: number;
  /** Prompt tokens of all chunks. */
  prefillTokens: number;
  /** Sum over chunks of p * (2 * context + p). */
  attention: number;
  /** Sum over chunks of the prompt tokens that are in the cache already. */
  prefillContext: number;
  chunks: number;
  /** Mean over the data-parallel ranks that step together of their rows, prompt tokens included; those of this rank if absent. */
  rankRows?: number;
}

/** Duration of an engine step in ms, from whatever is known about it. */
export interface StepModel {
  stepMs(load: StepLoad): number;
}
