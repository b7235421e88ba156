import { microsOf } from "../Micros.ts";
import { costParts } from "./Cost.ts";
import type { RateLimiter } from "./RateLimiter.ts";
import { Refill } from "./Refill.ts";
import type { RefillSettings } from "./Refill.ts";

/** The theoretical arrival time: microseconds, and a fraction of one in 1/gain of the refill. */
export interface GcraState {
  tatUs: number;
  tatParts: number;
}

/**
 * Generic cell rate algorithm: keeps one instant, when the bucket will be full. Decides exactly as TokenBucket does; `burst + rate * t` permits in an
 * interval of length t. The key is idle from its instant on. Source: ITU-T I.371, virtual scheduling.
 */
export class Gcra implements RateLimiter<GcraState> {
  readonly name = "gcra";
  declare readonly capacity: number;
  declare readonly refill: Refill;

  /** Throws SettingFault. */
  constructor(settings: RefillSettings) {
    this.refill = new Refill(this.name, settings);
    this.capacity = settings.burst;
  }

  open(nowMs: number): GcraState {
    return { tatUs: microsOf(nowMs), tatParts: 0 };
  }

  take(state: GcraState, cost: number, nowMs: number): number {
    const refill = this.refill;
    const units = costParts(this.name, cost, refill.parts) * refill.worth;
    const readUs = microsOf(nowMs);
    if (units > refill.full) return Infinity;
    const waitUs = this.#waitUs(state, units, readUs);
    if (waitUs > 0) return waitUs / 1000;
    const fresh = state.tatUs < readUs;
    const parts = (fresh ? 0 : state.tatParts) + units;
    const wholeUs = Math.floor(parts / refill.gain);
    state.tatUs = (fresh ? readUs : state.tatUs) + wholeUs;
    state.tatParts = parts - wholeUs * refill.gain;
    return 0;
  }

  waitMs(state: GcraState, cost: number, nowMs: number): number {
    const units = costParts(this.name, cost, this.refill.parts) * this.refill.worth;
    const readUs = microsOf(nowMs);
    return units > this.refill.full ? Infinity : this.#waitUs(state, units, readUs) / 1000;
  }

  remaining(state: GcraState, nowMs: number): number {
    return this.refill.permitsIn(this.refill.full - this.#backlog(state, microsOf(nowMs)));
  }

  idleAtMs(state: GcraState): number {
    return (state.tatUs + (state.tatParts > 0 ? 1 : 0)) / 1000;
  }

  adopt(state: GcraState, former: Gcra, nowMs: number): void {
    const nowUs = microsOf(nowMs);
    const level = this.refill.converted(former.refill.full - former.#backlog(state, nowUs), former.refill);
    const owed = this.refill.full - level;
    const wholeUs = Math.floor(owed / this.refill.gain);
    state.tatUs = nowUs + wholeUs;
    state.tatParts = owed - wholeUs * this.refill.gain;
  }

  /** Units that are still to come back. */
  #backlog(state: GcraState, nowUs: number): number {
    return state.tatUs < nowUs ? 0 : (state.tatUs - nowUs) * this.refill.gain + state.tatParts;
  }

  #waitUs(state: GcraState, units: number, nowUs: number): number {
    const excess = this.#backlog(state, nowUs) + units - this.refill.full;
    return excess > 0 ? this.refill.microsFor(excess) : 0;
  }
}
