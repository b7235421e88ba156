import { InvariantBroken } from "./Invariants.ts";

/** Slots are multiples of 2^SLOT_BITS: `slot >> SLOT_BITS` counts them one by one. */
export const SLOT_BITS = 4;
/** A copy of its own is folded into the code; what a module exports is read from memory each time. */
const BITS = SLOT_BITS;
/** Fields of one kind that lie together. */
const RECORD = 1 << BITS;

/** One field of all slots. `at` is replaced when the pool grows: do not hold the array over a take(). */
export interface Column<T> {
  readonly at: T;
}

// Two classes, not one: each keeps one type of array in `at`, so reads need no check of the kind.
class Float64Column implements Column<Float64Array> {
  declare at: Float64Array;

  constructor(records: Float64Array, field: number) {
    this.at = records.subarray(field);
  }
}

class Int32Column implements Column<Int32Array> {
  declare at: Int32Array;

  constructor(records: Int32Array, field: number) {
    this.at = records.subarray(field);
  }
}

/** What is no number, for each slot; nothing where nothing was set. It outlives the slot's return. */
export class ObjectColumn<T> {
  private readonly values: Array<T | undefined> = [];

  get(slot: number): T | undefined {
    return this.values[slot >> BITS];
  }

  set(slot: number, value: T | undefined): void {
    this.values[slot >> BITS] = value;
  }
}

const TAKEN = -2;
const END = -1;
const LARGEST_CAPACITY = 2 ** 26;

/**
 * Recycled slots, and fields that grow together: records of 16 integers and of 16 doubles for each slot.
 *
 * Slots are multiples of 16. So the first 16 fields of a kind, counted in the order of their columns, are `ints[slot | field]` and
 * `doubles[slot | field]`: code that needs many of them at once loads one array, and they lie in neighboring cache lines.
 *
 * A field of a fresh slot holds whatever the last holder left: write every field after take().
 */
export class SlotPool {
  live = 0;
  /** Slots, free ones included. */
  declare capacity: number;
  /** The first 16 fields of each kind. Replaced when the pool grows. */
  declare ints: Int32Array;
  declare doubles: Float64Array;
  /** Next free slot of a free slot, TAKEN for a live one, both counted one by one. */
  private readonly links: Array<number> = [];
  private firstFree = END;
  private readonly intColumns: Array<Int32Column> = [];
  private readonly doubleColumns: Array<Float64Column> = [];

  /** The capacity is rounded up to a power of two and doubles when exhausted. */
  constructor(initialCapacity = 16) {
    if (!(initialCapacity >= 1 && initialCapacity <= LARGEST_CAPACITY)) {
      throw new RangeError(`capacity ${initialCapacity} is outside 1..${LARGEST_CAPACITY}`);
    }
    this.capacity = 1 << Math.ceil(Math.log2(initialCapacity)); // By a shift: a power would be kept as a double, and free slots after it.
    this.ints = new Int32Array(this.capacity * RECORD);
    this.doubles = new Float64Array(this.capacity * RECORD);
    this.chain(0);
  }

  /** A free slot, the most recently given one first. */
  take(): number {
    if (this.firstFree === END) this.grow();
    const ordinal = this.firstFree;
    this.firstFree = this.links[ordinal]!;
    this.links[ordinal] = TAKEN;
    this.live++;
    return ordinal << BITS;
  }

  /** Returns the slot. Throws InvariantBroken(7) for a slot that is not taken. */
  give(slot: number): void {
    const ordinal = slot >> BITS;
    if (this.links[ordinal] !== TAKEN) throw new InvariantBroken(7, NaN, `slot ${slot} is not taken`);
    this.links[ordinal] = this.firstFree;
    this.firstFree = ordinal;
    this.live--;
  }

  /** Whether the slot is taken. */
  isLive(slot: number): boolean {
    return this.links[slot >> BITS] === TAKEN;
  }

  /** All slots that are taken, in their order. */
  *liveSlots(): IterableIterator<number> {
    for (let ordinal = 0; ordinal < this.capacity; ordinal++) if (this.links[ordinal] === TAKEN) yield ordinal << BITS;
  }

  /** A new field of doubles, all 0. */
  float64(): Column<Float64Array> {
    const { doubleColumns: columns, doubles, capacity } = this;
    const column = new Float64Column(...placeOf(columns, doubles, () => new Float64Array(capacity * RECORD)));
    columns.push(column);
    return column;
  }

  /** A new field of 32-bit integers, all 0. */
  int32(): Column<Int32Array> {
    const { intColumns: columns, ints, capacity } = this;
    const column = new Int32Column(...placeOf(columns, ints, () => new Int32Array(capacity * RECORD)));
    columns.push(column);
    return column;
  }

  private grow(): void {
    const before = this.capacity;
    if (before >= LARGEST_CAPACITY) throw new RangeError(`more than ${LARGEST_CAPACITY} slots are live`);
    this.capacity = before * 2;
    this.ints = widen(this.intColumns, this.ints, () => new Int32Array(this.capacity * RECORD));
    this.doubles = widen(this.doubleColumns, this.doubles, () => new Float64Array(this.capacity * RECORD));
    this.chain(before);
  }

  /** Chains the slots from number `from` on into the empty free list, lowest first. */
  private chain(from: number): void {
    for (let ordinal = from; ordinal < this.capacity; ordinal++) this.links.push(ordinal + 1);
    this.links[this.capacity - 1] = END;
    this.firstFree = from;
  }
}

type Records = Int32Array | Float64Array;

/** The records that the next column belongs to, and its place in them: the first ones, or further ones when those are full. */
const placeOf = <T extends Records>(columns: ReadonlyArray<Column<T>>, first: T, fresh: () => T): [T, number] => {
  const field = columns.length % RECORD;
  if (columns.length < RECORD) return [first, field];
  return [field === 0 ? fresh() : columns[columns.length - field]!.at, field];
};

/** Copies all records into longer ones; returns the first ones. */
const widen = <T extends Records>(columns: ReadonlyArray<{ at: T }>, first: T, longer: () => T): T => {
  const wider = longer();
  wider.set(first);
  let records = wider;
  columns.forEach((column, index) => {
    const field = index % RECORD;
    if (index > 0 && field === 0) {
      records = longer();
      records.set(column.at);
    }
    column.at = records.subarray(field) as T;
  });
  return wider;
};
