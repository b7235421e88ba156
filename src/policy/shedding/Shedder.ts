/** What a policy says of a request: 0 goes on, everything else is the reason why it does not. */
export const Verdict = {
  Pass: 0,
  /** The queue holds as many requests as it may. */
  QueueFull: 1,
  /** The queue would hold more tokens than it may. */
  TokensFull: 2,
  /** Its priority is below the present level. */
  LowPriority: 3,
  /** A throttle rejected it by chance, because too many were rejected or failed of late. */
  Throttled: 4,
  /** It waited too long for the present state of the queue. */
  Delayed: 5,
  /** It could not end before its deadline. */
  Expired: 6,
} as const;

/** What a gateway knows of a request that arrives; one object may be filled again and again. */
export interface ShedRequest {
  /** Prompt tokens, and those of the answer as far as they are bounded. */
  tokens: number;
  /** Point in time; Infinity for none. */
  deadlineMs: number;
  /** What it takes from its start to its end, as expected now; 0 when unknown. */
  expectedServiceMs: number;
  /** Priority: 0 is the highest business level; within a level user 0 is the highest. */
  business: number;
  user: number;
}

/**
 * The rules of one waiting queue. The queue itself belongs to the gateway; a shedder keeps only counts, and each call is O(1), or O(1) on average.
 * For each request the gateway calls `arrive`; when it cannot start at once `enter`; when its turn comes `start`, or `withdraw` when it leaves
 * the queue by itself (hung up, timed out). A verdict other than Pass ends the request. `nowMs` never decreases, `draw` is uniform in [0, 1).
 */
export interface Shedder {
  readonly name: string;
  /** What waits now, by the calls so far. */
  readonly waiting: number;
  readonly waitingTokens: number;
  /** At arrival, before anything else. */
  arrive(request: ShedRequest, draw: number, nowMs: number): number;
  /** It must wait: joins the queue unless there is no room. */
  enter(request: ShedRequest, nowMs: number): number;
  /** Whether the next one is taken from the back of the queue, the newest, and not from its front. */
  newestFirst(nowMs: number): boolean;
  /** A server is free for it: it leaves the queue if it was `queued`, else it never waited; then it starts, or it is dropped. */
  start(request: ShedRequest, waitedMs: number, queued: boolean, nowMs: number): number;
  /** It left the queue by itself. */
  withdraw(request: ShedRequest, nowMs: number): void;
  /** A request that was forwarded came back: whether the backend accepted and answered it. */
  answered(accepted: boolean, nowMs: number): void;
}
