import { microsOf } from "../Micros.ts";
import { wholeCost } from "./Cost.ts";
import type { RateLimiter } from "./RateLimiter.ts";
import { windowMicros } from "./WindowSettings.ts";
import type { WindowSettings } from "./WindowSettings.ts";

/** A ring of admissions, oldest first; it grows up to `limit` entries. */
export interface SlidingLogState {
  instantsUs: Float64Array;
  costs: Float64Array;
  head: number;
  size: number;
  sum: number;
  /** Limiter time: of the newest admission. */
  atUs: number;
}

/**
 * Remembers each admission: at most `limit` permits in every interval (t - window, t]. Whole costs. Memory of a key is O(admissions in a window), a
 * decision O(1) on average and O(limit) at worst. The key is idle when its newest admission has left the window.
 */
export class SlidingLog implements RateLimiter<SlidingLogState> {
  readonly name = "slidingLog";
  declare readonly capacity: number;
  readonly #windowUs: number;

  /** Throws SettingFault. */
  constructor(settings: WindowSettings) {
    this.#windowUs = windowMicros(this.name, settings);
    this.capacity = settings.limit;
  }

  open(nowMs: number): SlidingLogState {
    const size = Math.min(8, this.capacity);
    return { instantsUs: new Float64Array(size), costs: new Float64Array(size), head: 0, size: 0, sum: 0, atUs: microsOf(nowMs) };
  }

  take(state: SlidingLogState, cost: number, nowMs: number): number {
    const waitMs = this.waitMs(state, cost, nowMs);
    if (waitMs > 0) return waitMs;
    const nowUs = Math.max(microsOf(nowMs), state.atUs);
    while (state.size > 0 && state.instantsUs[state.head]! <= nowUs - this.#windowUs) dropOldest(state);
    append(state, nowUs, cost);
    return 0;
  }

  waitMs(state: SlidingLogState, cost: number, nowMs: number): number {
    wholeCost(this.name, cost);
    const readUs = microsOf(nowMs);
    if (cost > this.capacity) return Infinity;
    const nowUs = Math.max(readUs, state.atUs);
    let dueUs = nowUs;
    let sum = state.sum;
    for (let i = 0; i < state.size; i++) {
      const at = (state.head + i) % state.instantsUs.length;
      const leavesUs = state.instantsUs[at]! + this.#windowUs;
      if (sum + cost <= this.capacity) break;
      sum -= state.costs[at]!;
      dueUs = Math.max(dueUs, leavesUs);
    }
    return dueUs <= nowUs ? 0 : (dueUs - readUs) / 1000;
  }

  remaining(state: SlidingLogState, nowMs: number): number {
    const nowUs = Math.max(microsOf(nowMs), state.atUs);
    let sum = state.sum;
    for (let i = 0; i < state.size; i++) {
      const at = (state.head + i) % state.instantsUs.length;
      if (state.instantsUs[at]! > nowUs - this.#windowUs) break;
      sum -= state.costs[at]!;
    }
    return Math.max(0, this.capacity - sum);
  }

  idleAtMs(state: SlidingLogState): number {
    return (state.atUs + (state.size > 0 ? this.#windowUs : 0)) / 1000;
  }

  adopt(state: SlidingLogState, former: SlidingLog, nowMs: number): void {
    const used = this.capacity - Math.min(this.capacity, former.remaining(state, nowMs));
    const atUs = Math.max(microsOf(nowMs), state.atUs);
    state.head = state.size = state.sum = 0;
    state.atUs = atUs;
    if (used > 0) append(state, atUs, used);
  }
}

function dropOldest(state: SlidingLogState): void {
  state.sum -= state.costs[state.head]!;
  state.head = (state.head + 1) % state.instantsUs.length;
  state.size--;
}

function append(state: SlidingLogState, nowUs: number, cost: number): void {
  if (state.size === state.instantsUs.length) grow(state);
  const at = (state.head + state.size) % state.instantsUs.length;
  state.instantsUs[at] = nowUs;
  state.costs[at] = cost;
  state.size++;
  state.sum += cost;
  state.atUs = nowUs;
}

function grow(state: SlidingLogState): void {
  const length = state.instantsUs.length;
  const order = Array.from({ length }, (_, i) => (state.head + i) % length);
  const instantsUs = new Float64Array(2 * length);
  const costs = new Float64Array(2 * length);
  order.forEach((from, to) => {
    instantsUs[to] = state.instantsUs[from]!;
    costs[to] = state.costs[from]!;
  });
  state.instantsUs = instantsUs;
  state.costs = costs;
  state.head = 0;
}
