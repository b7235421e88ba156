import type { Extents } from "./Extents.ts";
import { SIBLING, STRAND } from "./Extents.ts";
import type { StrandIndex } from "./StrandIndex.ts";
import type { Strands } from "./Strands.ts";
import { CHILDREN, EXTENT, PARENT } from "./Strands.ts";

const NONE = -1;

/** The extents that each strand names, in order of position: the first by the strand, the others by `SIBLING` links. */
export class StrandExtents {
  /** The extent before what `behind` found, or -1. */
  before = NONE;
  declare private readonly extents: Extents;
  declare private readonly strands: Strands;
  declare private readonly index: StrandIndex;

  constructor(extents: Extents, strands: Strands, index: StrandIndex) {
    this.extents = extents;
    this.strands = strands;
    this.index = index;
  }

  /** The first extent that ends behind this position, or -1: it holds the position, or lies behind it. */
  behind(strand: number, at: number): number {
    const { extents } = this;
    let extent = this.strands.get(strand, EXTENT);
    this.before = NONE;
    while (extent !== NONE && extents.end(extent) <= at) {
      this.before = extent;
      extent = extents.get(extent, SIBLING);
    }
    return extent;
  }

  /** Adds an extent behind `before`, or as the first one if that is -1. */
  insert(extent: number, before: number): void {
    const { extents, strands } = this;
    if (before === NONE) {
      const strand = extents.get(extent, STRAND);
      extents.set(extent, SIBLING, strands.get(strand, EXTENT));
      strands.set(strand, EXTENT, extent);
    } else {
      extents.set(extent, SIBLING, extents.get(before, SIBLING));
      extents.set(before, SIBLING, extent);
    }
  }

  /** Takes an extent out; with the last one the strand is gone if it has no child. */
  remove(extent: number): void {
    const { extents, strands } = this;
    const strand = extents.get(extent, STRAND);
    const after = extents.get(extent, SIBLING);
    let before = strands.get(strand, EXTENT);
    if (before === extent) {
      strands.set(strand, EXTENT, after);
      return this.prune(strand);
    }
    while (extents.get(before, SIBLING) !== extent) before = extents.get(before, SIBLING);
    extents.set(before, SIBLING, after);
  }

  /** Gives up the strand, and those above it, that nothing needs any more. */
  private prune(from: number): void {
    const { strands } = this;
    let strand = from;
    while (strand !== NONE && strands.get(strand, EXTENT) === NONE && strands.get(strand, CHILDREN) === 0) {
      this.index.remove(strand);
      strands.give(strand);
      strand = strands.get(strand, PARENT);
    }
  }
}
