/** The extents of blocks that each sequence holds, in order, and how many blocks, by slot. Arrays are kept for the next sequence in the same slot. */
export class BlockLists {
  private readonly blocks: Array<Int32Array> = [];
  private lengths = new Int32Array(64);
  private counts = new Int32Array(64);

  push(slot: number, block: number): void {
    const length = this.length(slot);
    let list = this.blocks[slot];
    if (list === undefined || length === list.length) list = this.widen(slot, length);
    list[length] = block;
    this.lengths[slot] = length + 1;
  }

  get(slot: number, index: number): number {
    return this.blocks[slot]![index]!;
  }

  pop(slot: number): void {
    this.lengths[slot]!--;
  }

  /** Blocks in all extents of the slot. */
  held(slot: number): number {
    return slot < this.counts.length ? this.counts[slot]! : 0;
  }

  /** Notes how many blocks they are; the slot has a list. */
  hold(slot: number, blocks: number): void {
    this.counts[slot] = blocks;
  }

  length(slot: number): number {
    return slot < this.lengths.length ? this.lengths[slot]! : 0;
  }

  clear(slot: number): void {
    if (slot < this.lengths.length) this.lengths[slot] = this.counts[slot] = 0;
  }

  private widen(slot: number, length: number): Int32Array {
    while (this.blocks.length <= slot) this.blocks.push(new Int32Array(8));
    if (slot >= this.lengths.length) {
      const lengths = new Int32Array(Math.max(slot + 1, this.lengths.length * 2));
      lengths.set(this.lengths);
      this.lengths = lengths;
      const counts = new Int32Array(lengths.length);
      counts.set(this.counts);
      this.counts = counts;
    }
    const old = this.blocks[slot]!;
    if (length < old.length) return old;
    const wider = new Int32Array(old.length * 2);
    wider.set(old);
    this.blocks[slot] = wider;
    return wider;
  }
}
