import type { Column } from "../../kernel/SlotPool.ts";

const NONE = -1;

/** Doubly linked list of slots: constant-time work at both ends and removal anywhere. A slot is in one list at a time. */
export class SlotList {
  first = NONE;
  last = NONE;
  length = 0;
  declare private readonly previous: Column<Int32Array>;
  declare private readonly next: Column<Int32Array>;

  constructor(links: { readonly previous: Column<Int32Array>; readonly next: Column<Int32Array> }) {
    this.previous = links.previous;
    this.next = links.next;
  }

  pushBack(slot: number): void {
    this.previous.at[slot] = this.last;
    this.next.at[slot] = NONE;
    if (this.last === NONE) this.first = slot;
    else this.next.at[this.last] = slot;
    this.last = slot;
    this.length++;
  }

  pushFront(slot: number): void {
    this.next.at[slot] = this.first;
    this.previous.at[slot] = NONE;
    if (this.first === NONE) this.last = slot;
    else this.previous.at[this.first] = slot;
    this.first = slot;
    this.length++;
  }

  remove(slot: number): void {
    const before = this.previous.at[slot]!;
    const after = this.next.at[slot]!;
    if (before === NONE) this.first = after;
    else this.next.at[before] = after;
    if (after === NONE) this.last = before;
    else this.previous.at[after] = before;
    this.length--;
  }

  before(slot: number): number {
    return this.previous.at[slot]!;
  }

  after(slot: number): number {
    return this.next.at[slot]!;
  }
}
