import type { Sampler, UnitSource } from "../Randomness.ts";

/** One part of a mixture, chosen with probability weight / sum of weights. */
export interface MixturePart {
  readonly weight: number;
  readonly of: Sampler;
}

/** One of several samplers, chosen anew for each value: one draw for the choice, then those of the part. */
export const mixture = (parts: ReadonlyArray<MixturePart>): Sampler => new Mixture(parts);

class Mixture implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly samplers: ReadonlyArray<Sampler>;
  declare private readonly cumulative: Float64Array;

  constructor(parts: ReadonlyArray<MixturePart>) {
    const total = totalWeight(parts);
    let share = 0;
    let mean = 0;
    for (const part of parts) mean += (part.weight / total) * part.of.mean;
    let variance = 0;
    for (const part of parts) {
      variance += (part.weight / total) * (part.of.variance + (part.of.mean - mean) ** 2);
    }
    this.mean = mean;
    this.variance = variance;
    this.samplers = parts.map((part) => part.of);
    this.cumulative = Float64Array.from(parts, (part) => (share += part.weight) / total);
    // Rounding must not leave a gap behind the last part that has a weight.
    this.cumulative.fill(
      1,
      parts.findLastIndex((part) => part.weight > 0),
    );
  }

  sample(source: UnitSource): number {
    const unit = source.unit();
    let index = 0;
    while (unit >= this.cumulative[index]!) index++;
    return this.samplers[index]!.sample(source);
  }
}

const totalWeight = (parts: ReadonlyArray<MixturePart>): number => {
  let total = 0;
  for (const { weight } of parts) {
    if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`mixture: weight ${weight} is not a finite number >= 0`);
    total += weight;
  }
  if (!(total > 0)) throw new RangeError("mixture: no part has a weight above 0");
  return total;
};
