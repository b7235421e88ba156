import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

/** Finagle's, linkerd's and tower's defaults are 20 %, 10/s and 10 s. */
export interface RatioBudgetSettings {
  /** Retries that each request allows. */
  readonly ratio: number;
  /** Retries that are always allowed, so that few requests can retry at all. */
  readonly minPerSecond: number;
  /** A deposit that was not used is lost after this time. */
  readonly ttlMs: number;
}

/** The time to live is counted in so many slots; a deposit lives between nine tenths of it and all of it. */
const SLOTS = 10;

/**
 * Requests deposit, retries withdraw, and deposits expire. Over any time t: retries <= ratio * requests of (t + 1.1 ttl) + minPerSecond * (t + 1.1 ttl).
 * Source: Finagle's RetryBudget (documentation), linkerd2 and tower-retry.
 */
export class RatioBudget implements RetryBudget {
  readonly name = "ratio";
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #slotMs: number;
  readonly #requests = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  #slot = -Infinity;
  #requestSum = 0;
  #retrySum = 0;

  /** Throws SettingFault. */
  constructor(settings: RatioBudgetSettings) {
    this.#ratio = requireSetting("ratio.ratio", settings.ratio, { least: 0, most: 1000 });
    const minPerSecond = requireSetting("ratio.minPerSecond", settings.minPerSecond, { least: 0, most: 1e9 });
    this.#slotMs = requireSetting("ratio.ttlMs", settings.ttlMs, { above: 0, most: 1e12 }) / SLOTS;
    this.#reserve = (minPerSecond * settings.ttlMs) / 1000;
  }

  requested(nowMs: number): void {
    const at = this.#advance(nowMs);
    this.#requests[at]!++;
    this.#requestSum++;
  }

  take(nowMs: number): boolean {
    const at = this.#advance(nowMs);
    if (this.#retrySum + 1 > this.#ratio * this.#requestSum + this.#reserve) return false;
    this.#retries[at]!++;
    this.#retrySum++;
    return true;
  }

  ended(): void {}

  finished(): void {}

  /** Forgets the slots that are older than the time to live; answers the present one. */
  #advance(nowMs: number): number {
    const slot = Math.max(this.#slot, Math.floor(nowMs / this.#slotMs));
    const steps = Math.min(SLOTS, slot - this.#slot);
    for (let step = 1; step <= steps; step++) {
      const at = index(slot - steps + step);
      this.#requestSum -= this.#requests[at]!;
      this.#retrySum -= this.#retries[at]!;
      this.#requests[at] = 0;
      this.#retries[at] = 0;
    }
    this.#slot = slot;
    return index(slot);
  }
}

function index(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS;
}
