import type { StrandIndex } from "./StrandIndex.ts";
import type { Strands } from "./Strands.ts";
import { ENDLESS } from "./Strands.ts";
import type { TokenContent } from "./TokenContent.ts";

const NONE = -1;
const NO_LIMIT = 2 ** 30;

/** Goes through a content's blocks from strand to strand, which name them as `blockKey` does; makes a new strand where there is none. */
export class StrandPath {
  /** The strand of the block that was looked for, or -1. */
  strand = NONE;
  /** Index of the first block behind those that the strand names in the content. */
  end = 0;
  declare private readonly strands: Strands;
  declare private readonly index: StrandIndex;
  declare private readonly blockTokens: number;
  /** The names among which the block's own is: all of `traceKeys`, or one alone. */
  declare private keys: Float64Array;
  private nameTokens = ENDLESS;
  /** Index of the first block that has its name elsewhere. */
  private limit = 0;
  /** The place of the block's name, and of the first one that is not in the strands on the way there. */
  private wanted = 0;
  private next = 0;
  /** The last strand on the way, or -1. */
  private reached = NONE;
  private readonly alone = new Float64Array(1);

  constructor(strands: Strands, index: StrandIndex, blockTokens: number) {
    this.strands = strands;
    this.index = index;
    this.blockTokens = blockTokens;
    this.keys = this.alone;
  }

  /** Looks for block `at`; `before` is the strand of the block before it, or negative where that is not known. */
  seek(content: TokenContent, at: number, before: number): void {
    this.read(content, at);
    const { strands, keys, nameTokens } = this;
    const last = nameTokens === ENDLESS || at === 0 ? 0 : this.nameOf(at - 1);
    if (before >= 0 && strands.has(before, keys, last, nameTokens)) this.walk(before, strands.parting(before, keys, last, this.names()));
    else this.walk(NONE, 0);
  }

  /** Looks for block `end` of the same content. */
  advance(content: TokenContent): void {
    const at = this.end;
    if (at >= this.limit) return this.seek(content, at, this.strand);
    this.wanted = this.nameOf(at);
    this.walk(this.strand, this.next);
  }

  /** After a search in vain: a new strand of all names that were not found. */
  make(): void {
    const { strands, index, keys, next } = this;
    const strand = strands.take(keys, next, this.names(), this.nameTokens, this.reached);
    index.add(strand, keys, next);
    this.strand = this.reached = strand;
    this.next = this.names();
    this.end = this.limit;
  }

  /** From a strand, or from nowhere, on to that of the wanted name; `next` is the place of the first name that is not known to be on the way. */
  private walk(from: number, next: number): void {
    const { strands, index, keys, nameTokens, wanted } = this;
    const names = this.names();
    let strand = from;
    while (next <= wanted) {
      const child = index.find(keys, next, nameTokens, strand);
      if (child === NONE) break;
      strand = child;
      next = strands.parting(strand, keys, next, names);
    }
    this.reached = strand;
    this.next = next;
    this.strand = next > wanted ? strand : NONE;
    this.end = this.endOf(next);
  }

  private read(content: TokenContent, at: number): void {
    const { blockTokens } = this;
    const { traceKeys } = content;
    const prefixed = (at + 1) * blockTokens <= content.prefixTokens;
    if (!prefixed && traceKeys !== undefined) {
      this.nameTokens = content.traceBlockTokens;
      this.limit = Math.floor(Math.min(content.promptTokens, traceKeys.length * this.nameTokens) / blockTokens) | 0;
      if (at < this.limit) {
        this.keys = traceKeys;
        this.wanted = this.nameOf(at);
        return;
      }
    }
    this.nameTokens = ENDLESS;
    this.limit = prefixed ? Math.floor(content.prefixTokens / blockTokens) | 0 : NO_LIMIT;
    this.alone[0] = prefixed ? content.prefixKey : content.streamKey;
    this.keys = this.alone;
    this.wanted = 0;
  }

  /** How many names the blocks before `limit` have. */
  private names(): number {
    return this.nameTokens === ENDLESS ? 1 : this.nameOf(this.limit - 1) + 1;
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
