import type { Sampler, UnitSource } from "../Randomness.ts";
import { requireFinite, requireNotNegative } from "./Parameter.ts";
import { standardNormal } from "./Ziggurat.ts";

/** Normal with the given mean and standard deviation >= 0, by ziggurat. Negative values do occur. */
export const normal = (mean: number, sd: number): Sampler => new Normal(mean, sd);

class Normal implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly sd: number;

  constructor(mean: number, sd: number) {
    requireFinite("normal: mean", mean);
    requireNotNegative("normal: standard deviation", sd);
    this.mean = mean;
    this.sd = sd;
    this.variance = sd * sd;
  }

  sample(source: UnitSource): number {
    return this.mean + this.sd * standardNormal(source);
  }
}
