import type { Attempts } from "../../Attempts.ts";
import { SlotList } from "../SlotList.ts";

/** Attempts that wait for admission, in the order in which they are tried. */
export interface WaitingLine {
  readonly length: number;
  /** The next to be admitted, or -1. */
  readonly first: number;
  add(slot: number): void;
  /** A preempted or skipped one returns. */
  putBack(slot: number): void;
  remove(slot: number): void;
}

/** First come, first served; who returns goes to the front. */
export class ArrivalLine extends SlotList implements WaitingLine {
  add(slot: number): void {
    this.pushBack(slot);
  }

  putBack(slot: number): void {
    this.pushFront(slot);
  }
}

/** By rank, lowest first, then by arrival: a binary heap. Who returns finds the old place. */
export class RankedLine implements WaitingLine {
  private ranks = new Float64Array(64);
  private arrivals = new Float64Array(64);
  private slots = new Int32Array(64);
  private count = 0;
  declare private readonly position: { readonly at: Int32Array };
  declare private readonly rankOf: (slot: number) => number;
  declare private readonly queued: { readonly at: Float64Array };

  constructor(attempts: Attempts, queued: { readonly at: Float64Array }, rankOf: (slot: number) => number) {
    this.position = attempts.heapPosition;
    this.queued = queued;
    this.rankOf = rankOf;
  }

  get length(): number {
    return this.count;
  }

  get first(): number {
    return this.count > 0 ? this.slots[0]! : -1;
  }

  add(slot: number): void {
    if (this.count === this.slots.length) this.widen();
    this.rise(this.count++, this.rankOf(slot), this.queued.at[slot]!, slot);
  }

  putBack(slot: number): void {
    this.add(slot);
  }

  remove(slot: number): void {
    const hole = this.position.at[slot]!;
    const last = --this.count;
    if (hole === last) return;
    const rank = this.ranks[last]!;
    const arrival = this.arrivals[last]!;
    if (hole > 0 && this.goesBefore(rank, arrival, (hole - 1) >> 1)) this.rise(hole, rank, arrival, this.slots[last]!);
    else this.sink(hole, rank, arrival, this.slots[last]!);
  }

  private rise(from: number, rank: number, arrival: number, slot: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.goesBefore(rank, arrival, parent)) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.place(hole, rank, arrival, slot);
  }

  private sink(from: number, rank: number, arrival: number, slot: number): void {
    let hole = from;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && this.goesBefore(this.ranks[child + 1]!, this.arrivals[child + 1]!, child)) child++;
      if (this.goesBefore(rank, arrival, child)) break;
      this.move(child, hole);
      hole = child;
    }
    this.place(hole, rank, arrival, slot);
  }

  private goesBefore(rank: number, arrival: number, place: number): boolean {
    const other = this.ranks[place]!;
    return rank < other || (rank === other && arrival < this.arrivals[place]!);
  }

  private move(from: number, to: number): void {
    this.place(to, this.ranks[from]!, this.arrivals[from]!, this.slots[from]!);
  }

  private place(at: number, rank: number, arrival: number, slot: number): void {
    this.ranks[at] = rank;
    this.arrivals[at] = arrival;
    this.slots[at] = slot;
    this.position.at[slot] = at;
  }

  private widen(): void {
    const { ranks, arrivals, slots } = this;
    this.ranks = new Float64Array(slots.length * 2);
    this.arrivals = new Float64Array(slots.length * 2);
    this.slots = new Int32Array(slots.length * 2);
    this.ranks.set(ranks);
    this.arrivals.set(arrivals);
    this.slots.set(slots);
  }
}
