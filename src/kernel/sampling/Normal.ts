import type { Sampler, UnitSource } from "../Randomness.ts";
import { normalQuantile } from "./NormalQuantile.ts";
import { requireFinite, requireNotNegative } from "./Parameter.ts";

/** Normal with the given mean and standard deviation >= 0, by inversion; one draw. Negative values do occur. */
export const normal = (mean: number, sd: number): Sampler => new Normal(mean, sd);

class Normal implements Sampler {
  readonly mean: number;
  readonly variance: number;
  private readonly sd: number;

  constructor(mean: number, sd: number) {
    requireFinite("normal: mean", mean);
    requireNotNegative("normal: standard deviation", sd);
    this.mean = mean;
    this.sd = sd;
    this.variance = sd * sd;
  }

  sample(source: UnitSource): number {
    return this.mean + this.sd * normalQuantile(source.unit());
  }
}
