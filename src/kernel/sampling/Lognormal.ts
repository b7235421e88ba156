import type { Sampler, UnitSource } from "../Randomness.ts";
import { requireFinite, requireNotNegative, requirePositive } from "./Parameter.ts";
import { standardNormal } from "./Ziggurat.ts";

/** 99th percentile of the standard normal distribution. */
const Z99 = 2.3263478740408408;

/** exp of a normal with mean mu and standard deviation sigma >= 0, by ziggurat. */
export const lognormal = (mu: number, sigma: number): Sampler => new Lognormal(mu, sigma);

/**
 * The lognormal with the given mean and 99th percentile, of the two that exist the one with the smaller sigma.
 * Throws RangeError unless mean <= p99 <= 14.97 mean: exp(z99^2 / 2) is the largest ratio that any lognormal has.
 *
 * Source: ln p99 = mu + z99 sigma and ln mean = mu + sigma^2 / 2, solved for sigma.
 */
export const lognormalFromMeanAndP99 = (mean: number, p99: number): Sampler => {
  requirePositive("lognormal: mean", mean);
  requirePositive("lognormal: p99", p99);
  const square = Z99 * Z99 - 2 * Math.log(p99 / mean);
  if (p99 < mean || square < 0) {
    throw new RangeError(`lognormal: p99 ${p99} is outside 1..14.97 times the mean ${mean}`);
  }
  const sigma = Z99 - Math.sqrt(square);
  return new Lognormal(Math.log(mean) - (sigma * sigma) / 2, sigma);
};

class Lognormal implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly mu: number;
  declare private readonly sigma: number;

  constructor(mu: number, sigma: number) {
    requireFinite("lognormal: mu", mu);
    requireNotNegative("lognormal: sigma", sigma);
    this.mu = mu;
    this.sigma = sigma;
    this.mean = Math.exp(mu + (sigma * sigma) / 2);
    this.variance = Math.expm1(sigma * sigma) * this.mean * this.mean;
  }

  sample(source: UnitSource): number {
    return Math.exp(this.mu + this.sigma * standardNormal(source));
  }
}
