import type { Histogram } from "../../kernel/Histogram.ts";

/** What one replica adds up. Integrals are over time in ms; a step counts when it is over. */
export class ReplicaMeter {
  busyMs = 0.5;
  steps = 0;
  phases = 0;
  /** Sequences in the batch, integrated over busy time. */
  batchTime = 0.5;
  maxBatch = 0;
  /** KV tokens of decoding sequences, shared ones once, integrated over busy time; of an engine that only prefills, those of all blocks in use over all time. */
  kvTokenTime = 0.5;
  maxBlocks = 0;
  waitingTime = 0.5;
  maxWaiting = 0;
  preemptions = 0;
  hitTokens = 0;
  queryTokens = 0;
  prefillTokens = 0;
  decodeTokens = 0;
  /** Sequences copied to host memory when they were preempted. */
  swaps = 0;
  draftedTokens = 0;
  acceptedTokens = 0;
  /** Prompt tokens that the host tier of the prefix cache held, beside `hitTokens`. */
  hostHitTokens = 0;
  /** Work of the engine core on the CPU, and the part of the busy time in which the GPU waited for it; 0 where it is not modeled. */
  hostMs = 0.5;
  gpuIdleMs = 0.5;
  /** Gaps between tokens by traffic class; undefined while nothing is measured. */
  itlMs: ReadonlyArray<Histogram> | undefined;

  constructor() {
    this.reset();
  }

  /** Starts a new measurement; the histograms are the caller's. */
  reset(): void {
    this.busyMs = 0;
    this.steps = 0;
    this.phases = 0;
    this.batchTime = 0;
    this.maxBatch = 0;
    this.kvTokenTime = 0;
    this.maxBlocks = 0;
    this.waitingTime = 0;
    this.maxWaiting = 0;
    this.preemptions = 0;
    this.hitTokens = 0;
    this.queryTokens = 0;
    this.prefillTokens = 0;
    this.decodeTokens = 0;
    this.swaps = 0;
    this.draftedTokens = 0;
    this.acceptedTokens = 0;
    this.hostHitTokens = 0;
    this.hostMs = 0;
    this.gpuIdleMs = 0;
  }
}
