const NONE = -1;

/** One record takes 32 bytes, half a cache line. */
const STRIDE = 8;
export const START = 0;
export const LENGTH = 1;
export const REFERENCES = 2;
/** The strand that names its blocks, or `PARTIAL` or `DOUBLED`. */
export const STRAND = 3;
/** Neighbors in the free list; `AFTER` links unused records too. */
export const BEFORE = 4;
export const AFTER = 5;
/** The next extent that the same strand names. */
export const SIBLING = 6;
/** The extent that was split off behind this one. Only those who hold it follow the link, so it may be stale for all others. */
export const REST = 7;

/** In place of a strand: blocks that have no names, as the last block of a sequence while it is not full. */
export const PARTIAL = -1;
/** In place of a strand: full blocks whose names other blocks bear. */
export const DOUBLED = -2;

/**
 * Records of extents: runs of blocks of one strand at positions `START` .. `START + LENGTH` of their sequences, which share references and
 * place in the free list.
 */
export class Extents {
  private records = new Int32Array(64 * STRIDE);
  private unused = NONE;
  private fresh = 0;

  get(extent: number, field: number): number {
    return this.records[extent * STRIDE + field]!;
  }

  set(extent: number, field: number, value: number): void {
    this.records[extent * STRIDE + field] = value;
  }

  /** The position behind the last block. */
  end(extent: number): number {
    const base = extent * STRIDE;
    return this.records[base + START]! + this.records[base + LENGTH]!;
  }

  take(strand: number, start: number, length: number): number {
    const extent = this.unused === NONE ? this.renew() : this.unused;
    const base = extent * STRIDE;
    const { records } = this;
    this.unused = records[base + AFTER]!;
    records[base + START] = start;
    records[base + LENGTH] = length;
    records[base + REFERENCES] = 1;
    records[base + STRAND] = strand;
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

  /** A record that was never used. */
  private renew(): number {
    const extent = this.fresh++;
    if (extent * STRIDE === this.records.length) this.grow();
    this.set(extent, AFTER, NONE);
    return extent;
  }

  private grow(): void {
    const records = new Int32Array(this.records.length * 2);
    records.set(this.records);
    this.records = records;
  }
}
