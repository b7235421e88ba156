/** How a replica comes to life, each phase in ms, and how long it may take to drain. */
export interface StartupSpec {
  /** Download of the container image; only when the replica was off. */
  readonly pullMs: number;
  /** Reading the weights. */
  readonly loadMs: number;
  /** Compilation, graph capture and warm-up requests. */
  readonly warmMs: number;
  /** What is still in flight so long after the start of a drain fails. */
  readonly drainTimeoutMs: number;
}
