import { expect, test } from "vitest";
import { BlockLists } from "../../../src/serving/engine/BlockLists.ts";
import { blocksFor } from "../../../src/serving/engine/Blocks.ts";
import { CachedBlocks } from "../../../src/serving/engine/CachedBlocks.ts";
import type { TokenContent } from "../../../src/serving/engine/TokenContent.ts";
import { BlockwiseCache } from "../../oracle/BlockwiseCache.ts";

const dice = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return Math.floor((((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * below);
  };
};

/** Few names, so that contents share beginnings, meet again and part anywhere; a name says all that comes before it, or not. */
const randomContents = (int: (below: number) => number): Array<TokenContent> =>
  Array.from({ length: 3 + int(10) }, () => {
    const promptTokens = 1 + int(120);
    const traceBlockTokens = [3, 8, 32][int(3)]!;
    const branch = int(3);
    const keys = Float64Array.from({ length: Math.ceil(promptTokens / traceBlockTokens) }, (_, i) => i + (i > 1 ? branch * 100 : 0));
    return {
      promptTokens,
      prefixKey: 1 + int(2),
      prefixTokens: int(2) * int(40),
      traceKeys: int(2) === 0 ? keys : undefined,
      traceBlockTokens,
      streamKey: 2 ** 40 + int(4),
    };
  });

interface Held {
  readonly content: TokenContent;
  tokens: number;
  /** Those that decode steps took for it included. */
  blocks: number;
}

/** The first turn at which hits or free blocks differ. */
const firstDifference = (seed: number): number | undefined => {
  const int = dice(seed);
  const total = 4 + int(60);
  const size = [1, 2, 4, 16][int(4)]!;
  const pair = [new CachedBlocks(total, size, new BlockLists()), new BlockwiseCache(total, size)] as const;
  const [fast, slow] = pair;
  const contents = randomContents(int);
  const held = new Map<number, Held>();
  for (let turn = 0; turn < 150; turn++) {
    const slot = int(6);
    const one = held.get(slot);
    const what = int(8);
    if (one === undefined) {
      const content = contents[int(contents.length)]!;
      const wanted = 1 + int(content.promptTokens + 20);
      const hits = slow.lookup(content, wanted);
      if (fast.lookup(content, wanted) !== hits) return turn;
      const tokens = hits * size + 1 + int(wanted - hits * size);
      if (blocksFor(tokens, size) - hits + slow.hitFree <= slow.free) {
        for (const cache of pair) cache.admit(slot, content, hits, tokens);
        held.set(slot, { content, tokens, blocks: blocksFor(tokens, size) });
      }
    } else if (what < 3) {
      const to = one.tokens + int(30);
      // A sequence that decodes is not extended any more.
      if (one.blocks === blocksFor(one.tokens, size) && blocksFor(to, size) - one.blocks <= slow.free) {
        for (const cache of pair) cache.extend(slot, one.content, one.tokens, to);
        one.tokens = to;
        one.blocks = blocksFor(to, size);
      }
    } else if (what < 6) {
      const count = int(4);
      if (count <= slow.free) {
        for (const cache of pair) cache.takeForDecode(count);
        one.blocks += count;
      }
    } else if (what < 7 && one.blocks > blocksFor(one.tokens, size)) {
      const to = one.tokens + 1 + int(one.blocks * size - one.tokens);
      for (const cache of pair) cache.fill(slot, one.content, to);
      one.tokens = to;
    } else {
      // As many tokens as fill what it holds: the last block in part.
      const decoded = one.blocks > blocksFor(one.tokens, size);
      const tokens = decoded ? one.blocks * size - int(size) : Math.min(one.tokens + int(size), one.blocks * size);
      for (const cache of pair) cache.release(slot, one.content, tokens);
      held.delete(slot);
    }
    if (int(300) === 0) {
      for (const cache of pair) cache.clear();
      held.clear();
    }
    if (fast.free !== slow.free || fast.shared !== slow.shared) return turn;
    for (const content of contents) {
      const tokens = content.promptTokens + 40;
      if (fast.lookup(content, tokens) !== slow.lookup(content, tokens) || fast.hitFree !== slow.hitFree) return turn;
    }
  }
  return undefined;
};

test("prefix cache: 1,000 random lives of a cache -> the hits and free blocks of the block-by-block rules, so the same evictions", () => {
  for (let seed = 1; seed <= 1000; seed++) expect(firstDifference(seed), `seed ${seed}`).toBeUndefined();
});
