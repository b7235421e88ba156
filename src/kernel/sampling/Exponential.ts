import type { Sampler, UnitSource } from "../Randomness.ts";
import { requirePositive } from "./Parameter.ts";
import { standardExponential } from "./Ziggurat.ts";

/** Exponential with the given mean > 0, by ziggurat. */
export const exponential = (mean: number): Sampler => new Exponential(mean);

class Exponential implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;

  constructor(mean: number) {
    requirePositive("exponential: mean", mean);
    this.mean = mean;
    this.variance = mean * mean;
  }

  sample(source: UnitSource): number {
    return this.mean * standardExponential(source);
  }
}
