import type { BlockLists } from "./BlockLists.ts";
import type { Blocks } from "./Blocks.ts";
import { blocksFor } from "./Blocks.ts";
import { DOUBLED, Extents, LENGTH, PARTIAL, REFERENCES, REST, SIBLING, START, STRAND } from "./Extents.ts";
import { FreeExtents } from "./FreeExtents.ts";
import { IntBuffer } from "./IntBuffer.ts";
import { StrandExtents } from "./StrandExtents.ts";
import { StrandIndex } from "./StrandIndex.ts";
import { StrandPath } from "./StrandPath.ts";
import { Strands } from "./Strands.ts";
import type { TokenContent } from "./TokenContent.ts";
import { mixKey } from "./TokenContent.ts";

const NONE = -1;
/** Extents of one call, in order. All caches use the same: it stays close to the processor. */
const made = new IntBuffer();

/** Takes the keys of evicted blocks, for a second tier of the cache. */
export interface EvictionListener {
  put(key: number): void;
}

/**
 * KV blocks with vLLM V1's prefix cache: full blocks keep their key when their last reference goes and lie in the free list in the order
 * of release; allocation takes the head of that list and forgets its key, so eviction is a side effect of allocation. Sequences release
 * their last block first, so tails go before heads. When a key is cached already, a second block with the same content stays without one.
 *
 * Blocks have no identity here: runs of equal fate are extents, split where their fates part; their names lie in strands, one or a few for a
 * prompt (docs/decisions/010-strands.md). A prompt of a thousand blocks costs as much as a few blocks, and a comparison of its recorded names.
 * The same hits and evictions as block by block; test/oracle/BlockwiseCache.ts says what they are.
 *
 * Source: vLLM V1 KV cache manager (vllm-project/vllm, v1/core/block_pool.py, Apache-2.0), read as semantics.
 */
export class CachedBlocks implements Blocks {
  declare readonly total: number;
  declare readonly blockTokens: number;
  declare free: number;
  hitFree = 0;
  shared = 0;
  private readonly extents = new Extents();
  private readonly strands = new Strands();
  private readonly index = new StrandIndex(this.strands);
  private readonly named = new StrandExtents(this.extents, this.strands, this.index);
  private readonly released = new FreeExtents(this.extents);
  /** Blocks that were never used; they go before the free list. */
  declare private unused: number;
  /** Of each sequence its extents in order; behind each may come what was split off from it. */
  declare private readonly lists: BlockLists;
  /** Extents that the last look-up found, behind each where the hit in it ends. */
  private readonly found = new IntBuffer();
  declare private readonly path: StrandPath;
  private readonly evicted: EvictionListener | undefined;

  /** `lists` may be shared by all replicas: a sequence holds blocks on one of them at a time. */
  constructor(total: number, blockTokens: number, lists: BlockLists, evicted?: EvictionListener) {
    this.total = total;
    this.blockTokens = blockTokens;
    this.free = total;
    this.unused = total;
    this.lists = lists;
    this.evicted = evicted;
    this.path = new StrandPath(this.strands, this.index, blockTokens);
  }

  lookup(content: TokenContent, tokens: number): number {
    const { extents, path } = this;
    const limit = Math.floor((tokens - 1) / this.blockTokens);
    this.found.clear();
    this.hitFree = 0;
    let at = 0;
    path.seek(content, 0, NONE);
    while (path.strand !== NONE) {
      const strandEnd = Math.min(path.end, limit) | 0;
      let extent = this.named.behind(path.strand, at);
      while (at < strandEnd && extent !== NONE && extents.get(extent, START) <= at) {
        const end = Math.min(extents.end(extent), strandEnd) | 0;
        if (extents.get(extent, REFERENCES) === 0) this.hitFree += end - at;
        this.found.push(extent);
        this.found.push(end);
        at = end;
        extent = extents.get(extent, SIBLING);
      }
      if (at < strandEnd || at === limit) break;
      path.advance(content);
    }
    return at;
  }

  admit(slot: number, content: TokenContent, hitBlocks: number, tokens: number): void {
    const { extents, lists } = this;
    lists.clear(slot);
    let last = NONE;
    let at = 0;
    for (let i = 0; at < hitBlocks; i += 2) {
      let extent = this.found.at[i]!;
      const end = Math.min(this.found.at[i + 1]!, hitBlocks);
      // Two successive hits in one extent: the first has split it.
      if (extents.end(extent) <= at) extent = extents.get(extent, REST);
      if (extents.get(extent, START) < at) extent = this.split(extent, at);
      if (extents.end(extent) > end) this.split(extent, end);
      this.reference(extent);
      lists.push(slot, extent);
      last = extent;
      at = end;
    }
    this.evict(blocksFor(tokens, this.blockTokens) - at);
    this.own(slot, content, last, at, tokens);
  }

