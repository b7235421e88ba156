/** Later than any step. */
export const NEVER = 2 ** 31 - 1;

/**
 * Min-heap of (finish step, slot) with removal by slot, for the sequences that decode on one replica.
 * A step or a phase touches nothing here; a request costs O(log n) twice.
 */
export class FinishHeap {
  private steps = new Int32Array(64);
  private slots = new Int32Array(64);
  /** Position by slot, shared by all replicas: a slot decodes on one replica at a time. */
  declare private readonly position: { at: Int32Array };
  private length = 0;

  constructor(position: { at: Int32Array }) {
    this.position = position;
  }

  get size(): number {
    return this.length;
  }

  /** The earliest finish step; NEVER when nobody decodes. */
  get nextStep(): number {
    return this.length > 0 ? this.steps[0]! : NEVER;
  }

  get nextSlot(): number {
    return this.slots[0]!;
  }

  push(step: number, slot: number): void {
    if (this.length === this.steps.length) this.grow();
    this.siftUp(this.length++, step, slot);
  }

  remove(slot: number): void {
    const hole = this.position.at[slot]!;
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
    const position = this.position.at;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (steps[parent]! <= step) break;
      steps[hole] = steps[parent]!;
      slots[hole] = slots[parent]!;
      position[slots[hole]!] = hole;
      hole = parent;
    }
    steps[hole] = step;
    slots[hole] = slot;
    position[slot] = hole;
  }

  private siftDown(from: number, step: number, slot: number): void {
    const { steps, slots, length } = this;
    const position = this.position.at;
    let hole = from;
    for (let child = 2 * hole + 1; child < length; child = 2 * hole + 1) {
      if (child + 1 < length && steps[child + 1]! < steps[child]!) child++;
      if (step <= steps[child]!) break;
      steps[hole] = steps[child]!;
      slots[hole] = slots[child]!;
      position[slots[hole]!] = hole;
      hole = child;
    }
    steps[hole] = step;
    slots[hole] = slot;
    position[slot] = hole;
  }

  private grow(): void {
    const steps = new Int32Array(this.steps.length * 2);
    const slots = new Int32Array(this.slots.length * 2);
    steps.set(this.steps);
    slots.set(this.slots);
    this.steps = steps;
    this.slots = slots;
  }
}
