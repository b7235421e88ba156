/** A source of independent uniform draws. */
export interface UnitSource {
  /** Uniform in (0, 1): an odd multiple of 2^-53, never 0 or 1, symmetric around 1/2. */
  unit(): number;
}

/** A distribution with known moments that turns uniform draws into values. */
export interface Sampler {
  readonly mean: number;
  readonly variance: number;
  sample(source: UnitSource): number;
}

/** The middle of one of 2^52 equal cells of (0, 1), from two 32-bit words. */
export const toUnit = (high: number, low: number): number => ((high >>> 0) * 1048576 + ((low >>> 12) + 0.5)) * 2 ** -52;
