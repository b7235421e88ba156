/** Buckets per octave: a bucket is 1/128 of its lower edge wide or less, its middle at most 1/256 = 0.39 % away. */
const BUCKETS_PER_OCTAVE = 128;
/** The high word of a double holds 20 bits of the mantissa; its upper 7 choose the bucket within the octave. */
const SHIFT = 13;
/** Buckets of the smallest normal double and above; all below counts as zero. */
const FIRST_INDEX = BUCKETS_PER_OCTAVE;
/** Octaves of a fresh histogram: 2^-7 up to 2^17, that is 8 microseconds to 2 minutes for values in ms. */
const INITIAL_OCTAVES = 24;
const INITIAL_BASE = (1023 - 7) * BUCKETS_PER_OCTAVE;

/** So many progressions wait to be counted at once, which costs less than each by itself. */
const WAITING_PROGRESSIONS = 256;
const NONE_WAITING = new Float64Array(0);

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
scratch[0] = 1;
/** The word that holds sign and exponent, by the byte order of the machine. */
const HIGH = scratchWords[1] === 0 ? 0 : 1;

/** x + y by way of a fraction: V8 adds whole numbers above 2^31, once it has seen them, with slow conversions to integers. */
const plus = (x: number, y: number): number => x - 0.5 + y + 0.5;

const bucketOf = (value: number): number => {
  scratch[0] = value;
  return scratchWords[HIGH]! >>> SHIFT;
};

const lowerEdge = (index: number): number => {
  scratchWords[HIGH] = index << SHIFT;
  scratchWords[1 - HIGH] = 0;
  return scratch[0]!;
};

// Places of the totals; in one typed array they never change their representation.
const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;
const ZEROS = 4;

/**
 * Counts of non-negative values in logarithmic buckets read off the bits of a double: quantiles within 0.4 %.
 *
 * Mergeable, weighted, about 25 KiB, wider where the values are; the cost of a record does not depend on the range.
 */
export class Histogram {
  private readonly totals = Float64Array.of(0, 0, Infinity, -Infinity, 0);
  /** Progressions that are still to be counted: first value, gap, count and weight of each. */
  private waiting: Float64Array = NONE_WAITING;
  private waited = 0;
  private waitingRoom = 0;
  private base = INITIAL_BASE;
  private buckets: Float64Array = new Float64Array(INITIAL_OCTAVES * BUCKETS_PER_OCTAVE);
  /** Number of buckets. V8 takes long to tell the length of a typed array once any one was detached. */
  private size = INITIAL_OCTAVES * BUCKETS_PER_OCTAVE;

  /** Sum of the weights. */
  get count(): number {
    this.flush();
    return this.totals[COUNT]!;
  }

  /** Sum of weight times value. */
  get sum(): number {
    this.flush();
    return this.totals[SUM]!;
  }

  /** Smallest value, Infinity when empty. */
  get min(): number {
    this.flush();
    return this.totals[MIN]!;
  }

  /** Largest value, -Infinity when empty. */
  get max(): number {
    this.flush();
    return this.totals[MAX]!;
  }

  /** Exact mean, undefined when empty. */
  get mean(): number | undefined {
    return this.count > 0 ? this.sum / this.count : undefined;
  }

  /** Counts a value >= 0 with a weight > 0. Throws RangeError for a negative, infinite or NaN value. */
  record(value: number, weight = 1): void {
    this.flush();
    const totals = this.totals;
    this.add(this.place(value), weight);
    totals[COUNT] = plus(totals[COUNT]!, weight);
    totals[SUM] = totals[SUM]! + value * weight;
    if (value < totals[MIN]!) totals[MIN] = value;
    if (value > totals[MAX]!) totals[MAX] = value;
  }

  /** Counts the first `count` values, each with weight 1: the same as one by one. Throws RangeError as `record` does. */
  recordAll(values: Float64Array, count: number): void {
    for (let from = 0; from < count; from++) {
      from = this.recordInside(values, from, count);
      if (from < count) this.record(values[from]!);
    }
  }

