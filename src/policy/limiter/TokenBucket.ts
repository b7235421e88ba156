import { microsOf } from "../Micros.ts";
import { costParts } from "./Cost.ts";
import type { RateLimiter } from "./RateLimiter.ts";
import { Refill } from "./Refill.ts";
import type { RefillSettings } from "./Refill.ts";

/** Level in units of the refill as of a time in microseconds; below 0 while there is debt. */
export interface TokenBucketState {
  level: number;
  atUs: number;
}

/**
 * A bucket that refills continuously. At most `burst + rate * t` permits pass in an interval of length t. Exact: fractions of permits are kept, none
 * is made up. The key is idle, and its time to live ends, when the bucket is full.
 */
export class TokenBucket implements RateLimiter<TokenBucketState> {
  readonly name = "tokenBucket";
  declare readonly capacity: number;
  declare readonly refill: Refill;

  /** Throws SettingFault. */
  constructor(settings: RefillSettings) {
    this.refill = new Refill(this.name, settings);
    this.capacity = settings.burst;
  }

  open(nowMs: number): TokenBucketState {
    return { level: this.refill.full, atUs: microsOf(nowMs) };
  }

  take(state: TokenBucketState, cost: number, nowMs: number): number {
    const refill = this.refill;
    const units = costParts(this.name, cost, refill.parts) * refill.worth;
    const readUs = microsOf(nowMs);
    if (units > refill.full) return Infinity;
    const atUs = readUs > state.atUs ? readUs : state.atUs;
    const level = refill.grown(state.level, atUs - state.atUs);
    if (level < units) return (atUs - readUs + refill.microsFor(units - level)) / 1000;
    state.level = level - units;
    state.atUs = atUs;
    return 0;
  }

  waitMs(state: TokenBucketState, cost: number, nowMs: number): number {
    const refill = this.refill;
    const units = costParts(this.name, cost, refill.parts) * refill.worth;
    const readUs = microsOf(nowMs);
    if (units > refill.full) return Infinity;
    const aheadUs = Math.max(0, state.atUs - readUs);
    const level = refill.grown(state.level, readUs + aheadUs - state.atUs);
    return level < units ? (aheadUs + refill.microsFor(units - level)) / 1000 : 0;
  }

  remaining(state: TokenBucketState, nowMs: number): number {
    return this.refill.permitsIn(this.refill.grown(state.level, Math.max(0, microsOf(nowMs) - state.atUs)));
  }

  idleAtMs(state: TokenBucketState): number {
    return (state.atUs + this.refill.microsFor(this.refill.full - state.level)) / 1000;
  }

  adopt(state: TokenBucketState, former: TokenBucket, nowMs: number): void {
    const atUs = Math.max(state.atUs, microsOf(nowMs));
    state.level = this.refill.converted(former.refill.grown(state.level, atUs - state.atUs), former.refill);
    state.atUs = atUs;
  }

  /** Charges without asking; the level may go below 0, and nothing is admitted until that debt has been refilled. Throws PolicyFault. */
  charge(state: TokenBucketState, cost: number, nowMs: number): void {
    const units = costParts(this.name, cost, this.refill.parts) * this.refill.worth;
    this.#advance(state, nowMs);
    state.level -= units;
  }

  /** Gives permits back; what does not fit into the bucket is lost. Throws PolicyFault. */
  credit(state: TokenBucketState, cost: number, nowMs: number): void {
    const units = costParts(this.name, cost, this.refill.parts) * this.refill.worth;
    this.#advance(state, nowMs);
    state.level = Math.min(this.refill.full, state.level + units);
  }

  #advance(state: TokenBucketState, nowMs: number): void {
    const atUs = Math.max(state.atUs, microsOf(nowMs));
    state.level = this.refill.grown(state.level, atUs - state.atUs);
    state.atUs = atUs;
  }
}
