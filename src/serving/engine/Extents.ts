const NONE = -1;

/** One record takes 48 bytes, mostly one cache line: eight integers, and the name in a double behind them. */
const STRIDE = 12;
const NAME = 4;
export const START = 0;
export const LENGTH = 1;
export const REFERENCES = 2;
export const NAMED = 3;
/** Neighbors in the free list; `AFTER` links unused records too. */
export const BEFORE = 4;
export const AFTER = 5;
/** The next named extent with the same name. */
export const SIBLING = 6;
/** The extent that was split off behind this one. Only those who hold it follow the link, so it may be stale for all others. */
export const REST = 7;

/**
 * Records of extents: runs of blocks of one name at positions `START` .. `START + LENGTH` of their sequences, which share references and
 * place in the free list.
 */
export class Extents {
  private records = new Int32Array(256 * STRIDE);
  /** The same memory as `records`. */
  private names = new Float64Array(this.records.buffer);
  private unused = NONE;
  private fresh = 0;

  get(extent: number, field: number): number {
    return this.records[extent * STRIDE + field]!;
  }

  set(extent: number, field: number, value: number): void {
    this.records[extent * STRIDE + field] = value;
  }

  name(extent: number): number {
    return this.names[((extent * STRIDE) >> 1) + NAME]!;
  }

  /** The position behind the last block. */
  end(extent: number): number {
    const base = extent * STRIDE;
    return this.records[base + START]! + this.records[base + LENGTH]!;
  }

  take(name: number, start: number, length: number): number {
    let extent = this.unused;
    if (extent !== NONE) this.unused = this.get(extent, AFTER);
    else {
      extent = this.fresh++;
      if (extent * STRIDE === this.records.length) this.grow();
    }
    const base = extent * STRIDE;
    const { records } = this;
    this.names[(base >> 1) + NAME] = name;
    records[base + START] = start;
    records[base + LENGTH] = length;
    records[base + REFERENCES] = 1;
    records[base + NAMED] = 0;
    records[base + BEFORE] = records[base + AFTER] = records[base + SIBLING] = records[base + REST] = NONE;
    return extent;
  }

  give(extent: number): void {
    this.set(extent, AFTER, this.unused);
    this.unused = extent;
  }

  clear(): void {
    this.unused = NONE;
    this.fresh = 0;
  }

  private grow(): void {
    const records = new Int32Array(this.records.length * 2);
    records.set(this.records);
    this.records = records;
    this.names = new Float64Array(records.buffer);
  }
}