  extend(slot: number, content: TokenContent, fromTokens: number, toTokens: number): void {
    const held = blocksFor(fromTokens, this.blockTokens);
    this.evict(blocksFor(toTokens, this.blockTokens) - held);
    this.fill(slot, content, toTokens);
  }

  takeForDecode(count: number): void {
    this.evict(count);
  }

  fill(slot: number, content: TokenContent, tokens: number): void {
    const held = this.withoutPartial(slot);
    this.own(slot, content, this.lastOf(slot, held), held, tokens);
  }

  release(slot: number, content: TokenContent, tokens: number): void {
    const { lists } = this;
    const full = Math.floor(tokens / this.blockTokens);
    const listed = lists.held(slot);
    const from = full >= listed ? this.withoutPartial(slot) : listed;
    const blocks = blocksFor(tokens, this.blockTokens);
    made.clear();
    this.gather(slot, content, from, full);
    // What decode steps have taken gets its names now.
    if (blocks > from) this.make(content, made.size > 0 ? made.at[made.size - 1]! : NONE, from, full, blocks);
    for (let i = made.size - 1; i >= 0; i--) this.dereference(made.at[i]!);
    lists.clear(slot);
  }

  giveBack(count: number): void {
    if (count > 0) this.dereference(this.extents.take(PARTIAL, 0, count));
  }

  clear(): void {
    this.index.clear();
    this.strands.clear();
    this.extents.clear();
    this.released.clear();
    this.unused = this.total;
    this.shared = 0;
    this.free = this.total;
  }

  forgetUnused(): void {
    const { extents, released } = this;
    while (released.first !== NONE) {
      const extent = released.first;
      this.unused += extents.get(extent, LENGTH);
      released.remove(extent);
      if (extents.get(extent, STRAND) >= 0) this.named.remove(extent);
      extents.give(extent);
    }
  }

  /** Gives the sequence its blocks from `from` on, up to what `tokens` tokens need; full ones get their names. */
  private own(slot: number, content: TokenContent, last: number, from: number, tokens: number): void {
    const { lists } = this;
    const blocks = blocksFor(tokens, this.blockTokens);
    made.clear();
    this.make(content, last, from, Math.floor(tokens / this.blockTokens), blocks);
    for (let i = 0; i < made.size; i++) lists.push(slot, made.at[i]!);
    lists.hold(slot, blocks);
  }

  /** Appends extents for the blocks from..blocks to `made`, or lets `last`, the one before them, grow. Full blocks are named unless their names are taken. */
  private make(content: TokenContent, last: number, from: number, full: number, blocks: number): void {
    const { extents, path } = this;
    let at = from;
    if (at < full) path.seek(content, at, last === NONE ? NONE : extents.get(last, STRAND));
    while (at < full) {
      if (path.strand === NONE) path.make();
      const end = Math.min(path.end, full) | 0;
      last = this.fillStrand(path.strand, last, at, end);
      at = end;
      if (at < full) path.advance(content);
    }
    // The block that is not full yet stands alone: it gets its name when it is.
    if (at < blocks) made.push(extents.take(PARTIAL, at, blocks - at));
  }

  /** The same for blocks of one strand; the last extent. */
  private fillStrand(strand: number, last: number, from: number, to: number): number {
    const { extents, named } = this;
    let at = from;
    let next = named.behind(strand, at);
    let before = named.before;
    while (at < to) {
      const start = next === NONE ? to : extents.get(next, START);
      let end: number;
      if (start <= at) {
        end = Math.min(extents.end(next), to);
        last = extents.take(DOUBLED, at, end - at);
        made.push(last);
        before = next;
        next = extents.get(next, SIBLING);
      } else {
        end = Math.min(start, to);
        if (last !== NONE && last === before && extents.get(last, REFERENCES) === 1) {
          extents.set(last, LENGTH, end - extents.get(last, START));
        } else {
          last = extents.take(strand, at, end - at);
          named.insert(last, before);
          made.push(last);
          before = last;
        }
      }
      at = end;
    }
    return last;
  }

