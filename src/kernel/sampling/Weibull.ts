import type { Sampler, UnitSource } from "../Randomness.ts";
import { fixed } from "./Fixed.ts";
import { logGamma } from "./LogGamma.ts";
import { requireNotNegative, requirePositive } from "./Parameter.ts";

/** Range of the shapes that weibullFromMeanAndCv searches; the coefficients of variation go from 4e6 to 1.3e-4. */
const SMALLEST_SHAPE = 0.05;
const LARGEST_SHAPE = 1e4;

/** Weibull with shape > 0 and scale > 0, by inversion; one draw. */
export const weibull = (shape: number, scale: number): Sampler => new Weibull(shape, scale);

/**
 * The Weibull with the given mean > 0 and coefficient of variation >= 0; a coefficient of 0 gives the mean itself.
 * Throws RangeError when no shape in 0.05..10,000 has that coefficient.
 */
export const weibullFromMeanAndCv = (mean: number, cv: number): Sampler => {
  requirePositive("weibull: mean", mean);
  requireNotNegative("weibull: coefficient of variation", cv);
  if (cv === 0) return fixed(mean);
  const shape = shapeOf(cv);
  return new Weibull(shape, mean / Math.exp(logGamma(1 + 1 / shape)));
};

class Weibull implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly scale: number;
  declare private readonly power: number;

  constructor(shape: number, scale: number) {
    requirePositive("weibull: shape", shape);
    requirePositive("weibull: scale", scale);
    this.scale = scale;
    this.power = 1 / shape;
    this.mean = scale * Math.exp(logGamma(1 + 1 / shape));
    this.variance = this.mean * this.mean * squaredCv(shape);
  }

  sample(source: UnitSource): number {
    return this.scale * Math.pow(-Math.log(source.unit()), this.power);
  }
}

/** Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1. */
const squaredCv = (shape: number): number => Math.expm1(logGamma(1 + 2 / shape) - 2 * logGamma(1 + 1 / shape));

/** The coefficient of variation falls with the shape: bisection on its logarithm. */
const shapeOf = (cv: number): number => {
  const target = cv * cv;
  if (target > squaredCv(SMALLEST_SHAPE) || target < squaredCv(LARGEST_SHAPE)) {
    throw new RangeError(`weibull: no shape in ${SMALLEST_SHAPE}..${LARGEST_SHAPE} has the coefficient of variation ${cv}`);
  }
  let low = Math.log(SMALLEST_SHAPE);
  let high = Math.log(LARGEST_SHAPE);
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (squaredCv(Math.exp(middle)) > target) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
};
