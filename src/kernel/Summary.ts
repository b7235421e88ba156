import { Histogram } from "./Histogram.ts";

/** So many values are kept one by one: 400 KB. */
export const EXACT_VALUES = 50_000;

// Places of the totals.
const COUNT = 0;
const MEAN = 1;
const SQUARES = 2;
const SUM = 3;
const MIN = 4;
const MAX = 5;

/**
 * Statistics of non-negative values: exact quantiles up to 50,000 unweighted values, a histogram (0.4 %) beyond or as
 * soon as a weight other than 1 comes. Count, sum, mean, variance, minimum and maximum are exact always.
 */
export class Summary {
  private readonly totals = Float64Array.of(0, 0, 0, 0, Infinity, -Infinity);
  private values: Float64Array = new Float64Array(64);
  private kept = 0;
  private sorted = false;
  private histogram: Histogram | undefined = undefined;

  /** Sum of the weights. */
  get count(): number {
    return this.totals[COUNT]!;
  }

  /** Sum of weight times value. */
  get sum(): number {
    return this.totals[SUM]!;
  }

  /** Smallest value, Infinity when empty. */
  get min(): number {
    return this.totals[MIN]!;
  }

  /** Largest value, -Infinity when empty. */
  get max(): number {
    return this.totals[MAX]!;
  }

  /** Undefined when empty. */
  get mean(): number | undefined {
    return this.count > 0 ? this.sum / this.count : undefined;
  }

  /** Variance of the sample (divided by count - 1), undefined below a count of 2. */
  get variance(): number | undefined {
    return this.count >= 2 ? this.totals[SQUARES]! / (this.count - 1) : undefined;
  }

  /** True while quantiles are exact. */
  get exact(): boolean {
    return this.histogram === undefined;
  }

  /** Counts a value >= 0 with a weight > 0. Throws RangeError for a negative, infinite or NaN value. */
  record(value: number, weight = 1): void {
    if (!(value >= 0 && value < Infinity)) throw new RangeError(`value ${value} is not a finite number >= 0`);
    if (this.histogram === undefined && (weight !== 1 || this.kept === EXACT_VALUES)) this.pour();
    if (this.histogram !== undefined) this.histogram.record(value, weight);
    else this.keep(value);
    this.total(value, weight);
  }

  /** Adds everything that the other summary has counted. */
  merge(other: Summary): void {
    if (other.count === 0) return;
    if (this.histogram === undefined && (!other.exact || this.kept + other.kept > EXACT_VALUES)) this.pour();
    const kept = other.kept;
    for (let index = 0; index < kept; index++) {
      if (this.histogram !== undefined) this.histogram.record(other.values[index]!);
      else this.keep(other.values[index]!);
    }
    if (other.histogram !== undefined) this.histogram!.merge(other.histogram);
    this.mergeTotals(other);
  }

  /** The smallest value that at least the share q (0..1) of the weight does not exceed; undefined when empty. */
  quantile(q: number): number | undefined {
    if (this.histogram !== undefined) return this.histogram.quantile(q);
    if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is outside 0..1`);
    if (this.kept === 0) return undefined;
    if (!this.sorted) this.values.subarray(0, this.kept).sort();
    this.sorted = true;
    return this.values[Math.max(0, Math.ceil(q * this.kept) - 1)]!;
  }

  private keep(value: number): void {
    if (this.kept === this.values.length) {
      const wider = new Float64Array(Math.min(this.kept * 2, EXACT_VALUES));
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.kept++] = value;
    this.sorted = false;
  }

  /** From here on a histogram. */
  private pour(): void {
    const histogram = new Histogram();
    for (let index = 0; index < this.kept; index++) histogram.record(this.values[index]!);
    this.histogram = histogram;
    this.values = new Float64Array(0);
    this.kept = 0;
  }

  /** Source: D. H. D. West, "Updating mean and variance estimates: an improved method", CACM 22 (1979), weighted form. */
  private total(value: number, weight: number): void {
    const totals = this.totals;
    const count = totals[COUNT]! + weight;
    const away = value - totals[MEAN]!;
    const mean = totals[MEAN]! + (away * weight) / count;
    totals[COUNT] = count;
    totals[MEAN] = mean;
    totals[SQUARES] = totals[SQUARES]! + weight * away * (value - mean);
    totals[SUM] = totals[SUM]! + value * weight;
    if (value < totals[MIN]!) totals[MIN] = value;
    if (value > totals[MAX]!) totals[MAX] = value;
  }

  /** Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance" (1983), pairwise form. */
  private mergeTotals(other: Summary): void {
    const totals = this.totals;
    const theirs = other.totals;
    const count = totals[COUNT]! + theirs[COUNT]!;
    const apart = theirs[MEAN]! - totals[MEAN]!;
    totals[SQUARES] = totals[SQUARES]! + theirs[SQUARES]! + (apart * apart * totals[COUNT]! * theirs[COUNT]!) / count;
    totals[MEAN] = totals[MEAN]! + (apart * theirs[COUNT]!) / count;
    totals[COUNT] = count;
    totals[SUM] = totals[SUM]! + theirs[SUM]!;
    totals[MIN] = Math.min(totals[MIN]!, theirs[MIN]!);
    totals[MAX] = Math.max(totals[MAX]!, theirs[MAX]!);
  }
}
