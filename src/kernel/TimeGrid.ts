/** Candidate exponents, finest first: sums stay exact below 2^(53 - e) ms. */
const EXPONENTS = [26, 23] as const;

/**
 * The dyadic grid of times: multiples of 2^-exponent ms, on which sums and integer multiples are exact.
 *
 * Every time that enters the kernel is rounded to it once. Then adding a thousand steps one by one and adding them in
 * closed form give the same bits.
 */
export class TimeGrid {
  declare readonly exponent: number;
  /** Distance of two neighboring times, in ms. */
  declare readonly spacingMs: number;
  /** Sums are exact up to this time, in ms. */
  declare readonly limitMs: number;
  declare private readonly perMs: number;

  private constructor(exponent: number) {
    this.exponent = exponent;
    this.perMs = 2 ** exponent;
    this.spacingMs = 2 ** -exponent;
    this.limitMs = 2 ** (53 - exponent);
  }

  /**
   * The finest grid that holds the horizon twice, so that times after the horizon still fit, else the coarsest one that
   * holds it at all. Throws RangeError for a horizon above 2^30 ms (12.4 days), below zero or not a number.
   */
  static forHorizon(horizonMs: number): TimeGrid {
    if (!(horizonMs >= 0)) throw new RangeError(`horizon ${horizonMs} ms is not a time >= 0`);
    const exponent =
      EXPONENTS.find((candidate) => 2 * horizonMs <= 2 ** (53 - candidate)) ??
      EXPONENTS.find((candidate) => horizonMs <= 2 ** (53 - candidate));
    if (exponent === undefined) {
      const limitMs = 2 ** (53 - EXPONENTS[EXPONENTS.length - 1]!);
      throw new RangeError(`horizon ${horizonMs} ms is above the limit of ${limitMs} ms (12.4 days); simulate independent days instead`);
    }
    return new TimeGrid(exponent);
  }

  /** Nearest multiple of the spacing; Infinity and NaN stay. */
  round(ms: number): number {
    return Math.round(ms * this.perMs) * this.spacingMs;
  }
}
