import { Refill } from "./Refill.ts";
import type { RefillSettings } from "./Refill.ts";
import { windowMicros } from "./WindowSettings.ts";
import type { WindowSettings } from "./WindowSettings.ts";

/** How the level of a budget comes back. Counts in whole units, so nothing is rounded; times are microseconds of limiter time. */
export interface BudgetMeter {
  /** Units that a permit is worth, and units of a full budget. */
  readonly worth: number;
  readonly full: number;
  /** Units that come back in a microsecond; 0 where all come back at once, at each multiple of `windowUs`. */
  readonly gain: number;
  readonly windowUs: number;
  /** A level some time later. */
  later(level: number, fromUs: number, toUs: number): number;
  /** Time until so many units more are there. */
  waitUs(units: number, nowUs: number): number;
  /** Whether what was charged then may still be given back. */
  refundable(chargedUs: number, nowUs: number): boolean;
}

/** Permits of a budget: refilled steadily (a bucket), or so many per fixed window. */
export type BudgetPermits = Omit<RefillSettings, "partsPerPermit"> | WindowSettings;

/** Throws SettingFault. */
export function budgetMeter(name: string, permits: BudgetPermits): BudgetMeter {
  return "windowMs" in permits ? new WindowMeter(name, permits) : new BucketMeter(new Refill(name, permits));
}

class BucketMeter implements BudgetMeter {
  declare readonly worth: number;
  declare readonly full: number;
  declare readonly gain: number;
  readonly windowUs = 0;
  readonly #refill: Refill;

  constructor(refill: Refill) {
    this.#refill = refill;
    this.worth = refill.worth;
    this.full = refill.full;
    this.gain = refill.gain;
  }

  later(level: number, fromUs: number, toUs: number): number {
    return this.#refill.grown(level, toUs - fromUs);
  }

  waitUs(units: number): number {
    return this.#refill.microsFor(units);
  }

  refundable(): boolean {
    return true;
  }
}

/** Windows begin at multiples of their length since the epoch of the clock; each begins full, whatever was owed before. */
class WindowMeter implements BudgetMeter {
  readonly worth = 1;
  declare readonly full: number;
  readonly gain = 0;
  declare readonly windowUs: number;

  constructor(name: string, settings: WindowSettings) {
    this.windowUs = windowMicros(name, settings);
    this.full = settings.limit;
  }

  later(level: number, fromUs: number, toUs: number): number {
    return this.#window(fromUs) === this.#window(toUs) ? level : this.full;
  }

  waitUs(_units: number, nowUs: number): number {
    return (this.#window(nowUs) + 1) * this.windowUs - nowUs;
  }

  refundable(chargedUs: number, nowUs: number): boolean {
    return this.#window(chargedUs) === this.#window(nowUs);
  }

  #window(us: number): number {
    return Math.floor(us / this.windowUs);
  }
}
