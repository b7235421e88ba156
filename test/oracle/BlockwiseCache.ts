import type { Blocks } from "../../src/serving/engine/Blocks.ts";
import { blocksFor } from "../../src/serving/engine/Blocks.ts";
import type { EvictionListener } from "../../src/serving/engine/CachedBlocks.ts";
import type { TokenContent } from "../../src/serving/engine/TokenContent.ts";
import { blockKey } from "../../src/serving/engine/TokenContent.ts";

interface Block {
  references: number;
  key: number;
}

/** The prefix cache of CachedBlocks written block by block, straight from the rules: free blocks in a set, in the order of release. */
export class BlockwiseCache implements Blocks {
  readonly total: number;
  readonly blockTokens: number;
  hitFree = 0;
  private released = new Set<Block>();
  private cached = new Map<number, Block>();
  private held = new Map<number, Array<Block>>();
  /** Tokens that the blocks of a sequence are known to hold. */
  private tokens = new Map<number, number>();
  private stock: Array<Block> = [];
  private found: Array<Block> = [];
  private readonly evicted: EvictionListener | undefined;

  constructor(total: number, blockTokens: number, evicted?: EvictionListener) {
    this.total = total;
    this.blockTokens = blockTokens;
    this.evicted = evicted;
    this.clear();
  }

  get free(): number {
    return this.released.size;
  }

  get shared(): number {
    return [...new Set([...this.held.values()].flat())].reduce((sum, { references }) => sum + references - 1, 0);
  }

  lookup(content: TokenContent, tokens: number): number {
    this.found = [];
    for (let i = 0; (i + 1) * this.blockTokens <= tokens - 1; i++) {
      const block = this.cached.get(blockKey(content, i, this.blockTokens));
      if (block === undefined) break;
      this.found.push(block);
    }
    this.hitFree = this.found.filter((block) => block.references === 0).length;
    return this.found.length;
  }

  admit(slot: number, content: TokenContent, hitBlocks: number, tokens: number): void {
    const hits = this.found.slice(0, hitBlocks);
    for (const block of hits) {
      block.references++;
      this.released.delete(block);
    }
    this.held.set(slot, hits);
    this.widen(slot, content, hitBlocks, tokens);
  }

  extend(slot: number, content: TokenContent, fromTokens: number, toTokens: number): void {
    this.widen(slot, content, Math.floor(fromTokens / this.blockTokens), toTokens);
  }

  takeForDecode(count: number): void {
    for (let i = 0; i < count; i++) this.stock.push(this.evict());
  }

  fill(slot: number, content: TokenContent, tokens: number): void {
    const blocks = this.held.get(slot)!;
    while (blocks.length < blocksFor(tokens, this.blockTokens)) blocks.push(this.stock.pop()!);
    this.widen(slot, content, Math.floor(this.tokens.get(slot)! / this.blockTokens), tokens);
  }

  release(slot: number, content: TokenContent, tokens: number): void {
    const blocks = this.held.get(slot)!;
    while (blocks.length < blocksFor(tokens, this.blockTokens)) blocks.push(this.stock.pop()!);
    for (let i = blocks.length - 1; i >= 0; i--) {
      const block = blocks[i]!;
      if ((i + 1) * this.blockTokens <= tokens) this.name(block, blockKey(content, i, this.blockTokens));
      if (--block.references === 0) this.released.add(block);
    }
    this.held.delete(slot);
  }

  giveBack(count: number): void {
    for (let i = 0; i < count; i++) {
      const block = this.stock.pop()!;
      block.references = 0;
      this.released.add(block);
    }
  }

  forgetUnused(): void {
    for (const block of this.released) this.forget(block);
  }

  clear(): void {
    this.released = new Set(Array.from({ length: this.total }, () => ({ references: 0, key: 0 })));
    this.cached.clear();
    this.held.clear();
    this.stock = [];
  }

  private widen(slot: number, content: TokenContent, nameFrom: number, tokens: number): void {
    const blocks = this.held.get(slot)!;
    this.tokens.set(slot, tokens);
    while (blocks.length < blocksFor(tokens, this.blockTokens)) blocks.push(this.evict());
    for (let i = nameFrom; (i + 1) * this.blockTokens <= tokens; i++) this.name(blocks[i]!, blockKey(content, i, this.blockTokens));
  }

  private name(block: Block, key: number): void {
    if (block.key !== 0 || this.cached.has(key)) return;
    block.key = key;
    this.cached.set(key, block);
  }

  private evict(): Block {
    const [block] = this.released;
    this.released.delete(block!);
    if (block!.key !== 0) this.evicted?.put(block!.key);
    this.forget(block!);
    block!.references = 1;
    return block!;
  }

  private forget(block: Block): void {
    this.cached.delete(block.key);
    block.key = 0;
  }
}
