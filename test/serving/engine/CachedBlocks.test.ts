import { expect, inject, test } from "vitest";
import { BlockLists } from "../../../src/serving/engine/BlockLists.ts";
import type { Blocks } from "../../../src/serving/engine/Blocks.ts";
import { blocksFor } from "../../../src/serving/engine/Blocks.ts";
import { CachedBlocks } from "../../../src/serving/engine/CachedBlocks.ts";
import type { TokenContent } from "../../../src/serving/engine/TokenContent.ts";
import { BlockwiseCache } from "../../oracle/BlockwiseCache.ts";
import type { Dice } from "../../oracle/randomContents.ts";
import { dice, randomContents, unchainedContents } from "../../oracle/randomContents.ts";

const HISTORIES = inject("propertyRuns").numRuns;
const TURNS = 150;
const SLOTS = 6;

interface Held {
  content: TokenContent;
  tokens: number;
  /** Those that decode steps took for it included. */
  blocks: number;
}

/** A cache, or several that are told the same: the first says what fits, and all must find as many hits. */
class History {
  readonly held = new Map<number, Held>();
  private readonly caches: ReadonlyArray<Required<Blocks>>;
  private readonly contents: ReadonlyArray<TokenContent>;
  private readonly size: number;

  constructor(caches: ReadonlyArray<Required<Blocks>>, contents: ReadonlyArray<TokenContent>) {
    this.caches = caches;
    this.contents = contents;
    this.size = caches[0]!.blockTokens;
  }

  /** Lets something happen to one sequence, or to all. */
  turn(int: Dice): void {
    const slot = int(SLOTS);
    const one = this.held.get(slot);
    const what = int(8);
    // Whoever reads traces may use the arrays of a prompt that is over for the next one, while the last answers are on their way.
    if (one !== undefined && int(100) === 0) one.content = this.contents[int(this.contents.length)]!;
    if (one === undefined) this.admit(slot, int);
    else if (what < 3) this.extend(slot, one, one.tokens + int(30));
    else if (what < 6) this.decode(one, int(4));
    else if (what < 7) this.fill(slot, one, int);
    else this.release(slot, int);
    if (int(100) === 0) for (const cache of this.caches) cache.forgetUnused();
    if (int(300) > 0) return;
    for (const cache of this.caches) cache.clear();
    this.held.clear();
  }

  /** What the caches say after a turn; the same of all, if all is well. */
  views(): ReadonlyArray<string> {
    return this.caches.map((cache) => {
      const hits = this.contents.map((content) => [cache.lookup(content, content.promptTokens + 40), cache.hitFree]);
      return [cache.free, cache.shared, ...hits].join(" ");
    });
  }

  release(slot: number, int: Dice): void {
    const one = this.held.get(slot)!;
    // As many tokens as fill what it holds, the last block in part; or fewer, and the blocks behind them come back by themselves.
    const decoded = one.blocks > blocksFor(one.tokens, this.size);
    const most = one.blocks * this.size;
    const tokens = decoded
      ? Math.max(one.tokens, most - int(int(3) === 0 ? 3 * this.size : this.size))
      : Math.min(one.tokens + int(this.size), most);
    for (const cache of this.caches) {
      cache.giveBack(one.blocks - blocksFor(tokens, this.size));
      cache.release(slot, one.content, tokens);
    }
    this.held.delete(slot);
  }

  private admit(slot: number, int: Dice): void {
    const content = this.contents[int(this.contents.length)]!;
    const wanted = 1 + int(content.promptTokens + 20);
    const found = this.caches.map((cache) => cache.lookup(content, wanted));
    const hits = Math.min(...found);
    const tokens = hits * this.size + 1 + int(wanted - hits * this.size);
    const [{ hitFree, free }] = this.caches as [Blocks];
    if (blocksFor(tokens, this.size) - hits + hitFree > free) return;
    for (const cache of this.caches) cache.admit(slot, content, hits, tokens);
    this.held.set(slot, { content, tokens, blocks: blocksFor(tokens, this.size) });
  }

  private extend(slot: number, one: Held, to: number): void {
    const need = blocksFor(to, this.size) - one.blocks;
    // A sequence that decodes is not extended any more.
    if (one.blocks > blocksFor(one.tokens, this.size) || need > this.caches[0]!.free) return;
    for (const cache of this.caches) cache.extend(slot, one.content, one.tokens, to);
    one.tokens = to;
    one.blocks += need;
  }

  private decode(one: Held, count: number): void {
    if (count > this.caches[0]!.free) return;
    for (const cache of this.caches) cache.takeForDecode(count);
    one.blocks += count;
  }

  private fill(slot: number, one: Held, int: Dice): void {
    if (one.blocks === blocksFor(one.tokens, this.size)) return;
    const to = one.tokens + 1 + int(one.blocks * this.size - one.tokens);
    for (const cache of this.caches) cache.fill(slot, one.content, to);
    one.tokens = to;
  }
}

