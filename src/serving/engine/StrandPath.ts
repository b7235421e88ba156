import type { StrandIndex } from "./StrandIndex.ts";
import type { Strands } from "./Strands.ts";
import { ENDLESS } from "./Strands.ts";
import type { TokenContent } from "./TokenContent.ts";

const NONE = -1;
/** The name of blocks that no recorded name is for, while one is looked for. */
const alone = new Float64Array(1);

/** Goes through a content's blocks from strand to strand, which name them as `blockKey` does; makes a new strand where there is none. */
export class StrandPath {
  /** The strand of the block that was looked for, or -1. */
  strand = NONE;
  /** Index of the first block behind those that the strand names in the content. */
  end = 0;
  declare private readonly strands: Strands;
  declare private readonly index: StrandIndex;
  declare private readonly blockTokens: number;
  /** The names among which the block's own is: `traceKeys`, or one alone; how many tokens each stands for; where in the content they end. */
  declare private keys: Float64Array;
  private nameTokens = ENDLESS;
  private namedTokens = 0;
  /** The last strand on the way to the block, or -1, and the place of the first name that is not in those on the way. */
  private reached = NONE;
  private next = 0;

  constructor(strands: Strands, index: StrandIndex, blockTokens: number) {
    this.strands = strands;
    this.index = index;
    this.blockTokens = blockTokens;
    this.keys = alone;
  }

  /** Looks for block `at`; `before` is the strand of the block before it, or negative where that is not known. */
  seek(content: TokenContent, at: number, before: number): void {
    const { strands } = this;
    this.read(content, at);
    this.reached = NONE;
    this.next = 0;
    if (before >= 0) {
      const last = Math.floor((at * this.blockTokens - 1) / this.nameTokens) | 0;
      if (strands.has(before, this.keys, last, this.nameTokens)) {
        this.reached = before;
        this.next = strands.parting(before, this.keys, last);
      }
    }
    this.walk(at);
  }

  /** Looks for block `end` of the same content. */
  advance(content: TokenContent): void {
    if ((this.end + 1) * this.blockTokens > this.namedTokens) this.seek(content, this.end, NONE);
    else this.walk(this.end);
  }

  /** After a search in vain: a new strand of all names that were not found. */
  make(): void {
    const { index, keys, next, nameTokens } = this;
    const names = Math.ceil(this.namedTokens / nameTokens) | 0;
    this.strand = this.reached = this.strands.take(keys, next, names, nameTokens, this.reached);
    index.add(this.strand, keys, next);
    this.step(names);
  }

  /** From `reached` on to the strand of the block. */
  private walk(at: number): void {
    const { strands, index, keys, nameTokens } = this;
    const endTokens = (at + 1) * this.blockTokens;
    let { next, reached } = this;
    // A block has the name of its last token.
    while (next * nameTokens < endTokens) {
      const child = index.find(keys, next, nameTokens, reached);
      if (child === NONE) break;
      reached = child;
      next = strands.parting(child, keys, next);
    }
    this.reached = reached;
    this.strand = next * nameTokens < endTokens ? NONE : reached;
    this.step(next);
  }

  private step(next: number): void {
    this.next = next;
    this.end = Math.floor(Math.min(next * this.nameTokens, this.namedTokens) / this.blockTokens) | 0;
  }

  private read(content: TokenContent, at: number): void {
    const endTokens = (at + 1) * this.blockTokens;
    const { traceKeys } = content;
    const prefixed = endTokens <= content.prefixTokens;
    if (!prefixed && traceKeys !== undefined) {
      this.keys = traceKeys;
      this.nameTokens = content.traceBlockTokens;
      this.namedTokens = Math.min(content.promptTokens, traceKeys.length * this.nameTokens);
      if (endTokens <= this.namedTokens) return;
    }
    this.keys = alone;
    alone[0] = prefixed ? content.prefixKey : content.streamKey;
    this.nameTokens = ENDLESS;
    this.namedTokens = prefixed ? content.prefixTokens : ENDLESS;
  }
}
