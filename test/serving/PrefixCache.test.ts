import { existsSync } from "node:fs";
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

test("prefix cache: Mooncake's conversation trace, unbounded -> 37.4 % of the prompt tokens hit", async (context) => {
  if (!existsSync(MOONCAKE)) context.skip(`${MOONCAKE} is absent`);
  const engine = {
    prefixCache: true,
    // As the trace's blocks: 512 tokens.
    blockTokens: 512,
    kvBlocks: 400_000,
    maxModelLen: "200k",
    maxBatchedTokens: "1M",
    maxSequences: 1024,
    step: { a: 0.001 },
  } as const;
  const simulated = await run(small({ trace: MOONCAKE }, { horizon: "2h", fleet: { gpu: pool({ engine }) } }));
  const { hitTokens, queryTokens } = simulated.result.pools[0]!.prefixCache;
  expect(simulated.result.total.outcomes.completed).toBe(12_031);
  expect(hitTokens / queryTokens).toBeGreaterThan(0.3735);
  expect(hitTokens / queryTokens).toBeLessThan(0.3745);
}, 20_000);
