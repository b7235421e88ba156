import type { Attempts } from "../../Attempts.ts";
import type { SwapSpec } from "../../SchedulingSpec.ts";
import type { Blocks } from "../Blocks.ts";
import { blocksFor } from "../Blocks.ts";
import type { TokenContent } from "../TokenContent.ts";
import { NO_CONTENT } from "../TokenContent.ts";
import type { HostTier } from "./HostTier.ts";
import type { SteppedColumns } from "./SteppedColumns.ts";
import { SLOT_BITS } from "../../../kernel/SlotPool.ts";

export interface MemoryOptions {
  readonly blocks: Blocks;
  readonly caching: boolean;
  readonly watermarkBlocks: number;
  readonly swap: SwapSpec | undefined;
  readonly tier: HostTier | undefined;
}

/** Which sequence holds how many KV blocks on one rank, and what of it lies in host memory. */
export class KvMemory {
  declare readonly blocks: Blocks;
  readonly tier: HostTier | undefined;
  /** Hits of the last `lookup`, in blocks. */
  hitBlocks = 0;
  /** Tokens in swap space. */
  swappedTokens = 0;
  declare private readonly attempts: Attempts;
  declare private readonly columns: SteppedColumns;
  declare private readonly caching: boolean;
  declare private readonly watermarkBlocks: number;
  private readonly swap: SwapSpec | undefined;

  constructor(attempts: Attempts, columns: SteppedColumns, options: MemoryOptions) {
    this.attempts = attempts;
    this.columns = columns;
    this.blocks = options.blocks;
    this.tier = options.tier;
    this.caching = options.caching;
    this.watermarkBlocks = options.watermarkBlocks;
    this.swap = options.swap;
  }

  /** Tokens of the attempt that the prefix cache holds now. */
  lookup(slot: number): number {
    this.hitBlocks = this.blocks.lookup(this.content(slot), this.attempts.total.at[slot]!);
    return this.hitBlocks * this.blocks.blockTokens;
  }

  /** Tokens that the host tier holds beyond the last look-up's hits. */
  lookupHost(slot: number): number {
    const { tier, blocks } = this;
    if (tier === undefined) return 0;
    return tier.lookup(this.content(slot), this.hitBlocks, this.attempts.total.at[slot]!) * blocks.blockTokens;
  }

  /** After a look-up: whether so many tokens could be admitted now. */
  fits(tokens: number): boolean {
    const { blocks } = this;
    return blocksFor(tokens, blocks.blockTokens) - this.hitBlocks + blocks.hitFree + this.watermarkBlocks <= blocks.free;
  }

  /** After a look-up: references its hits and allocates the rest, up to `tokens` tokens. */
  admit(slot: number, tokens: number): void {
    this.blocks.admit(slot >> SLOT_BITS, this.content(slot), this.hitBlocks, tokens);
    this.columns.heldBlocks.at[slot] = blocksFor(tokens, this.blocks.blockTokens);
  }

  /** After a look-up: references its hits and allocates the rest, up to `tokens` tokens, for KV that is on its way. */
  reserve(slot: number, tokens: number): void {
    const { blocks, hitBlocks } = this;
    const need = blocksFor(tokens, blocks.blockTokens);
    const hitTokens = hitBlocks * blocks.blockTokens;
    blocks.admit(slot >> SLOT_BITS, this.content(slot), hitBlocks, hitTokens);
    blocks.takeForDecode(need - hitBlocks);
    this.columns.heldBlocks.at[slot] = need;
    this.columns.presentTokens.at[slot] = hitTokens;
  }

  /** The KV that `reserve` made room for is there. */
  fill(slot: number): void {
    this.blocks.fill(slot >> SLOT_BITS, this.content(slot), this.attempts.computed.at[slot]!);
  }

  /** Room for prompt tokens up to `tokens`; false, and nothing taken, when there is none. */
  growPrompt(slot: number, tokens: number): boolean {
    const { blocks } = this;
    const held = this.columns.heldBlocks.at;
    const need = blocksFor(tokens, blocks.blockTokens) - held[slot]!;
    if (need > blocks.free) return false;
    blocks.extend(slot >> SLOT_BITS, this.content(slot), this.attempts.computed.at[slot]!, tokens);
    if (need > 0) held[slot]! += need;
    return true;
  }

  /** Room for generated tokens up to `tokens`; false, and nothing taken, when there is none. */
  growDecode(slot: number, tokens: number): boolean {
    const { blocks } = this;
    const held = this.columns.heldBlocks.at;
    const need = blocksFor(tokens, blocks.blockTokens) - held[slot]!;
    if (need <= 0) return true;
    if (need > blocks.free) return false;
    blocks.takeForDecode(need);
    held[slot]! += need;
    return true;
  }

  /** Gives back all blocks of a sequence with `tokens` tokens of KV. */
  release(slot: number, tokens: number): void {
    const held = this.columns.heldBlocks.at[slot]!;
    this.blocks.giveBack(held - blocksFor(tokens, this.blocks.blockTokens));
    this.blocks.release(slot >> SLOT_BITS, this.content(slot), tokens);
    this.columns.heldBlocks.at[slot] = 0;
  }

  /** Gives back the prompt's blocks of an attempt that another engine may hold by now. */
  releasePrompt(slot: number): void {
    this.blocks.release(slot >> SLOT_BITS, this.content(slot), this.attempts.promptTokens.at[slot]!);
  }

  /** Takes room in swap space for a sequence; the time to copy it in ms, or -1 when there is no swap or no room. */
  swapOut(tokens: number): number {
    const { swap } = this;
    if (swap === undefined || this.swappedTokens + tokens > swap.capacityTokens) return -1;
    this.swappedTokens += tokens;
    return tokens * swap.msPerToken;
  }

  /** Gives room in swap space back; the time to copy `copied` of the tokens in ms. */
  swapIn(tokens: number, copied: number): number {
    this.swappedTokens -= tokens;
    return copied * (this.swap?.msPerToken ?? 0);
  }

  /** The prefix cache forgets what nobody uses, in both tiers. */
  wipe(): void {
    this.blocks.forgetUnused?.();
    this.tier?.clear();
  }

  clear(): void {
    this.blocks.clear();
    this.tier?.clear();
    this.swappedTokens = 0;
  }

  private content(slot: number): TokenContent {
    return this.caching ? this.attempts.content(slot) : NO_CONTENT;
  }
}
