import type { Extents } from "./Extents.ts";
import { NAMED, SIBLING } from "./Extents.ts";

const NONE = -1;

/** Extents and hashes lie in pairs: a probe reads the name of an extent, far away in memory, only where the hashes are equal. */
const EXTENT = 0;
const HASH = 1;

/** Open-addressing map from name to the extents that bear it: the first by the table, the others by `SIBLING` links. */
export class ExtentIndex {
  declare private readonly extents: Extents;
  private table = new Int32Array(2 * 1024).fill(NONE);
  private shift = 22;
  private used = 0;

  constructor(extents: Extents) {
    this.extents = extents;
  }

  /** The first extent with this name, or -1. */
  first(name: number): number {
    return this.table[this.place(name, hashOf(name)) + EXTENT]!;
  }

  /** Makes the extent known by its name. */
  add(extent: number): void {
    const { extents } = this;
    const name = extents.name(extent);
    const first = this.first(name);
    if (first === NONE) return this.addFirst(extent);
    extents.set(extent, NAMED, 1);
    extents.set(extent, SIBLING, extents.get(first, SIBLING));
    extents.set(first, SIBLING, extent);
  }

  /** The same for an extent whose name no other one bears. */
  addFirst(extent: number): void {
    const { extents } = this;
    if (this.used * 4 >= this.table.length) this.grow();
    const hash = hashOf(extents.name(extent));
    const { table } = this;
    const mask = table.length - 1;
    let place = (hash >>> this.shift) << 1;
    while (table[place + EXTENT] !== NONE) place = (place + 2) & mask;
    table[place + EXTENT] = extent;
    table[place + HASH] = hash;
    extents.set(extent, NAMED, 1);
    extents.set(extent, SIBLING, NONE);
    this.used++;
  }

  remove(extent: number): void {
    const { extents } = this;
    const name = extents.name(extent);
    const place = this.place(name, hashOf(name));
    const after = extents.get(extent, SIBLING);
    let before = this.table[place + EXTENT]!;
    if (before === extent) {
      this.table[place + EXTENT] = after;
      if (after === NONE) this.close(place);
      return;
    }
    while (extents.get(before, SIBLING) !== extent) before = extents.get(before, SIBLING);
    extents.set(before, SIBLING, after);
  }

  clear(): void {
    this.table.fill(NONE);
    this.used = 0;
  }

  /** Where the name is, or the empty place where it would go. */
  private place(name: number, hash: number): number {
    const { table } = this;
    const mask = table.length - 1;
    for (let i = (hash >>> this.shift) << 1; ; i = (i + 2) & mask) {
      const extent = table[i + EXTENT]!;
      if (extent === NONE || (table[i + HASH] === hash && this.extents.name(extent) === name)) return i;
    }
  }

  /** Moves later entries of the same probe run back, so that look-ups need no tombstones. */
  private close(from: number): void {
    this.used--;
    const { table, shift } = this;
    const mask = table.length - 1;
    let hole = from;
    for (let i = (hole + 2) & mask; table[i + EXTENT] !== NONE; i = (i + 2) & mask) {
      const home = (table[i + HASH]! >>> shift) << 1;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        table[hole + EXTENT] = table[i + EXTENT]!;
        table[hole + HASH] = table[i + HASH]!;
        hole = i;
      }
    }
    table[hole + EXTENT] = NONE;
  }

  private grow(): void {
    const old = this.table;
    this.table = new Int32Array(old.length * 2).fill(NONE);
    this.shift--;
    for (let i = 0; i < old.length; i += 2) {
      const extent = old[i + EXTENT]!;
      if (extent === NONE) continue;
      const place = this.place(this.extents.name(extent), old[i + HASH]!);
      this.table[place + EXTENT] = extent;
      this.table[place + HASH] = old[i + HASH]!;
    }
  }
}

/** 32 bits. Names are often successive numbers: a multiplication scatters them over the high bits, which give the place. */
const hashOf = (name: number): number => {
  const high = Math.floor(name * 2 ** -32);
  return Math.imul((name - high * 2 ** 32) ^ Math.imul(high, 0x85ebca77), 0x9e3779b1);
};
