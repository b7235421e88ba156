/** Drops requests for the time that they waited. One object belongs to one queue. */
export interface DelayControl {
  /** Of the request whose turn it is: `behind` wait still, the queue has stood for `standingMs`; true = drop it. */
  drops(waitedMs: number, behind: number, standingMs: number, nowMs: number): boolean;
  /** Somebody wanted a request and the queue was empty. */
  foundEmpty(): void;
}
