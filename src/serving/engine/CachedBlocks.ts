import { BlockIndex } from "./BlockIndex.ts";
import type { BlockLists } from "./BlockLists.ts";
import type { Blocks } from "./Blocks.ts";
import { blocksFor } from "./Blocks.ts";
import type { TokenContent } from "./TokenContent.ts";
import { blockKey } from "./TokenContent.ts";

const NONE = -1;

/**
 * KV blocks with vLLM V1's prefix cache: full blocks keep their key when their last reference goes and lie in the free list in the order
 * of release; allocation takes the head of that list and forgets its key, so eviction is a side effect of allocation. Sequences release
 * their last block first, so tails go before heads. When a key is cached already, a second block with the same content stays without one.
 *
 * Source: vLLM V1 KV cache manager (vllm-project/vllm, v1/core/block_pool.py, Apache-2.0), read as semantics.
 */
export class CachedBlocks implements Blocks {
  readonly total: number;
  readonly blockTokens: number;
  free: number;
  hitFree = 0;
  private readonly index: BlockIndex;
  private readonly references: Int32Array;
  /** Free list, least recently released first. Blocks that were never used stand in front of it, numbered from `fresh` on. */
  private readonly before: Int32Array;
  private readonly after: Int32Array;
  private head = NONE;
  private tail = NONE;
  private fresh = 0;
  private readonly lists: BlockLists;
  /** Blocks taken for decode steps and not yet given to a sequence: a stack. */
  private readonly below: Int32Array;
  private stock = NONE;
  private found = new Int32Array(64);

  /** `lists` may be shared by all replicas: a sequence holds blocks on one of them at a time. */
  constructor(total: number, blockTokens: number, lists: BlockLists) {
    this.total = total;
    this.blockTokens = blockTokens;
    this.free = total;
    this.index = new BlockIndex(total);
    this.references = new Int32Array(total);
    this.before = new Int32Array(total);
    this.after = new Int32Array(total);
    this.below = new Int32Array(total);
    this.lists = lists;
  }

  lookup(content: TokenContent, tokens: number): number {
    const limit = Math.floor((tokens - 1) / this.blockTokens);
    let hits = 0;
    this.hitFree = 0;
    while (hits < limit) {
      const block = this.index.find(blockKey(content, hits, this.blockTokens));
      if (block === NONE) break;
      if (hits === this.found.length) this.found = widened(this.found);
      this.found[hits++] = block;
      if (this.references[block] === 0) this.hitFree++;
    }
    return hits;
  }

  admit(slot: number, content: TokenContent, hitBlocks: number, tokens: number): void {
    this.lists.clear(slot);
    for (let i = 0; i < hitBlocks; i++) {
      const block = this.found[i]!;
      if (this.references[block]!++ === 0) this.unlink(block);
      this.lists.push(slot, block);
    }
    this.allocate(slot, hitBlocks, tokens);
    this.nameFull(slot, content, hitBlocks, tokens);
  }

  extend(slot: number, content: TokenContent, fromTokens: number, toTokens: number): void {
    this.allocate(slot, blocksFor(fromTokens, this.blockTokens), toTokens);
    this.nameFull(slot, content, Math.floor(fromTokens / this.blockTokens), toTokens);
  }

  takeForDecode(count: number): void {
    for (let i = 0; i < count; i++) {
      const block = this.evictOldest();
      this.below[block] = this.stock;
      this.stock = block;
    }
  }

  release(slot: number, content: TokenContent, tokens: number): void {
    const full = Math.floor(tokens / this.blockTokens);
    const listed = this.lists.length(slot);
    for (let i = blocksFor(tokens, this.blockTokens) - 1; i >= 0; i--) {
      const block = i >= listed ? this.takeFromStock() : this.lists.get(slot, i);
      if (i < full && !this.index.has(block)) this.index.set(block, blockKey(content, i, this.blockTokens));
      if (--this.references[block]! === 0) this.append(block);
    }
    this.lists.clear(slot);
  }

  clear(): void {
    this.index.clear();
    this.references.fill(0);
    this.head = this.tail = this.stock = NONE;
    this.fresh = 0;
    this.free = this.total;
  }

  /** Gives a sequence that owns `from` blocks what it needs to hold `tokens` tokens. */
  private allocate(slot: number, from: number, tokens: number): void {
    const needed = blocksFor(tokens, this.blockTokens);
    for (let i = from; i < needed; i++) {
      const block = this.evictOldest();
      this.references[block] = 1;
      this.lists.push(slot, block);
    }
  }

  private nameFull(slot: number, content: TokenContent, from: number, tokens: number): void {
    const full = Math.floor(tokens / this.blockTokens);
    for (let i = from; i < full; i++) this.index.set(this.lists.get(slot, i), blockKey(content, i, this.blockTokens));
  }

  private takeFromStock(): number {
    const block = this.stock;
    this.stock = this.below[block]!;
    this.references[block] = 1;
    return block;
  }

  private evictOldest(): number {
    this.free--;
    if (this.fresh < this.total) return this.fresh++;
    const block = this.head;
    this.head = this.after[block]!;
    if (this.head === NONE) this.tail = NONE;
    else this.before[this.head] = NONE;
    this.index.forget(block);
    return block;
  }

  private append(block: number): void {
    this.free++;
    this.before[block] = this.tail;
    this.after[block] = NONE;
    if (this.tail === NONE) this.head = block;
    else this.after[this.tail] = block;
    this.tail = block;
  }

  private unlink(block: number): void {
    this.free--;
    const before = this.before[block]!;
    const after = this.after[block]!;
    if (before === NONE) this.head = after;
    else this.after[before] = after;
    if (after === NONE) this.tail = before;
    else this.before[after] = before;
  }
}

const widened = (array: Int32Array): Int32Array<ArrayBuffer> => {
  const wider = new Int32Array(array.length * 2);
  wider.set(array);
  return wider;
};
