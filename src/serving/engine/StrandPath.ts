import type { StrandIndex } from "./StrandIndex.ts";
import type { Strands } from "./Strands.ts";
import { ENDLESS } from "./Strands.ts";
import type { TokenContent } from "./TokenContent.ts";

const NONE = -1;
const NO_END = 2 ** 30;

/** Finds the strand that names a block of a content, as `blockKey` names it, and how far it goes; makes a new one where there is none. */
export class StrandPath {
  /** The strand, or -1. */
  strand = NONE;
  /** Index of the first block behind those that the strand names in the content. */
  end = 0;
  declare private readonly strands: Strands;
  declare private readonly index: StrandIndex;
  declare private readonly blockTokens: number;
  /** The names among which that of the block is, as `traceKeys` or a single one; its place; how many of them name blocks; where these end. */
  declare private keys: Float64Array;
  private nameTokens = ENDLESS;
  private wanted = 0;
  private names = 0;
  private limit = 0;
  private readonly single = new Float64Array(1);

  constructor(strands: Strands, index: StrandIndex, blockTokens: number) {
    this.strands = strands;
    this.index = index;
    this.blockTokens = blockTokens;
    this.keys = this.single;
  }

  /** Looks for block `at`; `before` is the strand of the block before it, or negative if that is not known. */
  seek(content: TokenContent, at: number, before: number): void {
    this.read(content, at);
    const { strands, index, keys, nameTokens, wanted, names } = this;
    let next = nameTokens === ENDLESS ? 0 : Math.max(0, this.nameOf(at - 1));
    let strand = before >= 0 && strands.has(before, keys, next, nameTokens) ? before : NONE;
    if (strand === NONE) next = 0;
    for (;;) {
      if (strand === NONE) strand = index.find(keys, next, nameTokens);
      next = strand === NONE ? next + 1 : strands.parting(strand, keys, next, names);
      if (next > wanted) break;
      strand = NONE;
    }
    this.strand = strand;
    this.end = this.endOf(next);
  }

  /** After a search in vain: a new strand of the block's name and those that follow in the content, up to one that another strand begins with. */
  make(): void {
    const { strands, index, keys, nameTokens, wanted } = this;
    const end = index.firstKnown(keys, wanted + 1, this.names, nameTokens);
    this.strand = strands.take(keys, wanted, end, nameTokens);
    index.add(this.strand, keys, wanted);
    this.end = this.endOf(end);
  }

  private read(content: TokenContent, at: number): void {
    const { blockTokens } = this;
    const endTokens = (at + 1) * blockTokens;
    const { traceKeys } = content;
    if (endTokens > content.prefixTokens && traceKeys !== undefined && endTokens <= content.promptTokens) {
      this.nameTokens = content.traceBlockTokens;
      this.wanted = this.nameOf(at);
      if (this.wanted < traceKeys.length) {
        this.keys = traceKeys;
        this.limit = Math.floor(content.promptTokens / blockTokens) | 0;
        this.names = Math.min(traceKeys.length, this.nameOf(this.limit - 1) + 1);
        return;
      }
    }
    const prefixed = endTokens <= content.prefixTokens;
    this.single[0] = prefixed ? content.prefixKey : content.streamKey;
    this.keys = this.single;
    this.limit = prefixed ? Math.floor(content.prefixTokens / blockTokens) | 0 : NO_END;
    this.nameTokens = ENDLESS;
    this.wanted = 0;
    this.names = 1;
  }

  /** Place of a block's name: that of its last token. */
  private nameOf(block: number): number {
    return Math.floor(((block + 1) * this.blockTokens - 1) / this.nameTokens) | 0;
  }

  /** Index of the first block behind those that the names before `name` stand for. */
  private endOf(name: number): number {
    if (this.nameTokens === ENDLESS) return this.limit;
    return Math.min(this.limit, Math.floor((name * this.nameTokens) / this.blockTokens)) | 0;
  }
}
