import type { Sampler } from "../Randomness.ts";
import { requireFinite } from "./Parameter.ts";

/** Always the same value; takes no draw. */
export const fixed = (value: number): Sampler => new Fixed(value);

class Fixed implements Sampler {
  declare readonly mean: number;
  readonly variance = 0;

  constructor(value: number) {
    requireFinite("fixed: value", value);
    this.mean = value;
  }

  sample(): number {
    return this.mean;
  }
}
