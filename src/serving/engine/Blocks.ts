import type { TokenContent } from "./TokenContent.ts";

/**
 * KV blocks of one replica. A sequence's slot names it; its blocks are released all at once.
 *
 * Blocks that decode steps fill are taken anonymously (`takeForDecode`) and become a sequence's own when it is released: which of two
 * free blocks a sequence gets has no observable effect, the number and the order of evictions have.
 */
export interface Blocks extends BlockCounts {
  /** References beyond the first of all blocks: what sequences hold together. */
  readonly shared: number;
  /** Full blocks from the start of the sequence that are cached now; at most those that lie inside `tokens - 1`. */
  lookup(content: TokenContent, tokens: number): number;
  /** Of the blocks that the last look-up found, those that lie in the free list: using them takes free blocks too. */
  readonly hitFree: number;
  /** References the blocks found by the last look-up, then allocates so that `tokens` tokens fit. Full blocks get their keys at once. */
  admit(slot: number, content: TokenContent, hitBlocks: number, tokens: number): void;
  /** Allocates further blocks while a prompt is being computed: from `fromTokens` to `toTokens`. */
  extend(slot: number, content: TokenContent, fromTokens: number, toTokens: number): void;
  /** Takes blocks for decode steps, or for KV that is on its way, from the free list, oldest first. */
  takeForDecode(count: number): void;
  /** Blocks that were taken so for an admitted sequence hold its KV from now on, `tokens` tokens in all: full ones get their keys. */
  fill(slot: number, content: TokenContent, tokens: number): void;
  /** Gives back all blocks of a sequence that holds `tokens` tokens, its last block first. */
  release(slot: number, content: TokenContent, tokens: number): void;
  /** Gives back blocks that were taken for decode steps and hold no tokens. */
  giveBack(count: number): void;
  /** Forgets what is cached in blocks without a reference. Absent: nothing is cached. */
  forgetUnused?(): void;
  /** Empties pool and cache. */
  clear(): void;
}

/** How many blocks a replica has. */
export interface BlockCounts {
  readonly total: number;
  readonly blockTokens: number;
  /** Blocks without a reference, cached ones included. */
  readonly free: number;
}

export const blocksFor = (tokens: number, blockTokens: number): number => Math.ceil(tokens / blockTokens);
