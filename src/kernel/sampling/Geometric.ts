import type { Sampler, UnitSource } from "../Randomness.ts";
import { requireFinite } from "./Parameter.ts";

/** Integers 1, 2, 3, ... with the given mean >= 1 (success probability 1 / mean), by inversion; one draw. */
export const geometric = (mean: number): Sampler => new Geometric(mean);

class Geometric implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly perLog: number;

  constructor(mean: number) {
    requireFinite("geometric: mean", mean);
    if (mean < 1) throw new RangeError(`geometric: mean ${mean} is below 1`);
    this.mean = mean;
    this.variance = mean * (mean - 1);
    this.perLog = mean === 1 ? 0 : 1 / Math.log1p(-1 / mean);
  }

  sample(source: UnitSource): number {
    return 1 + Math.floor(Math.log(source.unit()) * this.perLog);
  }
}
