import type { Sampler, UnitSource } from "../Randomness.ts";
import { requireFinite } from "./Parameter.ts";

/** Uniform between min and max, min <= max; one draw. */
export const uniform = (min: number, max: number): Sampler => new Uniform(min, max);

class Uniform implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly min: number;
  declare private readonly span: number;

  constructor(min: number, max: number) {
    requireFinite("uniform: min", min);
    requireFinite("uniform: max", max);
    if (min > max) throw new RangeError(`uniform: min ${min} is above max ${max}`);
    this.min = min;
    this.span = max - min;
    this.mean = (min + max) / 2;
    this.variance = (this.span * this.span) / 12;
  }

  sample(source: UnitSource): number {
    return this.min + this.span * source.unit();
  }
}
