/**
 * Bounds a rate of permits for each key. The limiter holds settings only; what it knows of a key is the state `S`, which it changes in place.
 * Its clock is the caller's, rounded to microseconds, and should be monotone: an older reading gives nobody credit, and makes
 * nothing forgotten. A refused call changes nothing: it counts for nothing and may be left out of any history. Refuses at once, never
 * waits. A missing key equals a new one, so a state may be dropped from `idleAtMs` on. Costs: above 0, finite, whole unless the limiter says
 * otherwise; everything else throws PolicyFault before anything changes.
 */
export interface RateLimiter<S> {
  readonly name: string;
  /** What fits at once into a new key; a higher cost is never admitted. */
  readonly capacity: number;
  /** State of a key that was never used. */
  open(nowMs: number): S;
  /**
   * 0: admitted and charged. Above 0: refused; the same call so many ms later is admitted if nobody else takes, and a microsecond earlier it is not.
   * Infinity: the cost is above the capacity. Throws PolicyFault.
   */
  take(state: S, cost: number, nowMs: number): number;
  /** What `take` would answer; charges nothing. Throws PolicyFault. */
  waitMs(state: S, cost: number, nowMs: number): number;
  /** The highest cost that would be admitted now; 0 when none would. */
  remaining(state: S, nowMs: number): number;
  /** From then on the state equals that of a new key. */
  idleAtMs(state: S): number;
  /**
   * Takes over a state that belonged to `former`, a limiter of the same kind with other settings: what remains is what remained, but no more than the
   * new capacity (rounded down to whole permits where the limiter counts them); a higher limit grants nothing for the past.
   */
  adopt(state: S, former: this, nowMs: number): void;
}
