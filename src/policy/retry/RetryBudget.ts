/**
 * Decides whether one more attempt may be sent, so that retries stay a bounded share of the load however many requests fail. One per client and
 * backend; O(1). `nowMs` never decreases. The caller tells of every request and every end, and sends no retry that was not granted.
 */
export interface RetryBudget {
  readonly name: string;
  /** A request starts: its first attempt, which is never refused. */
  requested(nowMs: number): void;
  /** May a retry (or a hedge) be sent now? A yes is charged at once. `afterTimeout`: the attempt before timed out. */
  take(nowMs: number, afterTimeout: boolean): boolean;
  /** An attempt ended; `retried` unless it was a request's first one, `afterTimeout` as `take` was told when it was granted. */
  ended(succeeded: boolean, retried: boolean, afterTimeout: boolean, nowMs: number): void;
  /** A request is over: answered, failed or given up. */
  finished(nowMs: number): void;
}
