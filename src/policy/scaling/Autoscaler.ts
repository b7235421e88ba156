/** What an autoscaler sees of a pool; one object may be filled again and again. Columns are indexed by replica and hold at least `count` entries. */
export interface ScaleObservation {
  /** Replicas that are wanted now, those that still start included. */
  replicas: number;
  /** Replicas that exist. */
  count: number;
  /** 1 = serves; 0 = starting. */
  ready: Uint8Array;
  /** Each NaN where the replica reports nothing: busy share, attempts it holds, tokens per second. */
  utilization: Float64Array;
  concurrency: Float64Array;
  tokensPerSecond: Float64Array;
  /** Requests that wait for the pool as a whole, and requests offered to it per second; NaN when unknown. */
  queueLength: number;
  offeredPerSecond: number;
}

/** How many replicas a pool should have. Starting them takes the world its time. `nowMs` never decreases. */
export interface Autoscaler {
  readonly name: string;
  /** The number wanted from now on; the caller puts it into effect. */
  decide(seen: ScaleObservation, nowMs: number): number;
}
