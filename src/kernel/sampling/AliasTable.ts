/**
 * Draws one of n weighted indices in O(1) from one uniform number.
 *
 * Source: M. D. Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE Trans. Softw.
 * Eng. 17 (1991).
 */
export class AliasTable {
  declare private readonly keep: Float64Array;
  declare private readonly alias: Int32Array;

  /** Weights >= 0 with a positive sum. */
  constructor(weights: ArrayLike<number>) {
    const size = weights.length;
    let total = 0;
    for (let index = 0; index < size; index++) total += weights[index]!;
    if (!(total > 0 && total < Infinity)) throw new RangeError(`weights sum to ${total}, not to a finite number > 0`);
    this.keep = Float64Array.from(weights, (weight) => (weight * size) / total);
    this.alias = Int32Array.from(this.keep, (_, index) => index);
    const small: Array<number> = [];
    const large: Array<number> = [];
    this.keep.forEach((share, index) => (share < 1 ? small : large).push(index));
    while (small.length > 0 && large.length > 0) {
      const poor = small.pop()!;
      const rich = large[large.length - 1]!;
      this.alias[poor] = rich;
      this.keep[rich] = this.keep[rich]! - (1 - this.keep[poor]!);
      if (this.keep[rich]! < 1) small.push(large.pop()!);
    }
    // What is left differs from 1 by rounding only.
    for (const index of small) this.keep[index] = 1;
    for (const index of large) this.keep[index] = 1;
  }

  /** The index that belongs to a uniform number in (0, 1). */
  pick(unit: number): number {
    const position = unit * this.keep.length;
    const index = position | 0;
    return position - index < this.keep[index]! ? index : this.alias[index]!;
  }
}
