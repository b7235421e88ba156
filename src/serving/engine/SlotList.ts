import type { SlotPool } from "../../kernel/SlotPool.ts";
import * as Fields from "../Fields.ts";

const { NEXT, PREVIOUS } = Fields;

const NONE = -1;

/** Doubly linked list of attempts: constant-time work at both ends and removal anywhere. A slot is in one list at a time. */
export class SlotList {
  first = NONE;
  last = NONE;
  length = 0;
  declare private readonly attempts: SlotPool;

  constructor(attempts: SlotPool) {
    this.attempts = attempts;
  }

  pushBack(slot: number): void {
    const { ints } = this.attempts;
    ints[slot | PREVIOUS] = this.last;
    ints[slot | NEXT] = NONE;
    if (this.last === NONE) this.first = slot;
    else ints[this.last | NEXT] = slot;
    this.last = slot;
    this.length++;
  }

  pushFront(slot: number): void {
    const { ints } = this.attempts;
    ints[slot | NEXT] = this.first;
    ints[slot | PREVIOUS] = NONE;
    if (this.first === NONE) this.last = slot;
    else ints[this.first | PREVIOUS] = slot;
    this.first = slot;
    this.length++;
  }

  remove(slot: number): void {
    const { ints } = this.attempts;
    const before = ints[slot | PREVIOUS]!;
    const after = ints[slot | NEXT]!;
    if (before === NONE) this.first = after;
    else ints[before | NEXT] = after;
    if (after === NONE) this.last = before;
    else ints[after | PREVIOUS] = before;
    this.length--;
  }

  before(slot: number): number {
    return this.attempts.ints[slot | PREVIOUS]!;
  }

  after(slot: number): number {
    return this.attempts.ints[slot | NEXT]!;
  }
}
