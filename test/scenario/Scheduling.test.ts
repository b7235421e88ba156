import { expect, test } from "vitest";
import { decodeWorld, isFaults } from "../../src/scenario/decode/decodeWorld.ts";
import { resolvePool } from "../../src/serving/catalog/resolvePool.ts";

const decode = (engine: object, pool: object = {}) =>
  decodeWorld(
    {
      name: "x",
      horizon: "60s",
      traffic: { chat: { arrivals: { poisson: { rate: "1/s" } }, prompt: 100, output: 10 } },
      fleet: { pool: { gpu: "H100", model: "llama-3.1-8b", engine, ...pool } },
    },
    { catalog: resolvePool, traceFiles: { find: () => undefined } as never, stepFiles: {} as never },
  );

const engineOf = (engine: object, pool: object = {}) => {
  const world = decode(engine, pool);
  if (isFaults(world)) throw new Error(JSON.stringify(world));
  return world.fleet[0]!;
};

const faultOf = (engine: object, pool: object = {}): string => {
  const world = decode(engine, pool);
  return isFaults(world) ? world.map(({ path, constraint }) => `${path.join(".")} ${constraint}`).join("; ") : "none";
};

test("scheduling: nothing said -> none, so that the pool is simulated by leaps", () => {
  expect(engineOf({}).engine.scheduling).toBeUndefined();
});

test("scheduling: every field -> its number, bytes by the model's KV", () => {
  const { engine, gpusPerReplica } = engineOf(
    {
      order: "priority",
      longPrefillThreshold: "1k",
      maxPartialPrefills: 4,
      maxLongPartialPrefills: 2,
      kvWatermark: "2%",
      preemption: { swap: { bandwidth: "25GB/s", space: "16GB" } },
      speculative: { tokens: 3, acceptance: "70%", acceptanceByClass: { chat: 0.8 }, draft: { share: "5%" } },
      offload: { capacity: "64GB", bandwidth: "50GB/s", latency: "1ms" },
      stageTransfer: "1ms",
    },
    { parallelism: { pp: 2, dp: 3 } },
  );
  // Llama-3.1-8B: 131,072 bytes of KV per token.
  expect(engine.scheduling).toMatchObject({
    order: "priority",
    longPrefillThreshold: 1000,
    maxPartialPrefills: 4,
    maxLongPartialPrefills: 2,
    watermarkRatio: 0.02,
    swap: { capacityTokens: Math.floor(16e9 / 131_072) },
    speculative: { tokens: 3, acceptanceRatio: 0.7, acceptanceByClass: { chat: 0.8 }, draftRatio: 0.05 },
    offload: { capacityTokens: Math.floor(64e9 / 131_072), latencyMs: 1 },
    pipeline: { stages: 2, transferMs: 1 },
    dataParallel: { ranks: 3 },
  });
  expect(engine.scheduling!.swap!.msPerToken).toBeCloseTo((131_072 / 25e9) * 1000, 12);
  expect(gpusPerReplica).toBe(6);
});

test("scheduling: whole prompts and no budget given -> the budget of the longest sequence; a smaller one -> a warning", () => {
  expect(engineOf({ scheduler: "prefillFirst" }).engine.maxBatchedTokens).toBe(131_072);
  expect(engineOf({ chunkedPrefill: false, maxBatchedTokens: 4096 }).warnings.join()).toContain(
    "no sequence is longer than maxBatchedTokens, 4096",
  );
});

test("scheduling: what cannot be -> a fault at its place", () => {
  expect(faultOf({ speculative: { tokens: 3, acceptance: "70%", acceptanceByClass: { code: 0.8 } } })).toContain(
    "fleet.pool.engine.speculative.acceptanceByClass.code must be a traffic class",
  );
  expect(faultOf({ stageTransfer: "1ms" })).toContain("needs parallelism.pp above 1");
  expect(faultOf({ prefixCache: false, offload: { capacity: "1GB", bandwidth: "1GB/s" } })).toContain("engine.offload needs prefixCache");
  expect(
    faultOf({ kvBlocks: 100, step: { a: 1 }, preemption: { swap: { bandwidth: "1GB/s", space: "1GB" } } }, { model: "own" }),
  ).toContain("engine.kvBytesPerToken is missing");
  expect(faultOf({ scheduler: "fifo" })).toContain("fleet.pool.engine.scheduler");
});
