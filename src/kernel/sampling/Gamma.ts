import type { Sampler, UnitSource } from "../Randomness.ts";
import { fixed } from "./Fixed.ts";
import { requireNotNegative, requirePositive } from "./Parameter.ts";
import { standardNormal } from "./Ziggurat.ts";

/**
 * Gamma with shape > 0 and scale > 0, by rejection: two draws and more.
 *
 * Source: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); for shapes
 * below 1 a gamma of shape + 1 times u^(1 / shape), section 6.
 */
export const gamma = (shape: number, scale: number): Sampler => new Gamma(shape, scale);

/** The gamma with the given mean > 0 and coefficient of variation >= 0; a coefficient of 0 gives the mean itself. */
export const gammaFromMeanAndCv = (mean: number, cv: number): Sampler => {
  requirePositive("gamma: mean", mean);
  requireNotNegative("gamma: coefficient of variation", cv);
  return cv === 0 ? fixed(mean) : new Gamma(1 / (cv * cv), mean * cv * cv);
};

class Gamma implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly scale: number;
  /** 1 / shape for shapes below 1, else 0. */
  declare private readonly power: number;
  declare private readonly d: number;
  declare private readonly c: number;

  constructor(shape: number, scale: number) {
    requirePositive("gamma: shape", shape);
    requirePositive("gamma: scale", scale);
    this.mean = shape * scale;
    this.variance = shape * scale * scale;
    this.scale = scale;
    this.power = shape < 1 ? 1 / shape : 0;
    this.d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
    this.c = 1 / Math.sqrt(9 * this.d);
  }

  sample(source: UnitSource): number {
    const value = this.scale * this.standard(source);
    return this.power === 0 ? value : value * Math.pow(source.unit(), this.power);
  }

  private standard(source: UnitSource): number {
    const d = this.d;
    for (;;) {
      const x = standardNormal(source);
      const root = 1 + this.c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = source.unit();
      const square = x * x;
      if (u < 1 - 0.0331 * square * square) return d * v;
      if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
    }
  }
}
