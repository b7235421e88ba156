import type { Sampler, UnitSource } from "../Randomness.ts";
import { requirePositive } from "./Parameter.ts";

/** Pareto with tail index alpha > 0, cut to min..max, 0 < min < max, by inversion; one draw. */
export const boundedPareto = (alpha: number, min: number, max: number): Sampler => new BoundedPareto(alpha, min, max);

class BoundedPareto implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly min: number;
  declare private readonly power: number;
  /** Probability that the uncut distribution lies below max. */
  declare private readonly below: number;

  constructor(alpha: number, min: number, max: number) {
    requirePositive("bounded Pareto: alpha", alpha);
    requirePositive("bounded Pareto: min", min);
    requirePositive("bounded Pareto: max", max);
    if (min >= max) throw new RangeError(`bounded Pareto: min ${min} is not below max ${max}`);
    const logRatio = Math.log(max / min);
    this.min = min;
    this.power = -1 / alpha;
    this.below = -Math.expm1(-alpha * logRatio);
    this.mean = (alpha / this.below) * min * growth(1 - alpha, logRatio);
    const second = (alpha / this.below) * min * min * growth(2 - alpha, logRatio);
    this.variance = second - this.mean * this.mean;
  }

  sample(source: UnitSource): number {
    return this.min * Math.pow(1 - source.unit() * this.below, this.power);
  }
}

/** Integral of exp(rate x) over 0..length, also for a rate of 0. */
const growth = (rate: number, length: number): number => (rate === 0 ? length : Math.expm1(rate * length) / rate);
