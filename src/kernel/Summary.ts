import { Histogram } from "./Histogram.ts";
import { select } from "./select.ts";

/** So many values are kept one by one: 400 KB. */
export const EXACT_VALUES = 50_000;

/** So many wait beside a histogram. */
const WAITING_VALUES = 1024;

/**
 * Statistics of non-negative values: exact quantiles up to 50,000 unweighted values, a histogram (0.4 %) beyond or as
 * soon as a weight other than 1 comes. Count, sum, mean, minimum and maximum are exact always.
 */
export class Summary {
  /** The sum of all values but those from `summed` on. */
  private readonly total = Float64Array.of(0);
  /** All values; beside a histogram those that it has still to count, since many at once cost less than each by itself. */
  private values: Float64Array = new Float64Array(64);
  private kept = 0;
  /** Length of `values`. */
  private room = 64;
  private summed = 0;
  private histogram: Histogram | undefined = undefined;

  /** Sum of the weights. */
  get count(): number {
    return this.kept + (this.histogram?.count ?? 0);
  }

  /** Sum of weight times value. */
  get sum(): number {
    this.addUp();
    return this.total[0]!;
  }

  /** Smallest value, Infinity when empty. O(1) or, while quantiles are exact, O(count). */
  get min(): number {
    this.flush();
    return this.histogram === undefined
      ? this.values.subarray(0, this.kept).reduce((a, b) => Math.min(a, b), Infinity)
      : this.histogram.min;
  }

  /** Largest value, -Infinity when empty. O(1) or, while quantiles are exact, O(count). */
  get max(): number {
    this.flush();
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
    if (weight !== 1) return this.recordWeighted(value, weight);
    if (this.kept === this.room) this.makeRoom();
    this.values[this.kept++] = value;
  }

  /** Adds everything that the other summary has counted. */
  merge(other: Summary): void {
    if (other.count === 0) return;
    if (this.histogram === undefined && (!other.exact || this.kept + other.kept > EXACT_VALUES)) this.pour();
    const sum = this.sum + other.sum;
    other.flush();
    this.flush();
    if (other.histogram !== undefined) this.histogram!.merge(other.histogram);
    for (let index = 0; index < other.kept; index++) this.record(other.values[index]!);
    this.flush();
    this.summed = this.kept;
    this.total[0] = sum;
  }

  /** The smallest value that at least the share q (0..1) of the weight does not exceed; undefined when empty. */
  quantile(q: number): number | undefined {
    this.flush();
    if (this.histogram !== undefined) return this.histogram.quantile(q);
    if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is outside 0..1`);
    if (this.kept === 0) return undefined;
    this.addUp();
    return select(this.values, this.kept, Math.max(0, Math.ceil(q * this.kept) - 1));
  }

  private recordWeighted(value: number, weight: number): void {
    if (this.histogram === undefined) this.pour();
    this.flush();
    this.histogram!.record(value, weight);
    this.total[0] = this.total[0]! + value * weight;
  }

  private makeRoom(): void {
    if (this.histogram !== undefined) return this.flush();
    if (this.kept === EXACT_VALUES) return this.pour();
    this.room = Math.min(this.kept * 2, EXACT_VALUES);
    const wider = new Float64Array(this.room);
    wider.set(this.values);
    this.values = wider;
  }

  /** From here on a histogram. */
  private pour(): void {
    this.histogram = new Histogram();
    this.flush();
    this.room = WAITING_VALUES;
    this.values = new Float64Array(WAITING_VALUES);
  }

  /** Hands the waiting values to the histogram, if there is one. */
  private flush(): void {
    if (this.histogram === undefined) return;
    this.addUp();
    this.histogram.recordAll(this.values, this.kept);
    this.kept = 0;
    this.summed = 0;
  }

  /** Adds the values to the sum, in their order. */
  private addUp(): void {
    let total = this.total[0]!;
    for (; this.summed < this.kept; this.summed++) total += this.values[this.summed]!;
    this.total[0] = total;
  }
}
