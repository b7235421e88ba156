import type { Sampler, UnitSource } from "../Randomness.ts";

/** One point of a distribution: the share p (0..1) of all values lies at or below the value. */
export interface QuantilePoint {
  readonly p: number;
  readonly value: number;
}

/**
 * The distribution whose quantiles run linearly between the points: p strictly rising in 0..1, values not falling. The
 * share below the first point takes the first value, the share above the last point the last value. One draw.
 */
export const quantileTable = (points: ReadonlyArray<QuantilePoint>): Sampler => new QuantileTable(points);

class QuantileTable implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly shares: Float64Array;
  declare private readonly values: Float64Array;

  constructor(points: ReadonlyArray<QuantilePoint>) {
    requirePoints(points);
    this.shares = Float64Array.from(points, (point) => point.p);
    this.values = Float64Array.from(points, (point) => point.value);
    const first = points[0]!;
    const last = points[points.length - 1]!;
    let mean = first.p * first.value + (1 - last.p) * last.value;
    for (let index = 1; index < points.length; index++) {
      const { p: p0, value: v0 } = points[index - 1]!;
      const { p: p1, value: v1 } = points[index]!;
      mean += ((p1 - p0) * (v0 + v1)) / 2;
    }
    this.mean = mean;
    this.variance = spread(points, mean);
  }

  sample(source: UnitSource): number {
    const unit = source.unit();
    const shares = this.shares;
    const values = this.values;
    const last = shares.length - 1;
    if (unit <= shares[0]!) return values[0]!;
    if (unit >= shares[last]!) return values[last]!;
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (shares[middle]! <= unit) low = middle;
      else high = middle;
    }
    const along = (unit - shares[low]!) / (shares[high]! - shares[low]!);
    return values[low]! + along * (values[high]! - values[low]!);
  }
}

const requirePoints = (points: ReadonlyArray<QuantilePoint>): void => {
  if (points.length === 0) throw new RangeError("quantile table: no points");
  points.forEach(({ p, value }, index) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile table: p ${p} is outside 0..1`);
    if (!Number.isFinite(value)) throw new RangeError(`quantile table: value ${value} is not a finite number`);
    const before = points[index - 1];
    if (before === undefined) return;
    if (!(before.p < p)) throw new RangeError(`quantile table: p ${p} does not rise above ${before.p}`);
    if (!(before.value <= value)) throw new RangeError(`quantile table: value ${value} falls below ${before.value}`);
  });
};

/** Variance about the mean: the atoms at both ends, and the square integrated over each linear piece. */
const spread = (points: ReadonlyArray<QuantilePoint>, mean: number): number => {
  const first = points[0]!;
  const last = points[points.length - 1]!;
  let variance = first.p * (first.value - mean) ** 2 + (1 - last.p) * (last.value - mean) ** 2;
  for (let index = 1; index < points.length; index++) {
    const a = points[index - 1]!.value - mean;
    const b = points[index]!.value - mean;
    variance += ((points[index]!.p - points[index - 1]!.p) * (a * a + a * b + b * b)) / 3;
  }
  return variance;
};
