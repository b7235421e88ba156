const NONE = -1;

/** One record takes 48 bytes, mostly one cache line: eight integers, and the first name in a double behind them. */
const STRIDE = 12;
const FIRST_NAME = 4;
/** The first of the extents that it names; links unused records. */
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
/** Where its other names lie. */
const OFFSET = 7;

/** Tokens that a name alone stands for: more than any content has. */
export const ENDLESS = 2 ** 30;

/**
 * Records of strands: runs of successive names of one content. Where another content parts from it, a child of the strand begins, so strands
 * form trees in which a beginning has one place. A strand stays as long as it names an extent or has a child.
 */
export class Strands {
  private records = new Int32Array(64 * STRIDE);
  private unused = NONE;
  private fresh = 0;
  /** The same memory as `records`. */
  private firstNames = new Float64Array(this.records.buffer);
  /** All names but the first ones, strand by strand. */
  private others = new Float64Array(64);
  private spare = new Float64Array(64);
  /** Names in `others`, those of strands that are gone included, and without them. */
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
      this.firstNames[(base >> 1) + FIRST_NAME] === keys[index] &&
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
    return this.nameAt(base, place) === keys[index];
  }

  /** The strand has the content's name `from`: the place of the first one behind it that it does not have. */
  parting(strand: number, keys: Float64Array, from: number): number {
    const { records, others } = this;
    const base = strand * STRIDE;
    const shift = records[base + OFFSET]! - records[base + INDEX]! - 1;
    const end = Math.min(keys.length, records[base + INDEX]! + records[base + COUNT]!);
    let index = from + 1;
    while (index < end && others[shift + index] === keys[index]) index++;
    return index;
  }

  /** The name of a block: that of its last token. */
  nameOfBlock(strand: number, block: number, blockTokens: number): number {
    const index = Math.floor(((block + 1) * blockTokens - 1) / this.get(strand, NAME_TOKENS));
    return this.nameAt(strand * STRIDE, index - this.get(strand, INDEX));
  }

  /** A strand of the content's names `from` .. `to`, without extents. */
  take(keys: Float64Array, from: number, to: number, nameTokens: number, parent: number): number {
    const others = to - from - 1;
    if (this.written + others > this.others.length) this.makeRoom(others);
    const strand = this.unused === NONE ? this.renew() : this.unused;
    const base = strand * STRIDE;
    const { records } = this;
    this.unused = records[base + EXTENT]!;
    records[base + EXTENT] = NONE;
    records[base + INDEX] = from;
    records[base + COUNT] = to - from;
    records[base + NAME_TOKENS] = nameTokens;
    records[base + PARENT] = parent;
    records[base + CHILDREN] = 0;
    records[base + OFFSET] = this.written;
    this.firstNames[(base >> 1) + FIRST_NAME] = keys[from]!;
    if (parent !== NONE) records[parent * STRIDE + CHILDREN]!++;
    if (others > 0) this.write(keys, from + 1, others);
    return strand;
  }

  give(strand: number): void {
    const { records } = this;
    const base = strand * STRIDE;
    const parent = records[base + PARENT]!;
    if (parent !== NONE) records[parent * STRIDE + CHILDREN]!--;
    this.alive -= records[base + COUNT]! - 1;
    records[base + COUNT] = 0;
    records[base + EXTENT] = this.unused;
    this.unused = strand;
  }

  clear(): void {
    this.unused = NONE;
    this.fresh = this.written = this.alive = 0;
  }

  /** A record that was never used. */
  private renew(): number {
    const strand = this.fresh++;
    if (strand * STRIDE === this.records.length) this.grow();
    this.set(strand, EXTENT, NONE);
    return strand;
  }

  private nameAt(base: number, place: number): number {
    return place === 0 ? this.firstNames[(base >> 1) + FIRST_NAME]! : this.others[this.records[base + OFFSET]! + place - 1]!;
  }

  private write(keys: Float64Array, from: number, count: number): void {
    const { others, written } = this;
    for (let i = 0; i < count; i++) others[written + i] = keys[from + i]!;
    this.written += count;
    this.alive += count;
  }

  private grow(): void {
    const records = new Int32Array(this.records.length * 2);
    records.set(this.records);
    this.records = records;
    this.firstNames = new Float64Array(records.buffer);
  }

  /** Leaves out the names of strands that are gone. Then half of the room is free at least, so a name moves about once. */
  private makeRoom(count: number): void {
    const { records, others } = this;
    const needed = this.alive + count;
    const room = this.spare.length >= 2 * needed ? this.spare : new Float64Array(4 * needed);
    this.written = 0;
    for (let base = 0; base < this.fresh * STRIDE; base += STRIDE) {
      const from = records[base + OFFSET]!;
      records[base + OFFSET] = this.written;
      for (let i = 0; i < records[base + COUNT]! - 1; i++) room[this.written++] = others[from + i]!;
    }
    this.spare = others;
    this.others = room;
  }
}
