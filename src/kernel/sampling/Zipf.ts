import type { Sampler, UnitSource } from "../Randomness.ts";
import { AliasTable } from "./AliasTable.ts";
import { requireNotNegative } from "./Parameter.ts";

/** Up to this many ranks a table is used (12 bytes per rank), and sums are taken term by term. */
const TABLE_RANKS = 65_536;
const LARGEST_N = 2 ** 31 - 1;

/** Ranks 1..n with probability proportional to rank^-s, s >= 0; one draw up to 65,536 ranks, rejection above. */
export const zipf = (n: number, s: number): Sampler => {
  if (!(Number.isInteger(n) && n >= 1 && n <= LARGEST_N)) throw new RangeError(`zipf: n ${n} is not an integer in 1..2^31`);
  requireNotNegative("zipf: s", s);
  return n <= TABLE_RANKS ? new TableZipf(n, s) : new InvertedZipf(n, s);
};

class TableZipf implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly table: AliasTable;

  constructor(n: number, s: number) {
    const moments = momentsOf(n, s);
    this.mean = moments.mean;
    this.variance = moments.variance;
    this.table = new AliasTable(Float64Array.from({ length: n }, (_, index) => Math.pow(index + 1, -s)));
  }

  sample(source: UnitSource): number {
    return 1 + this.table.pick(source.unit());
  }
}

/**
 * Rejection-inversion for many ranks, without a table.
 *
 * Source: W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions",
 * ACM TOMACS 6 (1996), with the numerically stable integrals of Apache Commons RNG.
 */
class InvertedZipf implements Sampler {
  declare readonly mean: number;
  declare readonly variance: number;
  declare private readonly n: number;
  declare private readonly s: number;
  declare private readonly integralAtOne: number;
  declare private readonly integralAtN: number;
  declare private readonly shortcut: number;

  constructor(n: number, s: number) {
    const moments = momentsOf(n, s);
    this.mean = moments.mean;
    this.variance = moments.variance;
    this.n = n;
    this.s = s;
    this.integralAtOne = this.integral(1.5) - 1;
    this.integralAtN = this.integral(n + 0.5);
    this.shortcut = 2 - this.inverse(this.integral(2.5) - Math.pow(2, -s));
  }

  sample(source: UnitSource): number {
    for (;;) {
      const area = this.integralAtN + source.unit() * (this.integralAtOne - this.integralAtN);
      const x = this.inverse(area);
      const rank = Math.min(Math.max(Math.floor(x + 0.5), 1), this.n);
      if (rank - x <= this.shortcut || area >= this.integral(rank + 0.5) - Math.pow(rank, -this.s)) return rank;
    }
  }

  /** Integral of x^-s from 1 to x. */
  private integral(x: number): number {
    const log = Math.log(x);
    const t = (1 - this.s) * log;
    return log * (Math.abs(t) > 1e-8 ? Math.expm1(t) / t : 1 + t / 2);
  }

  private inverse(area: number): number {
    const t = Math.max(area * (1 - this.s), -1);
    return Math.exp(area * (Math.abs(t) > 1e-8 ? Math.log1p(t) / t : 1 - t / 2));
  }
}

const momentsOf = (n: number, s: number): { mean: number; variance: number } => {
  const total = powerSum(n, -s);
  const mean = powerSum(n, 1 - s) / total;
  return { mean, variance: Math.max(0, powerSum(n, 2 - s) / total - mean * mean) };
};

/** Sum of k^exponent over 1..n: term by term, then by the Euler-Maclaurin formula. */
const powerSum = (n: number, exponent: number): number => {
  const terms = Math.min(n, TABLE_RANKS);
  let sum = 0;
  for (let rank = terms; rank >= 1; rank--) sum += Math.pow(rank, exponent);
  return n === terms ? sum : sum + tailSum(terms, n, exponent);
};

const tailSum = (from: number, to: number, exponent: number): number => {
  const log = Math.log(to / from);
  const t = (exponent + 1) * log;
  const integral = Math.pow(from, exponent + 1) * log * (Math.abs(t) > 1e-8 ? Math.expm1(t) / t : 1 + t / 2);
  const ends = (Math.pow(to, exponent) - Math.pow(from, exponent)) / 2;
  const slopes = (exponent * (Math.pow(to, exponent - 1) - Math.pow(from, exponent - 1))) / 12;
  return integral + ends + slopes;
};
