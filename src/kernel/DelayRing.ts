import type { Clock } from "./Timer.ts";
import type { WinnerTree } from "./WinnerTree.ts";

const STOPPED = -1;
const LARGEST_REF = 2 ** 30;

/**
 * Time-outs of one constant delay: a first-in first-out ring, sorted by itself, O(1) to start and to stop.
 *
 * One entry per ref (0..2^30) can be pending; refs are multiples of 2^refBits, as slots are. The head of the ring is never a stopped entry, so its time is
 * exact and a stopped entry causes no event.
 */
export class DelayRing {
  declare readonly delayMs: number;
  /** Pending entries. */
  live = 0;
  declare private readonly tree: WinnerTree;
  declare private readonly leaf: number;
  declare private readonly clock: Clock;
  private dueMs = new Float64Array(16);
  private refs = new Int32Array(16);
  declare private readonly refBits: number;
  /** Position in the ring of each ref's pending entry, plus 1; 0 for none. */
  private places = new Int32Array(64);
  private head = 0;
  /** Entries from the head on, stopped ones included. */
  private length = 0;

  /** `delayMs` lies on the grid. Throws RangeError unless it is a finite time >= 0. */
  constructor(tree: WinnerTree, leaf: number, clock: Clock, delayMs: number, refBits: number) {
    if (!(delayMs >= 0 && delayMs < Infinity)) {
      throw new RangeError(`delay ${delayMs} ms is not a finite time >= 0`);
    }
    this.delayMs = delayMs;
    this.refBits = refBits;
    this.tree = tree;
    this.leaf = leaf;
    this.clock = clock;
  }

  /** Entries that fit before the ring grows or drops stopped ones. */
  get capacity(): number {
    return this.refs.length;
  }

  /** The ref falls due one delay from now; a pending entry of the same ref is replaced. */
  start(ref: number): void {
    const index = ref >> this.refBits;
    if (index >>> 0 >= this.places.length) this.reach(ref);
    if (this.places[index] !== 0) this.stop(ref);
    if (this.length === this.refs.length) this.makeRoom();
    const place = (this.head + this.length) & (this.refs.length - 1);
    this.dueMs[place] = this.clock.now + this.delayMs;
    this.refs[place] = ref;
    this.places[index] = place + 1;
    this.live++;
    if (this.length++ === 0) this.announceHead();
  }

  /** Forgets the pending entry of the ref; false when there is none. */
  stop(ref: number): boolean {
    const index = ref >> this.refBits;
    if (index >>> 0 >= this.places.length) return false;
    const place = this.places[index]! - 1;
    if (place < 0) return false;
    this.places[index] = 0;
    this.refs[place] = STOPPED;
    this.live--;
    if (place === this.head) {
      this.skipStopped();
      this.announceHead();
    }
    return true;
  }

  /** Takes the head out and returns its ref; for the kernel, when the head is due. */
  shift(): number {
    const ref = this.refs[this.head]!;
    this.refs[this.head] = STOPPED;
    this.places[ref >> this.refBits] = 0;
    this.live--;
    this.skipStopped();
    this.announceHead();
    return ref;
  }

  private skipStopped(): void {
    const mask = this.refs.length - 1;
    while (this.length > 0 && this.refs[this.head] === STOPPED) {
      this.head = (this.head + 1) & mask;
      this.length--;
    }
  }

  private announceHead(): void {
    this.tree.nodeMs[this.tree.first + this.leaf] = this.length === 0 ? Infinity : this.dueMs[this.head]!;
    this.tree.settle(this.leaf);
  }

  /** The ring is full: drops stopped entries, and doubles unless that frees half of it. */
  private makeRoom(): void {
    const capacity = this.live * 2 > this.refs.length ? this.refs.length * 2 : this.refs.length;
    const dueMs = new Float64Array(capacity);
    const refs = new Int32Array(capacity);
    const mask = this.refs.length - 1;
    let kept = 0;
    for (let index = 0; index < this.length; index++) {
      const place = (this.head + index) & mask;
      const ref = this.refs[place]!;
      if (ref === STOPPED) continue;
      dueMs[kept] = this.dueMs[place]!;
      refs[kept] = ref;
      this.places[ref >> this.refBits] = ++kept;
    }
    this.dueMs = dueMs;
    this.refs = refs;
    this.head = 0;
    this.length = kept;
  }

  private reach(ref: number): void {
    if (!(ref >= 0 && ref <= LARGEST_REF)) throw new RangeError(`ref ${ref} is outside 0..${LARGEST_REF}`);
    let capacity = this.places.length;
    while (capacity <= ref >> this.refBits) capacity *= 2;
    const places = new Int32Array(capacity);
    places.set(this.places);
    this.places = places;
  }
}
