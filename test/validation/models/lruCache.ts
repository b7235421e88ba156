import { zipf } from "../../../src/kernel/Sampler.ts";
import { Streams } from "../../../src/kernel/Streams.ts";
import { lruHitRatio } from "../../../src/queueing/LruHitRatio.ts";
import { BlockLists } from "../../../src/serving/engine/BlockLists.ts";
import { CachedBlocks } from "../../../src/serving/engine/CachedBlocks.ts";
import type { Case, Run } from "../Case.ts";
import { customersOf, horizonFor, runStation } from "../runStation.ts";
import { arrivalsPerSecond, poisson, SERVICE_MEAN_MS } from "../StationWorld.ts";

const OBJECTS = 1000;
const ZIPF = 0.9;
const SIZES = [50, 200, 500];
const BLOCK_TOKENS = 16;
const WARMUP_RATIO = 0.2;
/** What Che's approximation errs here; assumed. Its error vanishes as the cache grows. */
const CHE_ERROR = 0.0005;

const POPULARITY = Array.from({ length: OBJECTS }, (_, i) => (i + 1) ** -ZIPF);

/** LRU hit ratios against Che's approximation: the block pool by itself, and inside a replica. */
export const lruCache = (): ReadonlyArray<Case> => [...SIZES.map(poolAlone), ...SIZES.map(insideReplica)];

/** The pool holds one block per object and nothing else: plain LRU with room for all its blocks. */
const poolAlone = (blocks: number): Case => ({
  model: "LRU, KV block pool",
  at: `${blocks} blocks`,
  effort: "long",
  quantities: [
    {
      name: "hit ratio",
      closedForm: lruHitRatio({ popularity: POPULARITY, capacity: blocks }).hitRatio,
      allowance: CHE_ERROR,
    },
  ],
  replicate: (run) => Promise.resolve([hitRatioOfPool(blocks, run)]),
});

/** Looks for the object's block within a prompt that is one token longer, uses it, gives it back. */
const hitRatioOfPool = (blocks: number, run: Run): number => {
  const pool = new CachedBlocks(blocks, BLOCK_TOKENS, new BlockLists());
  const draws = new Streams(run.seed, run.replication).open("lru", "object").sequence();
  const objects = zipf(OBJECTS, ZIPF);
  const warmup = WARMUP_RATIO * run.requests;
  let hits = 0;
  for (let k = 0; k < run.requests; k++) {
    const content = {
      prefixKey: objects.sample(draws),
      prefixTokens: BLOCK_TOKENS,
      traceKeys: undefined,
      traceBlockTokens: 1,
      promptTokens: BLOCK_TOKENS + 1,
      streamKey: OBJECTS + 1 + k,
    };
    const found = pool.lookup(content, BLOCK_TOKENS + 1);
    pool.admit(0, content, found, BLOCK_TOKENS);
    pool.release(0, content, BLOCK_TOKENS);
    if (k >= warmup) hits += found;
  }
  return hits / (run.requests - Math.ceil(warmup));
};

/**
 * One sequence at a time with a shared prefix of one block and a token of its own. The block of that token has no key, yet on release it
 * joins the free list as the most recently used: LRU in which every request also touches an object that nobody asks for again.
 */
const insideReplica = (blocks: number): Case => ({
  model: "LRU, prefix cache",
  at: `${blocks} blocks`,
  effort: "medium",
  quantities: [{ name: "hit ratio", closedForm: hitRatioWithTails(blocks), allowance: CHE_ERROR }],
  async replicate(run) {
    const perSecond = arrivalsPerSecond({ utilization: 0.5, servers: 1 });
    const station = {
      name: "prefixes",
      arrivals: poisson(perSecond),
      steps: { kind: "fixed", value: 1 },
      stepMs: SERVICE_MEAN_MS,
      prefix: { count: OBJECTS, tokens: BLOCK_TOKENS, zipf: ZIPF },
      engine: { prefixCache: true, kvBlocks: blocks },
      horizonMs: horizonFor(run, perSecond),
    } as const;
    const customers = customersOf(await runStation(station, run));
    return [customers.cachedTokens / BLOCK_TOKENS / customers.outcomes.completed];
  },
});

/**
 * Che's equation with the tails: between a use of an object and its next one t requests later lie t - 1 whole requests, each with a tail,
 * so sum of (1 - exp(-p t)) = blocks - (t - 1).
 * Both sides move against each other: bisection over t.
 */
const hitRatioWithTails = (blocks: number): number => {
  let low = 0;
  let high = blocks;
  for (;;) {
    const tails = (low + high) / 2;
    const cache = lruHitRatio({ popularity: POPULARITY, capacity: blocks - tails });
    if (tails <= low || tails >= high) return cache.hitRatio;
    if (cache.characteristicRequests - 1 > tails) low = tails;
    else high = tails;
  }
};
