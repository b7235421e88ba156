const NONE = -1;

/** Open-addressing map from block key to block, and each block's key. One key names at most one block. */
export class BlockIndex {
  declare private readonly keys: Float64Array;
  declare private table: Int32Array;
  declare private mask: number;
  private used = 0;

  constructor(blocks: number) {
    this.keys = new Float64Array(blocks);
    this.table = new Int32Array(1024).fill(NONE);
    this.mask = 1023;
  }

  /** The block with this key, or -1. */
  find(key: number): number {
    for (let i = this.home(key); ; i = (i + 1) & this.mask) {
      const block = this.table[i]!;
      if (block === NONE || this.keys[block] === key) return block;
    }
  }

  has(block: number): boolean {
    return this.keys[block] !== 0;
  }

  /** Names a block, unless another block has this name already. */
  set(block: number, key: number): void {
    if (this.used * 2 >= this.table.length) this.grow();
    let i = this.home(key);
    for (; this.table[i] !== NONE; i = (i + 1) & this.mask) if (this.keys[this.table[i]!] === key) return;
    this.table[i] = block;
    this.keys[block] = key;
    this.used++;
  }

  /** Takes the name of a block away; nothing happens if it has none. */
  forget(block: number): void {
    const key = this.keys[block]!;
    if (key === 0) return;
    let hole = this.home(key);
    while (this.table[hole] !== block) hole = (hole + 1) & this.mask;
    this.keys[block] = 0;
    this.used--;
    this.close(hole);
  }

  clear(): void {
    this.keys.fill(0);
    this.table.fill(NONE);
    this.used = 0;
  }

  /** Moves later entries of the same probe run back, so that look-ups need no tombstones. */
  private close(from: number): void {
    let hole = from;
    for (let i = (hole + 1) & this.mask; this.table[i] !== NONE; i = (i + 1) & this.mask) {
      const block = this.table[i]!;
      const home = this.home(this.keys[block]!);
      if (((i - home) & this.mask) >= ((i - hole) & this.mask)) {
        this.table[hole] = block;
        hole = i;
      }
    }
    this.table[hole] = NONE;
  }

  /** Keys are well mixed already, so their low bits serve. */
  private home(key: number): number {
    return (key >>> 0) & this.mask;
  }

  private grow(): void {
    const old = this.table;
    this.table = new Int32Array(old.length * 2).fill(NONE);
    this.mask = this.table.length - 1;
    for (const block of old) {
      if (block === NONE) continue;
      let i = this.home(this.keys[block]!);
      while (this.table[i] !== NONE) i = (i + 1) & this.mask;
      this.table[i] = block;
    }
  }
}
