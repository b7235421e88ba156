import type { Extents } from "./Extents.ts";
import { NAMED, SIBLING } from "./Extents.ts";

const NONE = -1;

/** Open-addressing map from name to the extents that bear it: the first by the table, the others by `SIBLING` links. */
export class ExtentIndex {
  private readonly extents: Extents;
  private table = new Int32Array(1024).fill(NONE);
  private shift = 22;
  private used = 0;

  constructor(extents: Extents) {
    this.extents = extents;
  }

  /** The first extent with this name, or -1. */
  first(name: number): number {
    return this.table[this.place(name)]!;
  }

  /** Makes the extent known by its name. */
  add(extent: number): void {
    const { extents } = this;
    extents.set(extent, NAMED, 1);
    if (this.used * 2 >= this.table.length) this.grow();
    const place = this.place(extents.names[extent]!);
    const first = this.table[place]!;
    if (first === NONE) {
      this.table[place] = extent;
      extents.set(extent, SIBLING, NONE);
      this.used++;
    } else {
      extents.set(extent, SIBLING, extents.get(first, SIBLING));
      extents.set(first, SIBLING, extent);
    }
  }

  remove(extent: number): void {
    const { extents } = this;
    const place = this.place(extents.names[extent]!);
    const after = extents.get(extent, SIBLING);
    let before = this.table[place]!;
    if (before === extent) {
      this.table[place] = after;
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
  private place(name: number): number {
    const { names } = this.extents;
    const mask = this.table.length - 1;
    let i = this.home(name);
    for (; ; i = (i + 1) & mask) {
      const extent = this.table[i]!;
      if (extent === NONE || names[extent] === name) return i;
    }
  }

  /** Names are often successive numbers: a multiplication scatters them. */
  private home(name: number): number {
    const high = Math.floor(name * 2 ** -32);
    return Math.imul((name - high * 2 ** 32) ^ Math.imul(high, 0x85ebca77), 0x9e3779b1) >>> this.shift;
  }

  /** Moves later entries of the same probe run back, so that look-ups need no tombstones. */
  private close(from: number): void {
    this.used--;
    const mask = this.table.length - 1;
    let hole = from;
    for (let i = (hole + 1) & mask; this.table[i] !== NONE; i = (i + 1) & mask) {
      const home = this.home(this.extents.names[this.table[i]!]!);
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        this.table[hole] = this.table[i]!;
        hole = i;
      }
    }
    this.table[hole] = NONE;
  }

  private grow(): void {
    const old = this.table;
    this.table = new Int32Array(old.length * 2).fill(NONE);
    this.shift--;
    for (const extent of old) if (extent !== NONE) this.table[this.place(this.extents.names[extent]!)] = extent;
  }
}
