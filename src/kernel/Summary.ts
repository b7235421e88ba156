import { Histogram } from "./Histogram.ts";
import { select } from "./select.ts";

/** So many values are kept one by one: 400 KB. */
export const EXACT_VALUES = 50_000;

/**
 * Statistics of non-negative values: exact quantiles up to 50,000 unweighted values, a histogram (0.4 %) beyond or as
 * soon as a weight other than 1 comes. Count, sum, mean, minimum and maximum are exact always.
 */
export class Summary {
  private readonly total = Float64Array.of(0);
  private values: Float64Array = new Float64Array(64);
  private kept = 0;
  private histogram: Histogram | undefined = undefined;

  /** Sum of the weights. */
  get count(): number {
    return this.histogram === undefined ? this.kept : this.histogram.count;
  }

  /** Sum of weight times value. */
  get sum(): number {
    return this.total[0]!;
  }

  /** Smallest value, Infinity when empty. O(1) or, while quantiles are exact, O(count). */
  get min(): number {
    return this.histogram === undefined
      ? this.values.subarray(0, this.kept).reduce((a, b) => Math.min(a, b), Infinity)
      : this.histogram.min;
  }

  /** Largest value, -Infinity when empty. O(1) or, while quantiles are exact, O(count). */
  get max(): number {
    return this.histogram === undefined
      ? this.values.subarray(0, this.kept).reduce((a, b) => Math.max(a, b), -Infinity)
      : this.histogram.max;
  }

  /** Undefined when empty. */
  get mean(): number | undefined {
    return this.count > 0 ? this.sum / this.count : undefined;
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
    this.total[0] = this.total[0]! + value * weight;
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
    this.total[0] = this.total[0]! + other.total[0]!;
  }

  /** The smallest value that at least the share q (0..1) of the weight does not exceed; undefined when empty. */
  quantile(q: number): number | undefined {
    if (this.histogram !== undefined) return this.histogram.quantile(q);
    if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is outside 0..1`);
    if (this.kept === 0) return undefined;
    return select(this.values, this.kept, Math.max(0, Math.ceil(q * this.kept) - 1));
  }

  private keep(value: number): void {
    if (this.kept === this.values.length) {
      const wider = new Float64Array(Math.min(this.kept * 2, EXACT_VALUES));
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.kept++] = value;
  }

  /** From here on a histogram. */
  private pour(): void {
    const histogram = new Histogram();
    for (let index = 0; index < this.kept; index++) histogram.record(this.values[index]!);
    this.histogram = histogram;
    this.values = new Float64Array(0);
    this.kept = 0;
  }
}