/** The first turn at which hits, free blocks or evicted keys differ. */
const firstDifference = (seed: number): number | undefined => {
  const int = dice(seed);
  const total = 4 + int(60);
  const size = [1, 2, 4, 16][int(4)]!;
  const evicted: [fast: Array<number>, slow: Array<number>] = [[], []];
  const [fastListener, slowListener] = evicted.map((keys) => ({ put: (key: number) => void keys.push(key) }));
  const slow = new BlockwiseCache(total, size, slowListener);
  const fast = new CachedBlocks(total, size, new BlockLists(), fastListener);
  const history = new History([slow, fast], randomContents(int));
  for (let turn = 0; turn < TURNS; turn++) {
    history.turn(int);
    const [slowView, fastView] = history.views();
    if (slowView !== fastView || evicted[0].join() !== evicted[1].join()) return turn;
    for (const keys of evicted) keys.length = 0;
  }
  return undefined;
};

test("prefix cache: random lives of a cache -> the hits, free blocks and evictions of the block-by-block rules", () => {
  for (let seed = 1; seed <= 2 * HISTORIES; seed++) expect(firstDifference(seed), `seed ${seed}`).toBeUndefined();
});

test("prefix cache: equal names for other numbers of tokens, after others or of other kinds -> other contents", () => {
  const cache = new CachedBlocks(100, 16, new BlockLists());
  const content = {
    prefixKey: 7,
    prefixTokens: 0,
    traceKeys: Float64Array.of(7, 8, 9),
    traceBlockTokens: 32,
    promptTokens: 96,
    streamKey: 1,
  };
  cache.admit(0, content, 0, 96);
  const hits = (change: Partial<TokenContent>): number => cache.lookup({ ...content, ...change }, 97);
  expect(hits({})).toBe(6);
  expect(hits({ traceKeys: Float64Array.of(7, 8, 10) })).toBe(4);
  expect(hits({ traceKeys: Float64Array.of(6, 8, 9) })).toBe(0);
  expect(hits({ traceBlockTokens: 16 })).toBe(0);
  expect(hits({ prefixTokens: 96 })).toBe(0);
  expect(hits({ traceKeys: undefined, streamKey: 7 })).toBe(0);
  cache.admit(1, { ...content, traceKeys: Float64Array.of(7, 10, 11) }, hits({ traceKeys: Float64Array.of(7, 10, 11) }), 96);
  cache.admit(2, { ...content, traceKeys: Float64Array.of(6) }, hits({ traceKeys: Float64Array.of(6) }), 32);
  expect(hits({ traceKeys: Float64Array.of(7, 10, 11) })).toBe(6);
  expect(hits({ traceKeys: Float64Array.of(6, 10, 11) })).toBe(2);
  expect(hits({ traceKeys: Float64Array.of(7, 8, 10) })).toBe(4);
});

test("prefix cache: recorded names behind a shared prompt of the same name -> found without the shared prompt too", () => {
  const cache = new CachedBlocks(100, 16, new BlockLists());
  const names = { prefixKey: 7, traceKeys: Float64Array.of(7, 8, 9), traceBlockTokens: 32, promptTokens: 96, streamKey: 1 };
  const [whole, behind] = [0, 32].map((prefixTokens): TokenContent => ({ ...names, prefixTokens }));
  cache.admit(0, behind!, 0, 32);
  cache.extend(0, behind!, 32, 96);
  expect(cache.lookup(whole!, 97)).toBe(0);
  cache.admit(1, whole!, 0, 32);
  expect(cache.lookup(whole!, 97)).toBe(6);
});

/** The first turn at which blocks are lost or counted twice; `TURNS` if the cache is not empty at the end. */
const firstLoss = (seed: number): number | undefined => {
  const int = dice(seed);
  const total = 4 + int(60);
  const cache = new CachedBlocks(total, [1, 2, 4, 16][int(4)]!, new BlockLists());
  const contents = unchainedContents(int);
  const history = new History([cache], contents);
  for (let turn = 0; turn < TURNS; turn++) {
    history.turn(int);
    const held = [...history.held.values()].reduce((sum, { blocks }) => sum + blocks, 0);
    if (total - cache.free !== held - cache.shared) return turn;
    history.views();
  }
  for (const slot of history.held.keys()) history.release(slot, int);
  const allFree = cache.free === total && cache.shared === 0;
  cache.takeForDecode(total);
  const allGone = contents.every((content) => cache.lookup(content, 1000) === 0);
  cache.giveBack(total);
  return allFree && allGone && cache.free === total ? undefined : TURNS;
};

test("prefix cache: names that stand anywhere and after anything -> no block is lost or counted twice, all can be evicted", () => {
  for (let seed = 1; seed <= HISTORIES; seed++) expect(firstLoss(seed), `seed ${seed}`).toBeUndefined();
});
