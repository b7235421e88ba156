import { IntBuffer } from "./IntBuffer.ts";

const NONE = -1;

/** One record takes 32 bytes, half a cache line. */
const STRIDE = 8;
/** The first of the extents that it names. */
export const EXTENT = 0;
/** Which of its content's names is its first one, and how many it has. */
export const INDEX = 1;
export const COUNT = 2;
/** Tokens that each name stands for. */
export const NAME_TOKENS = 3;
/** Hash of its first name. */
export const HASH = 4;
/** The strand that holds the name before its first one, or -1, and how many strands have it as theirs. */
export const PARENT = 5;
export const CHILDREN = 6;
/** Where its names lie. */
const OFFSET = 7;

/** Tokens that a name alone stands for: more than any content has. */
export const ENDLESS = 2 ** 30;

/**
 * Records of strands: runs of successive names of one content. Where another content parts from it, a child of the strand begins, so strands
 * form trees in which a beginning has one place. A strand stays as long as it names an extent or has a child.
 */
export class Strands {
  private records = new Int32Array(64 * STRIDE);
  private readonly unused = new IntBuffer();
  private fresh = 0;
  private names = new Float64Array(256);
  private spare = new Float64Array(256);
  /** Names in `names`, those of strands that are gone included, and without them. */
  private written = 0;
  private alive = 0;

  get(strand: number, field: number): number {
    return this.records[strand * STRIDE + field]!;
  }

  set(strand: number, field: number, value: number): void {
    this.records[strand * STRIDE + field] = value;
  }

  /** Whether it is the child of `parent` (of nothing: -1) that begins with the content's name `index`. */
  begins(strand: number, keys: Float64Array, index: number, nameTokens: number, parent: number): boolean {
    const { records } = this;
    const base = strand * STRIDE;
    return (
      this.names[records[base + OFFSET]!] === keys[index] &&
      records[base + INDEX] === index &&
      records[base + PARENT] === parent &&
      records[base + NAME_TOKENS] === nameTokens
    );
  }

  /** Whether it has the content's name `index`. */
  has(strand: number, keys: Float64Array, index: number, nameTokens: number): boolean {
    const { records } = this;
    const base = strand * STRIDE;
    const place = index - records[base + INDEX]!;
    if (place < 0 || place >= records[base + COUNT]! || records[base + NAME_TOKENS] !== nameTokens) return false;
    return this.names[records[base + OFFSET]! + place] === keys[index];
  }

  /** The place of the first of the content's names from `from` on, which the strand has, that it does not have. */
  parting(strand: number, keys: Float64Array, from: number): number {
    const { records, names } = this;
    const base = strand * STRIDE;
    const shift = records[base + OFFSET]! - records[base + INDEX]!;
    const end = Math.min(keys.length, records[base + INDEX]! + records[base + COUNT]!);
    let index = from + 1;
    while (index < end && names[shift + index] === keys[index]) index++;
    return index;
  }

  /** The name of a block: that of its last token. */
  nameOfBlock(strand: number, block: number, blockTokens: number): number {
    const index = Math.floor(((block + 1) * blockTokens - 1) / this.get(strand, NAME_TOKENS));
    return this.names[this.get(strand, OFFSET) + index - this.get(strand, INDEX)]!;
  }

  /** A strand of the content's names `from` .. `to`, without extents. */
  take(keys: Float64Array, from: number, to: number, nameTokens: number, parent: number): number {
    const { unused } = this;
    const count = to - from;
    if (this.written + count > this.names.length) this.makeRoom(count);
    const strand = unused.size > 0 ? unused.at[--unused.size]! : this.fresh++;
    const base = strand * STRIDE;
    if (base === this.records.length) this.grow();
    const { records, names, written } = this;
    records[base + EXTENT] = NONE;
    records[base + INDEX] = from;
    records[base + COUNT] = count;
    records[base + NAME_TOKENS] = nameTokens;
    records[base + PARENT] = parent;
    records[base + CHILDREN] = 0;
    records[base + OFFSET] = written;
    if (parent !== NONE) records[parent * STRIDE + CHILDREN]!++;
    for (let i = 0; i < count; i++) names[written + i] = keys[from + i]!;
    this.written += count;
    this.alive += count;
    return strand;
  }

  give(strand: number): void {
    const { records } = this;
    const base = strand * STRIDE;
    const parent = records[base + PARENT]!;
    if (parent !== NONE) records[parent * STRIDE + CHILDREN]!--;
    this.alive -= records[base + COUNT]!;
    records[base + COUNT] = 0;
    this.unused.push(strand);
  }

  clear(): void {
    this.unused.clear();
    this.fresh = this.written = this.alive = 0;
  }

  private grow(): void {
    const records = new Int32Array(this.records.length * 2);
    records.set(this.records);
    this.records = records;
  }

  /** Leaves out the names of strands that are gone. Afterwards half of the room is free at least, so each name moves once on average. */
  private makeRoom(count: number): void {
    const { records, names } = this;
    const needed = this.alive + count;
    const room = this.spare.length >= 2 * needed ? this.spare : new Float64Array(4 * needed);
    this.written = 0;
    for (let base = 0; base < this.fresh * STRIDE; base += STRIDE) {
      const from = records[base + OFFSET]!;
      records[base + OFFSET] = this.written;
      for (let i = 0; i < records[base + COUNT]!; i++) room[this.written++] = names[from + i]!;
    }
    this.spare = names;
    this.names = room;
  }
}
