import type { Sampler, UnitSource } from "../Randomness.ts";
import { requirePositive } from "./Parameter.ts";

/** Exponential with the given mean > 0, by inversion; one draw. */
export const exponential = (mean: number): Sampler => new Exponential(mean);

class Exponential implements Sampler {
  readonly mean: number;
  readonly variance: number;

  constructor(mean: number) {
    requirePositive("exponential: mean", mean);
    this.mean = mean;
    this.variance = mean * mean;
  }

  sample(source: UnitSource): number {
    return -this.mean * Math.log(source.unit());
  }
}