  /** Counts values up to the first one that has no bucket yet, and returns its index. */
  private recordInside(values: Float64Array, from: number, count: number): number {
    this.flush();
    const { totals, base, buckets, size } = this;
    let sum = totals[SUM]!;
    let min = totals[MIN]!;
    let max = totals[MAX]!;
    let index = from;
    for (; index < count; index++) {
      const value = values[index]!;
      const place = bucketOf(value) - base;
      if (place < 0 || place >= size) break;
      buckets[place] = plus(buckets[place]!, 1);
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    totals[COUNT] = plus(totals[COUNT]!, index - from);
    totals[SUM] = sum;
    totals[MIN] = min;
    totals[MAX] = max;
    return index;
  }

  /**
   * Counts first, first + gap, ..., first + (count - 1) gap, each with the weight: the same counts as one by one, at a
   * cost per bucket instead of per value.
   */
  recordProgression(first: number, gap: number, count: number, weight: number): void {
    if (!(count > 0)) return;
    const last = first + gap * (count - 1);
    if (!(first >= 0 && last >= 0 && first < Infinity && last < Infinity))
      throw new RangeError(`values ${first} .. ${last} are not finite numbers >= 0`);
    if (this.waited === this.waitingRoom) this.makeRoom();
    const { waiting, waited } = this;
    waiting[waited] = first;
    waiting[waited + 1] = gap;
    waiting[waited + 2] = count;
    waiting[waited + 3] = weight;
    this.waited = waited + 4;
  }

  /** Adds all counts of the other histogram. */
  merge(other: Histogram): void {
    this.flush();
    if (other.count === 0) return;
    this.cover(other.base, other.base + other.buckets.length);
    const offset = other.base - this.base;
    for (let index = 0; index < other.buckets.length; index++) {
      this.buckets[offset + index] = this.buckets[offset + index]! + other.buckets[index]!;
    }
    for (const place of [COUNT, SUM, ZEROS]) this.totals[place] = this.totals[place]! + other.totals[place]!;
    this.totals[MIN] = Math.min(this.min, other.min);
    this.totals[MAX] = Math.max(this.max, other.max);
  }

  /**
   * The smallest value that at least the share q (0..1) of the weight does not exceed, within 0.4 %; undefined when
   * empty. q = 0 and q = 1 give the exact minimum and maximum.
   */
  quantile(q: number): number | undefined {
    if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is outside 0..1`);
    if (!(this.count > 0)) return undefined;
    if (q === 0) return this.min;
    const wanted = q * this.count;
    let seen = this.totals[ZEROS]!;
    if (seen >= wanted) return this.min;
    for (let index = 0; index < this.buckets.length; index++) {
      seen += this.buckets[index]!;
      if (seen >= wanted) return this.middle(this.base + index);
    }
    return this.max;
  }

  /** Calls back with (lower edge, upper edge, weight) for each bucket that is not empty, from low to high. */
  forEachBucket(visit: (lower: number, upper: number, weight: number) => void): void {
    this.flush();
    if (this.totals[ZEROS]! > 0) visit(0, 0, this.totals[ZEROS]!);
    for (let index = 0; index < this.buckets.length; index++) {
      const weight = this.buckets[index]!;
      if (weight > 0) visit(lowerEdge(this.base + index), lowerEdge(this.base + index + 1), weight);
    }
  }

  private makeRoom(): void {
    if (this.waitingRoom > 0) return this.flush();
    this.waitingRoom = 4 * WAITING_PROGRESSIONS;
    this.waiting = new Float64Array(this.waitingRoom);
  }

  /** Counts the waiting progressions. */
  private flush(): void {
    const end = this.waited;
    if (end === 0) return;
    this.waited = 0;
    const { waiting } = this;
    for (let at = 0; at < end; at += 4) {
      const first = waiting[at]!;
      const gap = waiting[at + 1]!;
      const count = waiting[at + 2]!;
      const weight = waiting[at + 3]!;
      if (gap < 0) this.spread(first + gap * (count - 1), -gap, count, weight);
      else this.spread(first, gap, count, weight);
    }
  }

  private add(place: number, weight: number): void {
    if (place < 0) this.totals[ZEROS] = plus(this.totals[ZEROS]!, weight);
    else this.buckets[place] = plus(this.buckets[place]!, weight);
  }

  private middle(index: number): number {
    const middle = (lowerEdge(index) + lowerEdge(index + 1)) / 2;
    return Math.min(Math.max(middle, this.min), this.max);
  }

  /** Index of the value's bucket in `buckets`, -1 for zero. */
  private place(value: number): number {
    if (value === 0) return -1;
    if (!(value >= 0 && value < Infinity)) throw new RangeError(`value ${value} is not a finite number >= 0`);
    const place = bucketOf(value) - this.base;
    return place >= 0 && place < this.size ? place : this.placeOutside(value);
  }

  private placeOutside(value: number): number {
    const index = bucketOf(value);
    if (index < FIRST_INDEX) return -1;
    this.cover(index, index + 1);
    return index - this.base;
  }

  /** Counts a progression that does not fall. */
  private spread(first: number, gap: number, count: number, weight: number): void {
    const { totals } = this;
    const last = first + gap * (count - 1);
    const bucket = bucketOf(first);
    const place = bucket - this.base;
    // Mostly all lie in one bucket: then there is no need to look for the next one.
    if (bucketOf(last) === bucket && place >= 0 && place < this.size) {
      this.buckets[place] = plus(this.buckets[place]!, weight * count);
    } else this.spreadOut(first, gap, count, weight);
    totals[COUNT] = plus(totals[COUNT]!, weight * count);
    totals[SUM] = totals[SUM]! + weight * (first * count + (gap * count * (count - 1)) / 2);
    if (first < totals[MIN]!) totals[MIN] = first;
    if (last > totals[MAX]!) totals[MAX] = last;
  }

  private spreadOut(first: number, gap: number, count: number, weight: number): void {
    for (let j = 0; j < count;) {
      const next = gap > 0 ? nextBucket(first, gap, count, j) : count;
      this.add(this.place(first + gap * j), weight * (next - j));
      j = next;
    }
  }

  /** Widens the buckets, by whole octaves, so that they hold the indices from..to-1. */
  private cover(from: number, to: number): void {
    const end = this.base + this.buckets.length;
    if (from >= this.base && to <= end) return;
    const base = from < this.base ? from - (from % BUCKETS_PER_OCTAVE) : this.base;
    const top = to > end ? Math.ceil(to / BUCKETS_PER_OCTAVE) * BUCKETS_PER_OCTAVE : end;
    const buckets = new Float64Array(top - base);
    buckets.set(this.buckets, this.base - base);
    this.base = base;
    this.buckets = buckets;
    this.size = top - base;
  }
}

/** The first j' > j, up to count, whose value first + gap j' lies in another bucket than that of j. */
const nextBucket = (first: number, gap: number, count: number, j: number): number => {
  const bucket = bucketOf(first + gap * j);
  const upper = lowerEdge(bucket + 1);
  let next = Math.ceil((upper - first) / gap);
  if (!(next > j)) next = j + 1;
  if (next > count) next = count;
  // The division rounds: the values themselves decide.
  while (next > j + 1 && first + gap * (next - 1) >= upper) next--;
  while (next < count && first + gap * next < upper) next++;
  return next;
};
