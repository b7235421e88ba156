import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { pool, run, small } from "./SmallWorld.ts";

const fleet = { gpu: pool({ engine: { prefixCache: true } }) };
const chat = { arrivals: { poisson: { rate: "10/s" } }, prompt: 64, output: 5 } as const;

const hitRatio = async (prefix?: { count: number; tokens: number; zipf?: number }): Promise<number> => {
  const simulated = await run(small(prefix === undefined ? chat : { ...chat, prefix }, { horizon: "30s", fleet }));
  return simulated.result.pools[0]!.prefixCache.hitRatio!;
};

test("prefix cache: nothing shared -> no hits; a shared prefix -> nearly all of its tokens hit; more different ones -> fewer", async () => {
  expect(await hitRatio()).toBe(0);
  const one = await hitRatio({ count: 1, tokens: 192 });
  // 192 of 256 tokens, from the second request on.
  expect(one).toBeGreaterThan(0.74);
  expect(one).toBeLessThan(0.75);
  const hundred = await hitRatio({ count: 100, tokens: 192, zipf: 0 });
  expect(hundred).toBeLessThan(one);
  expect(await hitRatio({ count: 100, tokens: 192, zipf: 1.5 })).toBeGreaterThan(hundred);
});

test("prefix cache: hits need no prefill -> the first token comes earlier", async () => {
  const slowPrefill = (prefixCache: boolean) => ({ gpu: pool({ engine: { prefixCache, step: { a: 1, d: 0.1 } } }) });
  const mean = async (prefixCache: boolean) => {
    const simulated = await run(small({ ...chat, prefix: { count: 1, tokens: 192 } }, { horizon: "30s", fleet: slowPrefill(prefixCache) }));
    return simulated.result.classes[0]!.ttftMs.mean!;
  };
  expect(await mean(true)).toBeLessThan(0.6 * (await mean(false)));
});

test("prefix cache: two classes -> prefixes of their own", async () => {
  const prefixed = { ...chat, arrivals: { closed: { users: 1, think: "100h" } }, prefix: { count: 1, tokens: 192 } } as const;
  const simulated = await run({ ...small(prefixed, { fleet }), traffic: { one: prefixed, two: prefixed } });
  expect(simulated.result.pools[0]!.prefixCache.hitTokens).toBe(0);
});

const MOONCAKE = "../shared/data/traces/mooncake_conversation_trace.jsonl.gz";
const BLOCK_TOKENS = 128;

/** Prompt tokens of a trace, and those in full engine blocks at the beginning of a prompt whose recorded blocks all came before. */
const countHits = (path: string): { promptTokens: number; hitTokens: number } => {
  const seen = new Set<number>();
  let promptTokens = 0;
  let hitTokens = 0;
  for (const line of gunzipSync(readFileSync(path)).toString().trim().split("\n")) {
    const row = JSON.parse(line) as { input_length: number; hash_ids: Array<number> };
    const known = row.hash_ids.findIndex((id) => !seen.has(id));
    // At least one token of a prompt is always computed.
    const full = Math.floor((row.input_length - 1) / BLOCK_TOKENS) * BLOCK_TOKENS;
    hitTokens += Math.min((known < 0 ? row.hash_ids.length : known) * 512, full);
    promptTokens += row.input_length;
    for (const id of row.hash_ids) seen.add(id);
  }
  return { promptTokens, hitTokens };
};

test("prefix cache: Mooncake's conversation trace, unbounded -> 37.4 % of the prompt tokens hit, token by token as counted in the trace", async (context) => {
  if (!existsSync(MOONCAKE)) context.skip(`${MOONCAKE} is absent`);
  const engine = {
    prefixCache: true,
    blockTokens: BLOCK_TOKENS,
    kvBlocks: 1_500_000,
    maxModelLen: "200k",
    maxBatchedTokens: "1M",
    maxSequences: 1024,
    step: { a: 0.001 },
  } as const;
  const simulated = await run(small({ trace: MOONCAKE }, { horizon: "2h", fleet: { gpu: pool({ engine }) } }));
  const { hitTokens, queryTokens } = simulated.result.pools[0]!.prefixCache;
  expect(simulated.result.total.outcomes.completed).toBe(12_031);
  const counted = countHits(MOONCAKE);
  expect({ promptTokens: queryTokens, hitTokens }).toEqual(counted);
  expect(hitTokens / queryTokens).toBeGreaterThan(0.3735);
  expect(hitTokens / queryTokens).toBeLessThan(0.3745);
}, 20_000);
