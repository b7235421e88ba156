import { microsOf } from "../Micros.ts";
import { requireSetting } from "../SettingFault.ts";
import { wholeCost } from "./Cost.ts";
import type { RateLimiter } from "./RateLimiter.ts";

/** Excess over the rate in thousandths of a request, -1000 for a drained key, as of a time in whole milliseconds. */
export interface LeakyMeterState {
  excess: number;
  atMs: number;
}

export interface LeakyMeterSettings {
  /** At least 0.001; counted in thousandths. */
  readonly permitsPerSecond: number;
  /** Permits beyond the first that may come at once. */
  readonly burst: number;
}

/**
 * Leaky bucket as a meter, as nginx limit_req counts (without delay): whole milliseconds and thousandths of a request, so up to a thousandth is lost
 * per admission. At most burst + 1 + rate * t pass. A clock that steps back by more than a minute counts as 1 ms. Whole costs; its wait hint is exact
 * to the millisecond. Source: nginx 1.31.5, ngx_http_limit_req_module.c.
 */
export class LeakyMeter implements RateLimiter<LeakyMeterState> {
  readonly name = "leakyMeter";
  declare readonly capacity: number;
  readonly #perSecond: number;
  readonly #most: number;

  /** Throws SettingFault. */
  constructor(settings: LeakyMeterSettings) {
    requireSetting("leakyMeter.permitsPerSecond", settings.permitsPerSecond, { least: 0.001, most: 1e6 });
    requireSetting("leakyMeter.burst", settings.burst, { least: 0, most: 1e9, whole: true });
    this.#perSecond = Math.round(settings.permitsPerSecond * 1000);
    this.#most = settings.burst * 1000;
    this.capacity = settings.burst + 1;
  }

  open(nowMs: number): LeakyMeterState {
    return { excess: -1000, atMs: wholeMs(nowMs) };
  }

  take(state: LeakyMeterState, cost: number, nowMs: number): number {
    const waitMs = this.waitMs(state, cost, nowMs);
    if (waitMs > 0) return waitMs;
    const readMs = wholeMs(nowMs);
    const elapsedMs = elapsed(state, readMs);
    state.excess = this.#leaked(state, elapsedMs) + cost * 1000;
    if (elapsedMs !== 0) state.atMs = readMs;
    return 0;
  }

  waitMs(state: LeakyMeterState, cost: number, nowMs: number): number {
    wholeCost(this.name, cost);
    const readMs = wholeMs(nowMs);
    if (cost > this.capacity) return Infinity;
    if (this.#leaked(state, elapsed(state, readMs)) + cost * 1000 <= this.#most) return 0;
    const dueMs = state.atMs + Math.ceil(((state.excess + cost * 1000 - this.#most) * 1000) / this.#perSecond);
    return dueMs - nowMs;
  }

  remaining(state: LeakyMeterState, nowMs: number): number {
    return Math.max(0, Math.floor((this.#most - this.#leaked(state, elapsed(state, wholeMs(nowMs)))) / 1000));
  }

  idleAtMs(state: LeakyMeterState): number {
    return state.atMs + Math.ceil(((state.excess + 1000) * 1000) / this.#perSecond);
  }

  adopt(state: LeakyMeterState, former: LeakyMeter, nowMs: number): void {
    const readMs = wholeMs(nowMs);
    const room = Math.min(former.#most - former.#leaked(state, elapsed(state, readMs)), this.#most + 1000);
    state.excess = this.#most - room;
    state.atMs = Math.max(state.atMs, readMs);
  }

  #leaked(state: LeakyMeterState, elapsedMs: number): number {
    return Math.max(-1000, state.excess - Math.floor((this.#perSecond * elapsedMs) / 1000));
  }
}

function wholeMs(nowMs: number): number {
  return Math.floor(microsOf(nowMs) / 1000);
}

function elapsed(state: LeakyMeterState, readMs: number): number {
  const elapsedMs = readMs - state.atMs;
  return elapsedMs < -60_000 ? 1 : Math.max(0, elapsedMs);
}
