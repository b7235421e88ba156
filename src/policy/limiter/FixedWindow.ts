import { microsOf } from "../Micros.ts";
import { wholeCost } from "./Cost.ts";
import type { RateLimiter } from "./RateLimiter.ts";
import { windowMicros } from "./WindowSettings.ts";
import type { WindowSettings } from "./WindowSettings.ts";

/** What was admitted in the window that began at `startUs`; nothing: no window. */
export interface FixedWindowState {
  startUs: number;
  count: number;
}

export interface FixedWindowSettings extends WindowSettings {
  /** False: windows begin at multiples of the window since the epoch of the clock; true: at the first call after the last window. */
  readonly anchored: boolean;
}

/**
 * Counts per window. In an interval of one window's length up to 2 * limit permits pass at the edge of aligned windows, 2 * limit - 1 with anchored
 * ones. Whole costs; the key is idle when its window has ended.
 */
export class FixedWindow implements RateLimiter<FixedWindowState> {
  readonly name = "fixedWindow";
  declare readonly capacity: number;
  readonly #windowUs: number;
  readonly #anchored: boolean;

  /** Throws SettingFault. */
  constructor(settings: FixedWindowSettings) {
    this.#windowUs = windowMicros(this.name, settings);
    this.capacity = settings.limit;
    this.#anchored = settings.anchored;
  }

  open(nowMs: number): FixedWindowState {
    return { startUs: microsOf(nowMs), count: 0 };
  }

  take(state: FixedWindowState, cost: number, nowMs: number): number {
    const waitMs = this.waitMs(state, cost, nowMs);
    if (waitMs > 0) return waitMs;
    const nowUs = microsOf(nowMs);
    const used = this.#used(state, nowUs);
    if (used === 0) state.startUs = this.#startOf(nowUs);
    state.count = used + cost;
    return 0;
  }

  waitMs(state: FixedWindowState, cost: number, nowMs: number): number {
    wholeCost(this.name, cost);
    const nowUs = microsOf(nowMs);
    if (cost > this.capacity) return Infinity;
    return this.#used(state, nowUs) + cost <= this.capacity ? 0 : (state.startUs + this.#windowUs - nowUs) / 1000;
  }

  remaining(state: FixedWindowState, nowMs: number): number {
    return this.capacity - this.#used(state, microsOf(nowMs));
  }

  idleAtMs(state: FixedWindowState): number {
    return (state.startUs + (state.count > 0 ? this.#windowUs : 0)) / 1000;
  }

  adopt(state: FixedWindowState, former: FixedWindow, nowMs: number): void {
    const nowUs = microsOf(nowMs);
    state.count = this.capacity - Math.min(this.capacity, former.remaining(state, nowMs));
    state.startUs = this.#startOf(nowUs);
  }

  #used(state: FixedWindowState, nowUs: number): number {
    return nowUs >= state.startUs + this.#windowUs ? 0 : state.count;
  }

  #startOf(nowUs: number): number {
    return this.#anchored ? nowUs : Math.floor(nowUs / this.#windowUs) * this.#windowUs;
  }
}
