import { Chains } from "./Chains.ts";
import type { Eviction } from "./Eviction.ts";

/** The least often used since it was stored leaves, of those the least recently used. O(1). Source: Shah, Mitra, Matani 2010, "An O(1) algorithm for implementing the LFU cache eviction scheme". */
export class Lfu implements Eviction<unknown> {
  /** Entries by frequency, the newest first; and the frequencies in use, rising. */
  readonly #members: Chains;
  readonly #ranks: Chains;
  readonly #uses: Float64Array;
  readonly #rankOf: Int32Array;
  readonly #free: Int32Array;
  #freeCount: number;

  constructor(entries: number) {
    // One more than entries: an entry takes its new rank before it gives back the old one.
    const ranks = entries + 1;
    this.#members = new Chains(entries, ranks);
    this.#ranks = new Chains(ranks, 1);
    this.#uses = new Float64Array(ranks);
    this.#rankOf = new Int32Array(entries);
    this.#free = Int32Array.from({ length: ranks }, (_, rank) => rank);
    this.#freeCount = ranks;
  }

  add(slot: number): void {
    this.#enter(slot, -1, this.#ranks.front(0), 1);
  }

  hit(slot: number): void {
    const rank = this.#rankOf[slot]!;
    this.#members.unlink(slot);
    this.#enter(slot, rank, this.#ranks.after(rank), this.#uses[rank]! + 1);
    this.#drop(rank);
  }

  victim(): number {
    return this.#members.back(this.#ranks.front(0));
  }

  remove(slot: number): void {
    this.#members.unlink(slot);
    this.#drop(this.#rankOf[slot]!);
  }

  #enter(slot: number, below: number, above: number, uses: number): void {
    const rank = this.#uses[above] === uses ? above : this.#open(below, uses);
    this.#rankOf[slot] = rank;
    this.#members.pushFront(slot, rank);
  }

  #open(below: number, uses: number): number {
    const rank = this.#free[--this.#freeCount]!;
    this.#uses[rank] = uses;
    if (below < 0) this.#ranks.pushFront(rank, 0);
    else this.#ranks.insertAfter(rank, below);
    return rank;
  }

  #drop(rank: number): void {
    if (this.#members.front(rank) >= 0) return;
    this.#ranks.unlink(rank);
    this.#free[this.#freeCount++] = rank;
  }
}
