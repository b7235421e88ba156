import { BlockLists } from "../../../src/serving/engine/BlockLists.ts";
import { CachedBlocks } from "../../../src/serving/engine/CachedBlocks.ts";
import type { Findings, Section } from "./Section.ts";
import { sharedText } from "./SharedFile.ts";

const BLOCK_TOKENS = 512;
/** Blocks of 512 tokens: 0.51, 5.1, 15.4, 25.6, 51 M tokens. */
const SIZES = [1000, 10_000, 30_000, 50_000, 100_000];
const UNLIMITED_BLOCKS = 400_000;
/** Share of the prompt tokens in an LRU cache of these sizes and without bound: a plain LRU replay of the ids. */
const REPLAYED = {
  conversation: [4.5, 21.5, 33.2, 36.2, 37.1, 37.4],
  synthetic: [8.4, 43.1, 63.6, 65.1, 65.1, 65.1],
} as const;
const PUBLISHED = { conversation: 40, synthetic: 66 } as const;
const TARGET_POINTS = 0.2;

export type MooncakeTrace = keyof typeof REPLAYED;

const fileOf = (trace: MooncakeTrace): string => `traces/mooncake_${trace}_trace.jsonl.gz`;

interface Prompt {
  readonly tokens: number;
  readonly keys: Float64Array;
}

const promptsOf = (trace: MooncakeTrace): ReadonlyArray<Prompt> =>
  sharedText(fileOf(trace))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly input_length: number; readonly hash_ids: ReadonlyArray<number> })
    .map((row) => ({ tokens: row.input_length, keys: Float64Array.from(row.hash_ids, (id) => id + 1) }));

/**
 * Share of the prompt tokens, in percent, that are found in our prefix cache when the prompts come one after the other. The trace names
 * its last, partial block too; ours keeps full blocks only, so prompts are filled up to whole blocks and one token.
 */
const hitPercent = (prompts: ReadonlyArray<Prompt>, blocks: number): number => {
  const cache = new CachedBlocks(blocks, BLOCK_TOKENS, new BlockLists());
  let hit = 0;
  let all = 0;
  for (const { tokens, keys } of prompts) {
    const filled = keys.length * BLOCK_TOKENS;
    const content = { prefixKey: 0, prefixTokens: 0, traceKeys: keys, traceBlockTokens: BLOCK_TOKENS, promptTokens: filled, streamKey: 0 };
    const hits = cache.lookup(content, filled + 1);
    cache.admit(0, content, hits, filled);
    cache.release(0, content, filled);
    hit += Math.min(tokens, hits * BLOCK_TOKENS);
    all += tokens;
  }
  return (100 * hit) / all;
};

/** Hit shares in percent at each cache size, the last one without bound. */
export const mooncakeHits = (trace: MooncakeTrace, sizes: ReadonlyArray<number> = [...SIZES, UNLIMITED_BLOCKS]): ReadonlyArray<number> => {
  const prompts = promptsOf(trace);
  return sizes.map((blocks) => hitPercent(prompts, blocks));
};

const run = (): Findings => ({
  method: [
    "The block ids of Mooncake's traces (kvcache-ai/Mooncake 3b5a594, Apache-2.0), prompt after prompt through the simulator's prefix cache with one block per id; share of prompt tokens found.",
    "Reference: a plain LRU replay of the same ids. Ours evicts as vLLM does: least recently released first, the tail of a prompt before its head.",
  ],
  tables: (["conversation", "synthetic"] as const).map((trace) => ({
    title: `Mooncake ${trace}`,
    reference: "plain LRU",
    rows: mooncakeHits(trace).map((simulated, i) => ({
      quantity: `hit share, %, ${i < SIZES.length ? `${((SIZES[i]! * BLOCK_TOKENS) / 1e6).toPrecision(3)} M tokens` : `no bound (paper: ${PUBLISHED[trace]})`}`,
      reference: REPLAYED[trace][i]!,
      simulated,
      error: simulated - REPLAYED[trace][i]!,
      errorUnit: "points",
      target: TARGET_POINTS,
    })),
  })),
  remarks: ["The paper's own figures without bound (40 and 66 %) cannot be had from the published ids, which give 37.4 and 65.1 %."],
});

export const mooncake: Section = {
  name: "mooncake",
  title: "Prefix cache hits on Mooncake's traces",
  needs: [fileOf("conversation"), fileOf("synthetic")],
  run,
};
