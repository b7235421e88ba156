import { microsOf } from "../Micros.ts";
import { wholeCost } from "./Cost.ts";
import type { RateLimiter } from "./RateLimiter.ts";
import { windowMicros } from "./WindowSettings.ts";
import type { WindowSettings } from "./WindowSettings.ts";

/** Counts of the aligned window that began at `startUs` and of the one before. */
export interface SlidingCounterState {
  startUs: number;
  current: number;
  previous: number;
}

/**
 * Two aligned windows: the previous one counts with the share of it that the sliding window still covers. Below 2 * limit permits pass in an interval
 * of a window's length; calls exactly as often as the limit says are refused in part, for the weight of the previous window is never 0 at an edge.
 * Whole costs, exact arithmetic; the key is idle two windows after the beginning of the last one that it used.
 */
export class SlidingCounter implements RateLimiter<SlidingCounterState> {
  readonly name = "slidingCounter";
  declare readonly capacity: number;
  declare readonly windowUs: number;

  /** Throws SettingFault. */
  constructor(settings: WindowSettings) {
    this.windowUs = windowMicros(this.name, settings);
    this.capacity = settings.limit;
  }

  open(nowMs: number): SlidingCounterState {
    return { startUs: this.#startOf(microsOf(nowMs)), current: 0, previous: 0 };
  }

  take(state: SlidingCounterState, cost: number, nowMs: number): number {
    const waitMs = this.waitMs(state, cost, nowMs);
    if (waitMs > 0) return waitMs;
    this.#roll(state, microsOf(nowMs));
    state.current += cost;
    return 0;
  }

  waitMs(state: SlidingCounterState, cost: number, nowMs: number): number {
    wholeCost(this.name, cost);
    const readUs = microsOf(nowMs);
    if (cost > this.capacity) return Infinity;
    const nowUs = Math.max(readUs, state.startUs);
    const startUs = this.#startOf(nowUs);
    const windows = (startUs - state.startUs) / this.windowUs;
    const current = windows === 0 ? state.current : 0;
    const previous = windows === 0 ? state.previous : windows === 1 ? state.current : 0;
    const dueUs = startUs + this.#offsetUs(previous, current, cost);
    return dueUs <= nowUs ? 0 : (dueUs - readUs) / 1000;
  }

  remaining(state: SlidingCounterState, nowMs: number): number {
    const nowUs = Math.max(microsOf(nowMs), state.startUs);
    const rolled = { ...state };
    this.#roll(rolled, nowUs);
    const weighted = rolled.previous * (this.windowUs - (nowUs - rolled.startUs));
    return Math.max(0, this.capacity - rolled.current - Math.ceil(weighted / this.windowUs));
  }

  idleAtMs(state: SlidingCounterState): number {
    return (state.startUs + (state.current > 0 ? 2 * this.windowUs : 0)) / 1000;
  }

  adopt(state: SlidingCounterState, former: SlidingCounter, nowMs: number): void {
    const remaining = Math.min(this.capacity, former.remaining(state, nowMs));
    state.startUs = this.#startOf(Math.max(microsOf(nowMs), state.startUs));
    state.current = this.capacity - remaining;
    state.previous = 0;
  }

  #startOf(nowUs: number): number {
    return Math.floor(nowUs / this.windowUs) * this.windowUs;
  }

  #roll(state: SlidingCounterState, nowUs: number): void {
    const startUs = this.#startOf(nowUs);
    if (startUs <= state.startUs) return;
    state.previous = startUs === state.startUs + this.windowUs ? state.current : 0;
    state.current = 0;
    state.startUs = startUs;
  }

  /** The first moment, counted from the beginning of the current window, at which the cost fits if nobody else takes. */
  #offsetUs(previous: number, current: number, cost: number): number {
    const inCurrent = this.#fadedUs(previous, this.capacity - current - cost);
    if (inCurrent < this.windowUs) return inCurrent;
    return this.windowUs + this.#fadedUs(current, this.capacity - cost);
  }

  /** Offset in a window at which so many permits of the previous one weigh at most `room`; a whole window or more when they never do. */
  #fadedUs(previous: number, room: number): number {
    return previous <= room ? 0 : this.windowUs - Math.floor((room * this.windowUs) / previous);
  }
}
