import type { OffloadSpec } from "../../SchedulingSpec.ts";
import { BlockIndex } from "../BlockIndex.ts";
import type { TokenContent } from "../TokenContent.ts";
import { blockKey } from "../TokenContent.ts";

const NONE = -1;

/**
 * Second tier of the prefix cache: blocks that the GPU evicts go to host memory, least recently used out first. Writing costs no time (it
 * is off the critical path); loads take their turn on one link. A loaded block stays here too.
 */
export class HostTier {
  declare private readonly spec: OffloadSpec;
  declare private readonly blockTokens: number;
  declare private readonly index: BlockIndex;
  declare private readonly capacity: number;
  declare private readonly before: Int32Array;
  declare private readonly after: Int32Array;
  private oldest = NONE;
  private newest = NONE;
  private used = 0;
  private linkFreeMs = 0.5;

  constructor(spec: OffloadSpec, blockTokens: number) {
    this.spec = spec;
    this.blockTokens = blockTokens;
    this.capacity = Math.max(1, Math.floor(spec.capacityTokens / blockTokens));
    this.index = new BlockIndex(this.capacity);
    this.before = new Int32Array(this.capacity);
    this.after = new Int32Array(this.capacity);
    this.linkFreeMs = 0;
  }

  get size(): number {
    return this.used;
  }

  /** Keeps a block that the GPU evicts. */
  put(key: number): void {
    const known = this.index.find(key);
    if (known !== NONE) return this.touch(known);
    const entry = this.used < this.capacity ? this.used++ : this.evict();
    this.index.set(entry, key);
    this.append(entry);
  }

  /** Blocks from `from` on that lie here without a gap, at most those inside `tokens - 1`. */
  lookup(content: TokenContent, from: number, tokens: number): number {
    const limit = Math.floor((tokens - 1) / this.blockTokens);
    let block = from;
    while (block < limit) {
      const entry = this.index.find(blockKey(content, block, this.blockTokens));
      if (entry === NONE) break;
      this.touch(entry);
      block++;
    }
    return block - from;
  }

  /** Queues a load; when it is complete, in ms. */
  load(tokens: number, nowMs: number): number {
    const start = this.linkFreeMs > nowMs ? this.linkFreeMs : nowMs;
    this.linkFreeMs = start + tokens * this.spec.msPerToken;
    return this.linkFreeMs + this.spec.latencyMs;
  }

  clear(): void {
    this.index.clear();
    this.oldest = this.newest = NONE;
    this.used = 0;
    this.linkFreeMs = 0;
  }

  private evict(): number {
    const entry = this.oldest;
    this.unlink(entry);
    this.index.forget(entry);
    return entry;
  }

  private touch(entry: number): void {
    this.unlink(entry);
    this.append(entry);
  }

  private append(entry: number): void {
    this.before[entry] = this.newest;
    this.after[entry] = NONE;
    if (this.newest === NONE) this.oldest = entry;
    else this.after[this.newest] = entry;
    this.newest = entry;
  }

  private unlink(entry: number): void {
    const before = this.before[entry]!;
    const after = this.after[entry]!;
    if (before === NONE) this.oldest = after;
    else this.after[before] = after;
    if (after === NONE) this.newest = before;
    else this.before[after] = before;
  }
}
