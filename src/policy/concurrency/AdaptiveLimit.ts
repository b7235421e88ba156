/** A limit of attempts in flight that follows their ends. Bounded and finite whatever the samples are. O(1) per sample. */
export interface AdaptiveLimit {
  readonly name: string;
  /** Attempts that may be in flight; whole, from min to max. */
  readonly limit: number;
  /**
   * An attempt ended: its latency, how many were in flight when it started, itself included, and whether it was dropped (rejected, or timed out: then its
   * latency says nothing). Each sample is one attempt, never a loop of retries. `waitedMs`: how long it waited for a server, if that tells.
   */
  sample(latencyMs: number, inFlight: number, dropped: boolean, startedMs: number, waitedMs?: number): void;
}

export interface LimitRange {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}
