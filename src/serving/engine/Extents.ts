const NONE = -1;

/** Fields of one record: 32 bytes, half a cache line. */
const STRIDE_BITS = 3;
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
  records = new Int32Array(256 << STRIDE_BITS);
  names = new Float64Array(256);
  private unused = NONE;
  private fresh = 0;

  get(extent: number, field: number): number {
    return this.records[(extent << STRIDE_BITS) + field]!;
  }

  set(extent: number, field: number, value: number): void {
    this.records[(extent << STRIDE_BITS) + field] = value;
  }

  /** The position behind the last block. */
  end(extent: number): number {
    const base = extent << STRIDE_BITS;
    return this.records[base + START]! + this.records[base + LENGTH]!;
  }

  take(name: number, start: number, length: number): number {
    let extent = this.unused;
    if (extent !== NONE) this.unused = this.get(extent, AFTER);
    else {
      extent = this.fresh++;
      if (extent === this.names.length) this.grow();
    }
    const base = extent << STRIDE_BITS;
    const { records } = this;
    this.names[extent] = name;
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
    const names = new Float64Array(this.names.length * 2);
    names.set(this.names);
    this.names = names;
  }
}
