import { InvariantBroken } from "./Invariants.ts";

/** One field of all slots. `at` is replaced when the pool grows: do not hold the array over a take(). */
export interface Column<T> {
  at: T;
}

// Two classes, not one: each keeps one type of array in `at`, so reads need no check of the kind.
class Float64Column implements Column<Float64Array> {
  declare at: Float64Array;

  constructor(capacity: number) {
    this.at = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    const wider = new Float64Array(capacity);
    wider.set(this.at);
    this.at = wider;
  }
}

class Int32Column implements Column<Int32Array> {
  declare at: Int32Array;

  constructor(capacity: number) {
    this.at = new Int32Array(capacity);
  }

  grow(capacity: number): void {
    const wider = new Int32Array(capacity);
    wider.set(this.at);
    this.at = wider;
  }
}

const TAKEN = -2;
const END = -1;
const LARGEST_CAPACITY = 2 ** 30;

/**
 * Recycled integer slots with generations, and columns that grow together: a structure of arrays.
 *
 * A handle is (slot, generation): whoever remembers a slot remembers its generation too and ignores the slot when the
 * generation has moved on. A column of a fresh slot holds whatever the last holder left: write every field after take().
 */
export class SlotPool {
  live = 0;
  declare capacity: number;
  /** Next free slot of a free slot, TAKEN for a live one. */
  declare private links: Int32Array;
  declare private generations: Int32Array;
  private firstFree = END;
  private readonly columns: Array<Float64Column | Int32Column> = [];

  /** The capacity is rounded up to a power of two and doubles when exhausted. */
  constructor(initialCapacity = 16) {
    if (!(initialCapacity >= 1 && initialCapacity <= LARGEST_CAPACITY)) {
      throw new RangeError(`capacity ${initialCapacity} is outside 1..${LARGEST_CAPACITY}`);
    }
    this.capacity = 2 ** Math.ceil(Math.log2(initialCapacity));
    this.links = new Int32Array(this.capacity);
    this.generations = new Int32Array(this.capacity);
    this.chain(0);
  }

  /** A free slot, the most recently given one first. */
  take(): number {
    if (this.firstFree === END) this.grow();
    const slot = this.firstFree;
    this.firstFree = this.links[slot]!;
    this.links[slot] = TAKEN;
    this.live++;
    return slot;
  }

  /** Returns the slot and moves its generation on. Throws InvariantBroken(7) for a slot that is not taken. */
  give(slot: number): void {
    if (this.links[slot] !== TAKEN) throw new InvariantBroken(7, NaN, `slot ${slot} is not taken`);
    this.links[slot] = this.firstFree;
    this.firstFree = slot;
    this.generations[slot] = (this.generations[slot]! + 1) & 0x7fffffff;
    this.live--;
  }

  /** Whether the slot is taken. */
  isLive(slot: number): boolean {
    return this.links[slot] === TAKEN;
  }

  /** How often the slot was given back, modulo 2^31. */
  generation(slot: number): number {
    return this.generations[slot]!;
  }

  /** A new column of doubles, all 0. */
  float64(): Column<Float64Array> {
    const column = new Float64Column(this.capacity);
    this.columns.push(column);
    return column;
  }

  /** A new column of 32-bit integers, all 0. */
  int32(): Column<Int32Array> {
    const column = new Int32Column(this.capacity);
    this.columns.push(column);
    return column;
  }

  private grow(): void {
    const before = this.capacity;
    if (before >= LARGEST_CAPACITY) throw new RangeError(`more than ${LARGEST_CAPACITY} slots are live`);
    this.capacity = before * 2;
    const links = new Int32Array(this.capacity);
    links.set(this.links);
    this.links = links;
    const generations = new Int32Array(this.capacity);
    generations.set(this.generations);
    this.generations = generations;
    for (const column of this.columns) column.grow(this.capacity);
    this.chain(before);
  }

  /** Chains the slots from `from` on into the empty free list, lowest first. */
  private chain(from: number): void {
    for (let slot = from; slot < this.capacity; slot++) this.links[slot] = slot + 1;
    this.links[this.capacity - 1] = END;
    this.firstFree = from;
  }
}
