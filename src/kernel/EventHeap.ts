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

/**
 * Binary min-heap of posted events by (time, key), in parallel typed arrays, with revocation by ticket.
 *
 * A revoked entry stays until it surfaces or until more than half of the entries are revoked, then all go at once: the
 * heap never holds more than twice the live entries (plus a constant). The top is never a revoked entry.
 * Doubles travel through arrays, not arguments: stage(), then commit(). A double given to a function that is not inlined
 * is boxed on the JavaScript heap.
 */
export class EventHeap {
  /** Times in heap order; Infinity at 0 when empty. */
  declare timesMs: Float64Array;
  /** Phase and sequence by slot: the order at equal times, read only then. */
  declare private keys: Float64Array;
  /** Entries, revoked ones included. */
  size = 0;
  /** Slots in heap order; from `size` on the free ones. */
  declare private slots: Int32Array;
  declare private records: Int32Array;
  private revoked = 0;

  constructor(initialCapacity = 64) {
    this.timesMs = new Float64Array(initialCapacity).fill(Infinity);
    this.keys = new Float64Array(initialCapacity);
    this.slots = Int32Array.from({ length: initialCapacity }, (_, slot) => slot);
    this.records = newRecords(initialCapacity);
  }

  /** Entries that are not revoked. */
  get live(): number {
    return this.size - this.revoked;
  }

  /** Phase and sequence of the first entry; the heap must not be empty. */
  topKey(): number {
    return this.keys[this.slots[0]!]!;
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
    const slot = this.slots[this.size]!;
    const base = slot << STRIDE_BITS;
    const records = this.records;
    // "| 0" spares the general conversion from a number of unknown kind.
    records[base + ACTOR] = actor | 0;
    records[base + OP] = op | 0;
    records[base + REF] = ref | 0;
    this.rise(this.size++);
    return slot;
  }

  /** The ticket of a pending slot. */
  ticket(slot: number): number {
    return this.records[(slot << STRIDE_BITS) + GENERATION]! + slot * SLOT_SHARE;
  }

  /** Takes the first entry out and returns its slot. actorOf, opOf and refOf read it until the next commit. */
  pop(): number {
    const slot = this.slots[0]!;
    this.removeTop();
    this.retire(slot);
    if (this.revoked !== 0) this.dropRevokedTop();
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
    const base = slot << STRIDE_BITS;
    if (this.records[base + GENERATION] !== generation) return false;
    this.records[base + ACTOR] = REVOKED;
    this.retire(slot);
    this.revoked++;
    if (this.slots[0] === slot) this.dropRevokedTop();
    else if (this.revoked > COMPACT_FROM && this.revoked * 2 > this.size) this.compact();
    return true;
  }

  /** Makes all tickets of the slot stale. */
  private retire(slot: number): void {
    const at = (slot << STRIDE_BITS) + GENERATION;
    const generation = this.records[at]!;
    this.records[at] = generation === LAST_GENERATION ? 1 : generation + 1;
  }

  private dropRevokedTop(): void {
    while (this.size > 0 && this.records[this.slots[0]! << STRIDE_BITS] === REVOKED) {
      this.removeTop();
      this.revoked--;
    }
  }

  private rise(from: number): void {
    const times = this.timesMs;
    const keys = this.keys;
    const slots = this.slots;
    const ms = times[from]!;
    const slot = slots[from]!;
    const key = keys[slot]!;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentMs = times[parent]!;
      if (parentMs < ms || (parentMs === ms && keys[slots[parent]!]! < key)) break;
      times[hole] = parentMs;
      slots[hole] = slots[parent]!;
      hole = parent;
    }
    times[hole] = ms;
    slots[hole] = slot;
  }

  /** Moves the top behind the last entry, where the free slots are. */
  private removeTop(): void {
    const top = this.slots[0]!;
    const last = --this.size;
    if (last === 0) this.timesMs[0] = Infinity;
    else this.sink(0, last);
    this.slots[last] = top;
  }

  /** Puts the entry at `from` into the hole at `hole`, below which the heap holds `from` entries or less. */
  private sink(start: number, from: number): void {
    const times = this.timesMs;
    const keys = this.keys;
    const slots = this.slots;
    const size = this.size;
    const ms = times[from]!;
    const slot = slots[from]!;
    const key = keys[slot]!;
    let hole = start;
    let child = 2 * hole + 1;
    while (child < size) {
      const right = child + 1;
      let childMs = times[child]!;
      if (right < size) {
        const rightMs = times[right]!;
        if (
          rightMs < childMs ||
          (rightMs === childMs && keys[slots[right]!]! < keys[slots[child]!]!)
        ) {
          child = right;
          childMs = rightMs;
        }
      }
      if (ms < childMs || (ms === childMs && key < keys[slots[child]!]!)) break;
      times[hole] = childMs;
      slots[hole] = slots[child]!;
      hole = child;
      child = 2 * hole + 1;
    }
    times[hole] = ms;
    slots[hole] = slot;
  }

  /** Drops all revoked entries and builds the heap anew, in O(n). */
  private compact(): void {
    let kept = 0;
    for (let index = 0; index < this.size; index++) {
      const slot = this.slots[index]!;
      if (this.records[slot << STRIDE_BITS] === REVOKED) continue;
      this.slots[index] = this.slots[kept]!;
      this.slots[kept] = slot;
      this.timesMs[kept] = this.timesMs[index]!;
      kept++;
    }
    this.size = kept;
    this.revoked = 0;
    if (kept === 0) this.timesMs[0] = Infinity;
    for (let node = (kept >> 1) - 1; node >= 0; node--) this.sink(node, node);
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
