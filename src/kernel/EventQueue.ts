import { insertSorted, riseInHeap, sinkInHeap, sortedToHeap } from "./EventOrder.ts";

/**
 * ticket = generation + slot / 2^26, exact in a double for generations below 2^27. Generations start at 1, so that no
 * ticket is 0. The slot stands behind the point because V8 adds whole numbers above 2^31 with slow conversions to integers.
 */
const SLOT_SPAN = 2 ** 26;
const SLOT_SHARE = 2 ** -26;
const LAST_GENERATION = 2 ** 27 - 1;

// Layout of one record of the slot table: 16 bytes, so one cache line holds what one event needs.
const ACTOR = 0;
const OP = 1;
const REF = 2;
const GENERATION = 3;
const STRIDE_BITS = 2;

/** Actor of a revoked entry. */
const REVOKED = -1;
/** Below this many revoked entries a compaction is not worth it. */
const COMPACT_FROM = 64;
/** A sorted array beats the heap up to about this many entries ... */
const SORTED_AT_MOST = 32;
/** ... and is taken up again from here on downwards, so that the order does not change to and fro. */
const SORTED_AGAIN_AT = 8;

/**
 * Posted events by (time, key) in parallel typed arrays, with revocation by ticket: a sorted array while few are pending,
 * a binary heap beyond.
 *
 * In the heap a revoked entry stays until it surfaces or until more than half of the entries are revoked, then all go at
 * once: it never holds more than twice the live entries (plus a constant). The first entry is never a revoked one.
 * Doubles travel through arrays and fields, not arguments: stage(), then commit(). A double given to a function that is
 * not inlined is boxed on the JavaScript heap.
 */
export class EventQueue {
  /** Time of the first event, Infinity when there is none. */
  firstMs = Infinity;
  /** Entries, revoked ones included. */
  size = 0;
  private sorted = true;
  private revoked = 0;
  private timesMs: Float64Array = new Float64Array(64);
  private slots: Int32Array = Int32Array.from({ length: 64 }, (_, slot) => slot);
  private keys: Float64Array = new Float64Array(64);
  private records: Int32Array = newRecords(64);

  /** Entries that are not revoked. */
  get live(): number {
    return this.size - this.revoked;
  }

  /** Phase and sequence of the first entry; there must be one. */
  topKey(): number {
    return this.keys[this.slots[this.sorted ? this.size - 1 : 0]!]!;
  }

  /** Writes time and key behind the last entry; commit() makes them an entry. */
  stage(atMs: number, key: number): void {
    const size = this.size;
    if (size === this.slots.length) this.grow();
    this.timesMs[size] = atMs;
    this.keys[this.slots[size]!] = key;
  }

  /** Enters the staged event and returns its slot. */
  commit(actor: number, op: number, ref: number): number {
    const last = this.size++;
    const slot = this.slots[last]!;
    const base = slot << STRIDE_BITS;
    const records = this.records;
    // "| 0" spares the general conversion from a number of unknown kind.
    records[base + ACTOR] = actor | 0;
    records[base + OP] = op | 0;
    records[base + REF] = ref | 0;
    if (this.sorted && last < SORTED_AT_MOST) {
      insertSorted(this.timesMs, this.slots, this.keys, last);
      this.firstMs = this.timesMs[last]!;
    } else this.enterHeap(last);
    return slot;
  }

  /** The ticket of a pending slot. */
  ticket(slot: number): number {
    return this.records[(slot << STRIDE_BITS) + GENERATION]! + slot * SLOT_SHARE;
  }

  /** Takes the first entry out and returns its slot. actorOf, opOf and refOf read it until the next commit. */
  pop(): number {
    if (!this.sorted) return this.popHeap();
    const last = --this.size;
    const slot = this.slots[last]!;
    this.retire(slot);
    this.firstMs = last === 0 ? Infinity : this.timesMs[last - 1]!;
    return slot;
  }

  actorOf(slot: number): number {
    return this.records[slot << STRIDE_BITS]!;
  }

  opOf(slot: number): number {
    return this.records[(slot << STRIDE_BITS) + OP]!;
  }

  refOf(slot: number): number {
    return this.records[(slot << STRIDE_BITS) + REF]!;
  }

  /** Revokes a pending entry; false when the ticket is not pending (any more). Amortized O(1), plus O(log n) at the top. */
  revoke(ticket: number): boolean {
    const generation = ticket | 0;
    const slot = ((ticket - generation) * SLOT_SPAN) | 0;
    if (this.records[(slot << STRIDE_BITS) + GENERATION] !== generation) return false;
    this.retire(slot);
    if (this.sorted) this.removeSorted(slot);
    else this.revokeInHeap(slot);
    return true;
  }

