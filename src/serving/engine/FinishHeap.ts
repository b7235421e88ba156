import type { SlotPool } from "../../kernel/SlotPool.ts";
import * as Fields from "../Fields.ts";

const { HEAP_POSITION } = Fields;

/** Later than any step. */
export const NEVER = 2 ** 31 - 1;
const LAST = NEVER;

/**
 * Min-heap of (finish step, slot) with removal by slot, for the sequences that decode on one replica.
 * A step or a phase touches nothing here; a request costs O(log n) twice.
 */
export class FinishHeap {
  // Plain arrays of small integers: V8 reads them in half as many instructions as typed arrays.
  private readonly steps: Array<number> = [0];
  private readonly slots: Array<number> = [0];
  /** They remember their positions: a sequence decodes on one replica at a time. */
  declare private readonly attempts: SlotPool;
  private length = 0;

  constructor(attempts: SlotPool) {
    this.attempts = attempts;
  }

  get size(): number {
    return this.length;
  }

  /** The earliest finish step; NEVER when nobody decodes. */
  get nextStep(): number {
    return this.length > 0 ? this.steps[0]! : LAST;
  }

  get nextSlot(): number {
    return this.slots[0]!;
  }

  push(step: number, slot: number): void {
    const last = this.length++;
    if (last === this.steps.length) {
      this.steps.push(step);
      this.slots.push(slot);
    }
    this.siftUp(last, step, slot);
  }

  remove(slot: number): void {
    const hole = this.attempts.ints[slot | HEAP_POSITION]!;
    const last = --this.length;
    if (hole === last) return;
    const step = this.steps[last]!;
    const moved = this.slots[last]!;
    if (hole > 0 && step < this.steps[(hole - 1) >> 1]!) this.siftUp(hole, step, moved);
    else this.siftDown(hole, step, moved);
  }

  clear(): void {
    this.length = 0;
  }

  private siftUp(from: number, step: number, slot: number): void {
    const { steps, slots } = this;
    const { ints } = this.attempts;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (steps[parent]! <= step) break;
      steps[hole] = steps[parent]!;
      slots[hole] = slots[parent]!;
      ints[slots[hole]! | HEAP_POSITION] = hole;
      hole = parent;
    }
    steps[hole] = step;
    slots[hole] = slot;
    ints[slot | HEAP_POSITION] = hole;
  }

  private siftDown(from: number, step: number, slot: number): void {
    const { steps, slots, length } = this;
    const { ints } = this.attempts;
    let hole = from;
    for (let child = 2 * hole + 1; child < length; child = 2 * hole + 1) {
      if (child + 1 < length && steps[child + 1]! < steps[child]!) child++;
      if (step <= steps[child]!) break;
      steps[hole] = steps[child]!;
      slots[hole] = slots[child]!;
      ints[slots[hole]! | HEAP_POSITION] = hole;
      hole = child;
    }
    steps[hole] = step;
    slots[hole] = slot;
    ints[slot | HEAP_POSITION] = hole;
  }
}
