import type { Strands } from "./Strands.ts";
import { HASH } from "./Strands.ts";

const NONE = -1;

/** Strands and hashes lie in pairs: a probe reads the strand's names, far away in memory, only where the hashes are equal. */
const STRAND = 0;
const KNOWN_HASH = 1;
const FEWEST = 64;

/** Open-addressing map from parent and first name to strand. */
export class StrandIndex {
  declare private readonly strands: Strands;
  private table = new Int32Array(2 * FEWEST).fill(NONE);
  private shift = 32 - Math.log2(FEWEST);
  private used = 0;

  constructor(strands: Strands) {
    this.strands = strands;
  }

  /** The child of `parent` (of nothing: -1) that begins with the content's name `index`, or -1. */
  find(keys: Float64Array, index: number, nameTokens: number, parent: number): number {
    const { table, strands } = this;
    const mask = table.length - 1;
    const hash = hashOf(keys[index]!);
    for (let i = (hash >>> this.shift) << 1; ; i = (i + 2) & mask) {
      const strand = table[i + STRAND]!;
      if (strand === NONE || (table[i + KNOWN_HASH] === hash && strands.begins(strand, keys, index, nameTokens, parent))) return strand;
    }
  }

  /** Makes a strand known that begins with the content's name `index`, as no other child of its parent does. */
  add(strand: number, keys: Float64Array, index: number): void {
    const hash = hashOf(keys[index]!);
    if (this.used * 4 >= this.table.length) this.grow();
    this.strands.set(strand, HASH, hash);
    this.insert(strand, hash);
    this.used++;
  }

  remove(strand: number): void {
    const { table } = this;
    const mask = table.length - 1;
    let place = (this.strands.get(strand, HASH) >>> this.shift) << 1;
    while (table[place + STRAND] !== strand) place = (place + 2) & mask;
    this.used--;
    this.close(place);
  }

  clear(): void {
    this.table.fill(NONE);
    this.used = 0;
  }

  private insert(strand: number, hash: number): void {
    const { table } = this;
    const mask = table.length - 1;
    let place = (hash >>> this.shift) << 1;
    while (table[place + STRAND] !== NONE) place = (place + 2) & mask;
    table[place + STRAND] = strand;
    table[place + KNOWN_HASH] = hash;
  }

  /** Moves later entries of the same probe run back, so that look-ups need no tombstones. */
  private close(from: number): void {
    const { table, shift } = this;
    const mask = table.length - 1;
    let hole = from;
    for (let i = (hole + 2) & mask; table[i + STRAND] !== NONE; i = (i + 2) & mask) {
      const home = (table[i + KNOWN_HASH]! >>> shift) << 1;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        table[hole + STRAND] = table[i + STRAND]!;
        table[hole + KNOWN_HASH] = table[i + KNOWN_HASH]!;
        hole = i;
      }
    }
    table[hole + STRAND] = NONE;
  }

  private grow(): void {
    const old = this.table;
    this.table = new Int32Array(old.length * 2).fill(NONE);
    this.shift--;
    for (let i = 0; i < old.length; i += 2) if (old[i + STRAND] !== NONE) this.insert(old[i + STRAND]!, old[i + KNOWN_HASH]!);
  }
}

/** 32 bits. Names are often successive numbers: a multiplication scatters them over the high bits, which give the place. */
const hashOf = (name: number): number => Math.imul(name | 0, 0x9e3779b1) ^ Math.imul((name * 2 ** -32) | 0, 0x85ebca77);
