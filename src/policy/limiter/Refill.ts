import { durationMicros } from "../Micros.ts";
import { requireSetting, SettingFault } from "../SettingFault.ts";

export interface RefillSettings {
  /** Permits that come back in `perMs`. */
  readonly permits: number;
  /** Rounded to microseconds. */
  readonly perMs: number;
  /** Permits that may be taken at once after a long rest. */
  readonly burst: number;
  /** Smallest part of a permit that a cost may have: 1 takes whole permits only (default), 1000 takes thousandths. */
  readonly partsPerPermit?: number;
}

/** Quotients of whole numbers up to here are rounded up and down exactly in doubles. */
const MOST_UNITS = 2 ** 51;

/**
 * A steady refill in whole numbers: `gain` units come back each microsecond and a part of a permit is worth `worth` units, both as small as the rate
 * allows. So nothing is ever rounded, and doubles (in JavaScript and in Redis' Lua) hold every level exactly.
 */
export class Refill {
  declare readonly parts: number;
  declare readonly gain: number;
  declare readonly worth: number;
  /** Of the full bucket, in units. */
  declare readonly full: number;

  /** Throws SettingFault, also when the capacity is too large to count in such units. */
  constructor(limiter: string, settings: RefillSettings) {
    const parts = requireSetting(`${limiter}.partsPerPermit`, settings.partsPerPermit ?? 1, { least: 1, most: 1e6, whole: true });
    const permits = requireSetting(`${limiter}.permits`, settings.permits, { least: 1, most: 1e12, whole: true });
    const burst = requireSetting(`${limiter}.burst`, settings.burst, { least: 1, most: 1e12, whole: true });
    const perUs = durationMicros(`${limiter}.perMs`, settings.perMs);
    const divisor = greatestCommonDivisor(permits * parts, perUs);
    this.parts = parts;
    this.gain = (permits * parts) / divisor;
    this.worth = perUs / divisor;
    this.full = burst * parts * this.worth;
    if (this.full > MOST_UNITS || this.gain > MOST_UNITS) {
      const most = Math.floor(MOST_UNITS / (parts * this.worth));
      throw new SettingFault(`${limiter}.burst`, `at most ${most} with ${permits} permits per ${settings.perMs} ms`, burst);
    }
  }

  /** A level after so many microseconds. */
  grown(level: number, elapsedUs: number): number {
    const grown = elapsedUs * this.gain;
    return grown >= this.full - level ? this.full : level + grown;
  }

  /** Microseconds until so many units are back. */
  microsFor(units: number): number {
    return Math.ceil(units / this.gain);
  }

  /** Whole parts of permits in a level, as permits. */
  permitsIn(level: number): number {
    return Math.max(0, Math.floor(level / this.worth)) / this.parts;
  }

  /** A level counted in the units of `former`, in those of this refill: rounded down, at most full. */
  converted(level: number, former: Refill): number {
    const scaled = (BigInt(level) * BigInt(this.parts) * BigInt(this.worth)) / (BigInt(former.parts) * BigInt(former.worth));
    return Math.min(this.full, Math.max(-MOST_UNITS, Number(scaled) - (level < 0 ? 1 : 0)));
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
