/** Decides which calls to a backend go out, by how calls ended before. One per backend; time is the caller's and never decreases. O(1) per decision. */
export interface CircuitBreaker {
  /** Since it was made. */
  readonly rejected: number;
  /** After a refusal: when the same call may be let through, if nothing else happens; 0 when unknown. */
  readonly retryAfterMs: number;
  /** A permit, 0 or more; -1: refused. */
  admit(nowMs: number): number;
  /** How the call ended, an `Outcome`; `serverRetryAfterMs` as the server asked, 0 for nothing. False where it counted for nothing. */
  settle(permit: number, outcome: number, nowMs: number, serverRetryAfterMs?: number): boolean;
  /** Slow calls may open it: whoever asks tells it by `pace` when a call that goes on turns out slow, or in time. Absent: it judges calls at their ends alone. */
  readonly judgesPace?: boolean;
  /** The call goes on and has lasted as long as a slow one, or began to answer in time. True when that counted. */
  pace?(permit: number, slow: boolean, nowMs: number): boolean;
}
