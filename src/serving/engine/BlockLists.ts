/** One record takes 32 bytes, half a cache line: two counts and the first extents. */
const STRIDE = 8;
const LENGTH = 0;
const BLOCKS = 1;
const FIRST = 2;
const NEAR = STRIDE - FIRST;

/** The extents of blocks that each sequence holds, in order, and how many blocks, by slot. Few hold more than a handful; the rest lies elsewhere. */
export class BlockLists {
  private records = new Int32Array(64 * STRIDE);
  /** Extents from number `NEAR` on. Arrays are kept for the next sequence in the same slot. */
  private readonly rests: Array<Int32Array | undefined> = [];

  /** Begins an empty list: before all else in a slot. */
  clear(slot: number): void {
    const base = slot * STRIDE;
    if (base >= this.records.length) this.grow(slot);
    this.records[base + LENGTH] = this.records[base + BLOCKS] = 0;
  }

  push(slot: number, extent: number): void {
    const { records } = this;
    const base = slot * STRIDE;
    const length = records[base + LENGTH]!;
    records[base + LENGTH] = length + 1;
    if (length < NEAR) records[base + FIRST + length] = extent;
    else this.pushFar(slot, length - NEAR, extent);
  }

  get(slot: number, index: number): number {
    return index < NEAR ? this.records[slot * STRIDE + FIRST + index]! : this.rests[slot]![index - NEAR]!;
  }

  pop(slot: number): void {
    this.records[slot * STRIDE + LENGTH]!--;
  }

  length(slot: number): number {
    return this.records[slot * STRIDE + LENGTH]!;
  }

  /** Blocks in all extents of the slot. */
  held(slot: number): number {
    return this.records[slot * STRIDE + BLOCKS]!;
  }

  /** Notes how many blocks they are. */
  hold(slot: number, blocks: number): void {
    this.records[slot * STRIDE + BLOCKS] = blocks;
  }

  private pushFar(slot: number, index: number, extent: number): void {
    let rest = this.rests[slot];
    if (rest === undefined || index === rest.length) {
      const wider = new Int32Array(index === 0 ? 8 : index * 2);
      if (rest !== undefined) wider.set(rest);
      while (this.rests.length <= slot) this.rests.push(undefined);
      rest = this.rests[slot] = wider;
    }
    rest[index] = extent;
  }

  private grow(slot: number): void {
    const records = new Int32Array(Math.max((slot + 1) * STRIDE, this.records.length * 2));
    records.set(this.records);
    this.records = records;
  }
}