  /** Takes a last block that was not full out of the sequence's list, and returns how many blocks are left in it. */
  private withoutPartial(slot: number): number {
    const { extents, lists } = this;
    const held = lists.held(slot);
    const entries = lists.length(slot);
    if (entries === 0) return held;
    const extent = lists.get(slot, entries - 1);
    if (extents.get(extent, STRAND) !== PARTIAL) return held;
    const start = extents.get(extent, START);
    lists.pop(slot);
    lists.hold(slot, start);
    extents.give(extent);
    return start;
  }

  /** The last extent of a sequence that holds so many full blocks, or -1. */
  private lastOf(slot: number, blocks: number): number {
    const { extents, lists } = this;
    const entries = lists.length(slot);
    if (entries === 0) return NONE;
    let extent = lists.get(slot, entries - 1);
    while (extents.end(extent) < blocks) extent = extents.get(extent, REST);
    return extent;
  }

  /** Appends all extents of the sequence, which holds so many blocks, to `made`. */
  private gather(slot: number, content: TokenContent, blocks: number, full: number): void {
    const { extents, lists } = this;
    const entries = lists.length(slot);
    for (let i = 0; i < entries; i++) {
      let extent = lists.get(slot, i);
      const end = i + 1 < entries ? extents.get(lists.get(slot, i + 1), START) : blocks;
      while (extents.end(extent) < end) {
        this.keepOrName(extent, content, full);
        extent = extents.get(extent, REST);
      }
      this.keepOrName(extent, content, full);
    }
  }

  /** Appends the extent to `made`; one whose names were taken gets another chance for them. */
  private keepOrName(extent: number, content: TokenContent, full: number): void {
    const { extents } = this;
    const start = extents.get(extent, START);
    const end = extents.end(extent);
    if (extents.get(extent, STRAND) >= 0 || start >= full) return made.push(extent);
    extents.give(extent);
    this.make(content, NONE, start, Math.min(end, full) | 0, end);
  }

  private reference(extent: number): void {
    const { extents } = this;
    const references = extents.get(extent, REFERENCES);
    extents.set(extent, REFERENCES, references + 1);
    if (references > 0) return void (this.shared += extents.get(extent, LENGTH));
    this.released.remove(extent);
    this.free -= extents.get(extent, LENGTH);
  }

  private dereference(extent: number): void {
    const { extents } = this;
    const references = extents.get(extent, REFERENCES) - 1;
    extents.set(extent, REFERENCES, references);
    if (references > 0) return void (this.shared -= extents.get(extent, LENGTH));
    this.released.append(extent);
    this.free += extents.get(extent, LENGTH);
  }

  /** Cuts the extent at a position inside it and returns the part from there on. */
  private split(extent: number, at: number): number {
    const { extents } = this;
    const tail = extents.take(extents.get(extent, STRAND), at, extents.end(extent) - at);
    const references = extents.get(extent, REFERENCES);
    extents.set(tail, REFERENCES, references);
    extents.set(tail, REST, extents.get(extent, REST));
    extents.set(extent, REST, tail);
    extents.set(extent, LENGTH, at - extents.get(extent, START));
    this.named.insert(tail, extent);
    if (references === 0) this.released.insertBefore(tail, extent);
    return tail;
  }

  /** Takes free blocks: unused ones first, then those that were released longest ago. */
  private evict(count: number): void {
    const { extents, released } = this;
    this.free -= count;
    let left = count;
    if (this.unused > 0) {
      const taken = Math.min(left, this.unused) | 0;
      this.unused -= taken;
      left -= taken;
    }
    while (left > 0) {
      const extent = released.first;
      const length = extents.get(extent, LENGTH);
      if (this.evicted !== undefined) this.report(this.evicted, extent, Math.min(length, left));
      if (length > left) return extents.set(extent, LENGTH, length - left);
      released.remove(extent);
      if (extents.get(extent, STRAND) >= 0) this.named.remove(extent);
      extents.give(extent);
      left -= length;
    }
  }

  /** The last blocks of an extent are evicted, last block first. */
  private report(listener: EvictionListener, extent: number, blocks: number): void {
    const { extents } = this;
    const strand = extents.get(extent, STRAND);
    if (strand < 0) return;
    const end = extents.end(extent);
    for (let i = 1; i <= blocks; i++) listener.put(mixKey(this.strands.nameOfBlock(strand, end - i, this.blockTokens), end - i));
  }
}