  /** Makes all tickets of the slot stale. */
  private retire(slot: number): void {
    const at = (slot << STRIDE_BITS) + GENERATION;
    const generation = this.records[at]!;
    this.records[at] = generation === LAST_GENERATION ? 1 : generation + 1;
  }

  private removeSorted(slot: number): void {
    const last = --this.size;
    for (let index = this.slots.indexOf(slot); index < last; index++) {
      this.timesMs[index] = this.timesMs[index + 1]!;
      this.slots[index] = this.slots[index + 1]!;
    }
    this.slots[last] = slot;
    this.firstMs = last === 0 ? Infinity : this.timesMs[last - 1]!;
  }

  private enterHeap(last: number): void {
    if (this.sorted) {
      sortedToHeap(this.timesMs, this.slots, last);
      this.sorted = false;
    }
    riseInHeap(this.timesMs, this.slots, this.keys, last);
    this.firstMs = this.timesMs[0]!;
  }

  private popHeap(): number {
    const slot = this.slots[0]!;
    this.retire(slot);
    this.removeTop();
    if (this.revoked !== 0) this.dropRevokedTop();
    if (this.size <= SORTED_AGAIN_AT) this.sortAgain();
    else this.firstMs = this.timesMs[0]!;
    return slot;
  }

  private revokeInHeap(slot: number): void {
    this.records[slot << STRIDE_BITS] = REVOKED;
    this.revoked++;
    if (this.slots[0] === slot) this.dropRevokedTop();
    else if (this.revoked > COMPACT_FROM && this.revoked * 2 > this.size) this.compact();
    if (this.size <= SORTED_AGAIN_AT) this.sortAgain();
    else this.firstMs = this.timesMs[0]!;
  }

  /** Moves the top of the heap behind the last entry, where the free slots are. */
  private removeTop(): void {
    const top = this.slots[0]!;
    const last = --this.size;
    if (last > 0) sinkInHeap(this.timesMs, this.slots, this.keys, 0, last, last);
    this.slots[last] = top;
  }

  private dropRevokedTop(): void {
    while (this.size > 0 && this.isRevoked(this.slots[0]!)) {
      this.removeTop();
      this.revoked--;
    }
  }

  private isRevoked(slot: number): boolean {
    return this.records[slot << STRIDE_BITS] === REVOKED;
  }

  /** Drops all revoked entries and builds the heap anew, in O(n). */
  private compact(): void {
    this.dropRevoked();
    const size = this.size;
    for (let node = (size >> 1) - 1; node >= 0; node--) {
      sinkInHeap(this.timesMs, this.slots, this.keys, node, node, size);
    }
  }

  private sortAgain(): void {
    this.dropRevoked();
    for (let last = 1; last < this.size; last++) insertSorted(this.timesMs, this.slots, this.keys, last);
    this.sorted = true;
    this.firstMs = this.size === 0 ? Infinity : this.timesMs[this.size - 1]!;
  }

  /** Moves the live entries to the front, in no order. */
  private dropRevoked(): void {
    let kept = 0;
    for (let index = 0; index < this.size; index++) {
      const slot = this.slots[index]!;
      if (this.isRevoked(slot)) continue;
      this.slots[index] = this.slots[kept]!;
      this.slots[kept] = slot;
      this.timesMs[kept] = this.timesMs[index]!;
      kept++;
    }
    this.size = kept;
    this.revoked = 0;
  }

  private grow(): void {
    const before = this.slots.length;
    const capacity = before * 2;
    if (capacity > SLOT_SPAN) throw new RangeError(`more than ${before} events are pending`);
    const timesMs = new Float64Array(capacity);
    timesMs.set(this.timesMs);
    this.timesMs = timesMs;
    const keys = new Float64Array(capacity);
    keys.set(this.keys);
    this.keys = keys;
    const slots = new Int32Array(capacity);
    slots.set(this.slots);
    for (let slot = before; slot < capacity; slot++) slots[slot] = slot;
    this.slots = slots;
    const records = newRecords(capacity);
    records.set(this.records);
    this.records = records;
  }
}

const newRecords = (capacity: number): Int32Array => {
  const records = new Int32Array(capacity << STRIDE_BITS);
  for (let slot = 0; slot < capacity; slot++) records[(slot << STRIDE_BITS) + GENERATION] = 1;
  return records;
};
