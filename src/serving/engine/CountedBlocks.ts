import type { Blocks } from "./Blocks.ts";
import { blocksFor } from "./Blocks.ts";
import type { TokenContent } from "./TokenContent.ts";

/** KV blocks without a prefix cache: nothing but a count. */
export class CountedBlocks implements Blocks {
  declare readonly total: number;
  declare readonly blockTokens: number;
  readonly hitFree = 0;
  readonly shared = 0;
  declare free: number;

  constructor(total: number, blockTokens: number) {
    this.total = total;
    this.blockTokens = blockTokens;
    this.free = total;
  }

  lookup(): number {
    return 0;
  }

  admit(_slot: number, _content: TokenContent, _hitBlocks: number, tokens: number): void {
    this.free -= blocksFor(tokens, this.blockTokens);
  }

  extend(_slot: number, _content: TokenContent, fromTokens: number, toTokens: number): void {
    this.free -= blocksFor(toTokens, this.blockTokens) - blocksFor(fromTokens, this.blockTokens);
  }

  takeForDecode(count: number): void {
    this.free -= count;
  }

  fill(): void {}

  release(_slot: number, _content: TokenContent, tokens: number): void {
    this.free += blocksFor(tokens, this.blockTokens);
  }

  giveBack(count: number): void {
    this.free += count;
  }

  clear(): void {
    this.free = this.total;
  }
}
