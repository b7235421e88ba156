import type { Extents } from "./Extents.ts";
import { AFTER, BEFORE } from "./Extents.ts";

const NONE = -1;

/** The extents without a reference, least recently released first. Within an extent the last block goes first. */
export class FreeExtents {
  first = NONE;
  private last = NONE;
  declare private readonly extents: Extents;

  constructor(extents: Extents) {
    this.extents = extents;
  }

  append(extent: number): void {
    this.extents.set(extent, BEFORE, this.last);
    this.extents.set(extent, AFTER, NONE);
    if (this.last === NONE) this.first = extent;
    else this.extents.set(this.last, AFTER, extent);
    this.last = extent;
  }

  insertBefore(extent: number, next: number): void {
    const before = this.extents.get(next, BEFORE);
    this.extents.set(extent, BEFORE, before);
    this.extents.set(extent, AFTER, next);
    this.extents.set(next, BEFORE, extent);
    if (before === NONE) this.first = extent;
    else this.extents.set(before, AFTER, extent);
  }

  remove(extent: number): void {
    const before = this.extents.get(extent, BEFORE);
    const after = this.extents.get(extent, AFTER);
    if (before === NONE) this.first = after;
    else this.extents.set(before, AFTER, after);
    if (after === NONE) this.last = before;
    else this.extents.set(after, BEFORE, before);
  }

  clear(): void {
    this.first = this.last = NONE;
  }
}
