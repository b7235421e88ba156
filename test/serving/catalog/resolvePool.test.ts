import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CatalogFault } from "../../../src/serving/catalog/CatalogFault.ts";
import { isCatalogFault } from "../../../src/serving/catalog/CatalogFault.ts";
import { GPUS } from "../../../src/serving/catalog/Gpus.ts";
import type { EngineName } from "../../../src/serving/catalog/EngineNames.ts";
import { MODELS, routedExpertBytes, weightBytes } from "../../../src/serving/catalog/Models.ts";
import { ROOFLINE_ERRORS } from "../../../src/serving/catalog/RooflineFactors.ts";
import type { PoolRequest } from "../../../src/serving/catalog/PoolRequest.ts";
import { resolvePool } from "../../../src/serving/catalog/resolvePool.ts";
import { EXCHANGE_WARNING, ROOFLINE_WARNING } from "../../../src/serving/catalog/rooflineWarnings.ts";
import type { PoolSpec } from "../../../src/serving/ServingSpec.ts";

const STEP = { a: 10, b: 0.1, c: 1e-4, d: 0.05, e: 1e-6, h: 0 };

const request = (more: Partial<PoolRequest> = {}): PoolRequest => ({
  name: "main",
  gpu: "H100",
  model: "meta-llama/Llama-3.1-8B",
  dtype: "bf16",
  tensorParallel: 1,
  replicas: 4,
  weight: 1,
  backup: false,
  engine: {},
  ...more,
});

const pool = (more: Partial<PoolRequest> = {}): PoolSpec => {
  const resolved = resolvePool(request(more));
  if (isCatalogFault(resolved)) throw new Error(`${resolved.field} ${resolved.constraint}`);
  return resolved;
};

const fault = (more: Partial<PoolRequest>): CatalogFault => {
  const resolved = resolvePool(request(more));
  if (!isCatalogFault(resolved)) throw new Error("resolved");
  return resolved;
};

/** A fault that says something, or a pool whose steps take time and whose KV cache holds its longest sequence. */
const isSound = (resolved: PoolSpec | CatalogFault): boolean => {
  if (isCatalogFault(resolved)) return resolved.constraint !== "" && resolved.hint !== "";
  const { step, kvBlocks, blockTokens, maxModelTokens } = resolved.engine;
  return (
    Math.min(step.a, step.b, step.c, step.d + (step.rowMs ?? 0)) > 0 &&
    Number.isInteger(kvBlocks) &&
    kvBlocks * blockTokens >= maxModelTokens
  );
};

describe("resolvePool: what is found", () => {
  it("time before the engine -> what was fitted together with the step times, unless it is given; 0 is none", () => {
    const overhead = (more: Partial<PoolRequest>) => pool(more).requestOverhead;
    const known = (perRequestMs: number) => ({ perRequestMs, perPromptTokenMs: 0.00216 });
    const roofline = { model: "mistral-7b" };
    expect(overhead(roofline)).toEqual(known(26.2));
    expect(overhead({ engineName: "sglang" })).toEqual(known(165));
    expect(overhead({ engineName: "trtllm" })).toEqual(known(69.5));
    // Composed, measured and given steps have none of their own.
    for (const of of [{}, { gpu: "rtx-4090", engine: { maxBatchedTokens: 2048 } }, { step: STEP }]) expect(overhead(of)).toBeUndefined();
    const given = { perRequestMs: 5, perPromptTokenMs: 0 };
    for (const of of [{}, roofline, { step: STEP }]) expect(overhead({ ...of, requestOverhead: given })).toEqual(given);
    expect(overhead({ ...roofline, requestOverhead: { perRequestMs: 0, perPromptTokenMs: 0 } })).toBeUndefined();
    expect(overhead({ ...roofline, requestOverhead: { perRequestMs: 0, perPromptTokenMs: 1 } })).toBeDefined();
  });

  it("pipeline of two stages -> blocks and memory of a stage's GPU; as many blocks whatever the data-parallel ranks", () => {
    const whole = pool();
    const piped = pool({ pipelineParallel: 2 });
    expect(piped.engine.kvBlocks).toBeGreaterThan(2 * whole.engine.kvBlocks);
    expect(piped.memory!.weightBytes).toBeLessThan(0.6 * whole.memory!.weightBytes);
    expect(piped.memory!.kvBytes).toBeLessThanOrEqual(piped.memory!.gpuBytes - piped.memory!.weightBytes);
    const ranks = pool({ dataParallel: 4 });
    expect(ranks.engine.kvBlocks).toBe(whole.engine.kvBlocks);
    expect(ranks.gpusPerReplica).toBe(4);
  });

  it("H100 with Llama-3.1-8B: nothing else said -> vLLM V1's defaults, fitted step plus host time, catalog price, no warning", () => {
    const resolved = pool();
    expect(resolved).toMatchObject({
      gpu: "h100",
      model: "llama-3.1-8b",
      dtype: "bf16",
      gpusPerReplica: 1,
      usdPerGpuHour: 1.3,
      stepErrorRatio: 0.08,
      warnings: [],
    });
    expect(resolved.engine).toMatchObject({
      maxBatchedTokens: 8192,
      maxSequences: 256,
      maxModelTokens: 131_072,
      blockTokens: 16,
      prefixCache: true,
      reserveFullPrompt: true,
      maxWaiting: 100_000,
    });
    expect(resolved.engine.kvBlocks).toBeGreaterThan(27_000);
    expect(resolved.engine.kvBlocks).toBeLessThan(28_000);
    expect(resolved.engine.step.a).toBeCloseTo(6.08666 + 1.2, 9);
    expect(resolved.stepSource).toMatch(/median error 2\.7 % decode, 8 % prefill; plus 1\.2 ms of host time/);
  });

  it("engine settings and price: given -> kept", () => {
    const engine = {
      maxBatchedTokens: 2048,
      maxSequences: 64,
      maxModelTokens: 32_768,
      blockTokens: 32,
      kvBlocks: 9000,
      prefixCache: false,
      reserveFullPrompt: false,
      maxWaiting: 50,
    };
    const resolved = pool({ engine, usdPerGpuHour: 2.99 });
    expect(resolved.engine).toMatchObject(engine);
    expect(resolved.usdPerGpuHour).toBe(2.99);
  });

  it("host overhead: composed 1.2 ms, RTX 4090 and Splitwise none, given -> added", () => {
    expect(pool({ gpu: "rtx-4090", engine: { maxBatchedTokens: 2048 } }).engine.step.a).toBe(16.926);
    const { a, floorMs } = pool({ model: "llama-2-70b", dtype: "fp16+vllm-2023", tensorParallel: 8 }).engine.step;
    expect(a + floorMs!).toBeCloseTo(29.9, 9);
    expect(pool({ hostOverheadMs: 0 }).engine.step.a).toBe(6.08666);
    expect(pool({ gpu: "rtx-4090", hostOverheadMs: 2, engine: { maxBatchedTokens: 2048 } }).engine.step.a).toBeCloseTo(18.926, 9);
  });

  it("no entry: Mistral-7B on an L4, Mixtral on H100s -> roofline with its warnings and error", () => {
    const small = pool({ gpu: "l4", model: "mistral-7b" });
    expect(small.warnings).toContain(ROOFLINE_WARNING);
    expect(small.warnings).toContain("the roofline's factors were fitted on h100, h200, b200, b300, not on l4");
    expect(small.stepErrorRatio).toBe(ROOFLINE_ERRORS.tpotRatio);
    expect(small.stepSource).toMatch(/^roofline of l4 and mistral-7b under vllm/);
    expect(pool({ model: "mixtral-8x7b", tensorParallel: 2 }).warnings).toEqual([ROOFLINE_WARNING]);
  });

  it("another engine than vLLM -> its own host times by the roofline, even where there is an entry", () => {
    const trtllm = pool({ engineName: "trtllm" });
    expect(trtllm.stepSource).toMatch(/^roofline of h100 and llama-3.1-8b under trtllm/);
    expect(pool().stepSource).toMatch(/^composed/);
    expect(pool({ engineName: "vllm" }).stepSource).toBe(pool().stepSource);
    const host = (engineName: EngineName) => pool({ model: "mistral-7b", engineName }).engine.step;
    expect(host("sglang").a).not.toBe(host("vllm").a);
    expect(pool({ model: "mistral-7b", hostOverheadMs: 0 }).engine.step.a).toBeLessThan(host("vllm").a);
  });

  it("experts spread over 16 GPUs -> their weights by 16, the rest on each rank, KV per rank, rows travel", () => {
    const wide = { gpu: "h200", model: "deepseek-v3", dtype: "fp8", dataParallel: 16, expertParallel: 16 };
    const spread = pool(wide);
    expect(spread.gpusPerReplica).toBe(16);
    const { weightBytes: perGpu } = spread.memory!;
    const { model } = { model: MODELS.find(({ name }) => name === "deepseek-v3")! };
    const routed = routedExpertBytes(model, "fp8");
    expect(perGpu).toBeCloseTo(weightBytes(model, "fp8") - routed + routed / 16, 0);
    expect(spread.warnings).toContain(EXCHANGE_WARNING);
    expect(spread.engine.step.experts).toMatchObject({ count: 256, ranks: 16 });
    // Spread over fewer GPUs, the rest of them cuts each expert: the same bytes.
    expect(pool({ ...wide, expertParallel: 4 }).memory!.weightBytes).toBe(perGpu);
    // The same GPUs by tensor parallelism: rows stay, and all of the weights are cut.
    const cut = pool({ ...wide, dataParallel: 1, tensorParallel: 16 });
    expect(cut.memory!.weightBytes).toBeCloseTo(weightBytes(model, "fp8") / 16, 0);
    expect(cut.warnings).not.toContain(EXCHANGE_WARNING);
  });

  it.each([
    ["of a dense model", { expertParallel: 2, tensorParallel: 2 }, "needs a mixture of experts"],
    [
      "over GPUs that do not divide",
      { model: "mixtral-8x7b", tensorParallel: 4, expertParallel: 3 },
      "must divide the 4 GPUs of tp and dp",
    ],
    ["over more GPUs than experts", { model: "mixtral-8x7b", dataParallel: 16, expertParallel: 16 }, "must be at most the 8 experts"],
    [
      "beside a variant",
      { gpu: "h100", model: "deepseek-v3", dtype: "fp8+ep64", expertParallel: 1 },
      "must not be together with an engine variant",
    ],
    ["of an unknown model", { model: "mine", step: STEP, expertParallel: 1 }, "needs a model that is known"],
  ])("experts %s -> refused at parallelism.ep", (_, more, constraint) => {
    const refused = fault(more);
    expect(refused.field).toBe("parallelism.ep");
    expect(refused.constraint).toContain(constraint);
  });

  it("step given: unknown GPU and model with blocks -> taken as they are, no host time, cost 0 with a warning", () => {
    const resolved = pool({
      gpu: "tpu-v9",
      model: "my-model",
      dtype: "int3",
      step: STEP,
      engine: { kvBlocks: 1000 },
    });
    expect(resolved).toMatchObject({
      gpu: "tpu-v9",
      model: "my-model",
      dtype: "int3",
      usdPerGpuHour: 0,
      stepSource: "given in the scenario",
    });
    expect(resolved.engine).toMatchObject({ step: STEP, kvBlocks: 1000, maxModelTokens: 16_000 });
    expect(resolved.warnings).toEqual(['no price is known for tpu-v9: its cost counts as $0, set price in the pool, as "$2/h"']);
  });

  it("step given: known GPU and model -> blocks and price from the catalog", () => {
    expect(pool({ step: STEP })).toMatchObject({
      usdPerGpuHour: 1.3,
      engine: { step: STEP, kvBlocks: pool().engine.kvBlocks },
    });
  });

  it("KV smaller than the model's length: length not given -> cut to what fits, with a warning", () => {
    const resolved = pool({ gpu: "rtx-4090", engine: { maxBatchedTokens: 2048 } });
    expect(resolved.engine).toMatchObject({ kvBlocks: 2588, maxModelTokens: 41_408 });
    expect(resolved.warnings).toEqual(["maxModelLen is cut from the model's 131072 to the 41408 tokens that the KV cache holds"]);
  });

  it("beyond the fit: 1,024 sequences, 32k batched tokens -> a warning for each", () => {
    const { warnings } = pool({ engine: { maxSequences: 1024, maxBatchedTokens: 32_768 } });
    expect(warnings).toEqual([
      "step times are fitted up to 256 sequences per step, the engine allows 1024",
      "step times are fitted up to 8192 prefill tokens per step, the engine allows 32768",
    ]);
  });

  it("wide expert parallelism: DeepSeek-R1 on H800 -> one GPU per replica, the published 88 x 5k tokens fit, range and NVLink warned of", () => {
    const resolved = pool({ gpu: "h800", model: "deepseek-ai/DeepSeek-R1", dtype: "fp8+ep64" });
    expect(resolved).toMatchObject({ dtype: "fp8+ep64", gpusPerReplica: 1, usdPerGpuHour: 2 });
    expect(resolved.engine.kvBlocks * 16).toBeGreaterThan(88 * 5000);
    expect(resolved.warnings).toHaveLength(2);
  });
});

describe("resolvePool: faults", () => {
  it("gpu: H10O -> names h100 and all others", () => {
    expect(fault({ gpu: "H10O" })).toMatchObject({
      field: "gpu",
      value: "H10O",
      hint: expect.stringMatching(/^did you mean "h100"\? known: h100, h200, /),
    });
  });

  it("model: lama-3.1-8b -> names llama-3.1-8b", () => {
    expect(fault({ model: "lama-3.1-8b" })).toMatchObject({
      field: "model",
      hint: expect.stringContaining('did you mean "llama-3.1-8b"?'),
    });
  });

  it("dtype: bf61 -> names bf16; fp8 on A100 -> says what it has; a Splitwise variant on the wrong model -> says there is none", () => {
    expect(fault({ dtype: "bf61" })).toMatchObject({
      field: "dtype",
      hint: 'did you mean "bf16"? known: bf16, fp16, fp8, int8, int4',
    });
    expect(fault({ gpu: "a100", dtype: "fp8" })).toMatchObject({
      field: "dtype",
      hint: "a100 has bf16, fp16, int8, int4",
    });
    expect(fault({ dtype: "fp16+vllm-2023" })).toMatchObject({
      field: "dtype",
      hint: expect.stringMatching(/^there is none/),
    });
    expect(fault({ model: "llama-2-70b", dtype: "fp16+vllm-2032", tensorParallel: 8 }).hint).toBe(
      'did you mean "fp16+vllm-2023"? known: fp16+vllm-2023',
    );
  });

  it("parallelism: 3 -> the possible ones; a variant without that parallelism -> those it has", () => {
    expect(fault({ tensorParallel: 3 })).toMatchObject({
      field: "parallelism.tp",
      value: 3,
      hint: "possible: 1, 2, 4, 8, 16, 32",
    });
    expect(fault({ model: "llama-2-70b", dtype: "fp16+vllm-2023", tensorParallel: 2 })).toMatchObject({
      field: "parallelism.tp",
      hint: "known: 8, 4",
    });
  });

  it("memory: kvBlocks that there is no GPU memory for -> how many there is room for", () => {
    expect(fault({ engine: { kvBlocks: 1_000_000 } })).toMatchObject({
      field: "engine.kvBlocks",
      value: 1_000_000,
      constraint: "needs 1953.1 GiB of KV per GPU beside weights of 15.0 GiB, but h100 has 80.0 GiB",
      hint: "at most 33301 with this parallelism, or leave it out: the catalog takes what fits",
    });
    // All of the memory, against every reserve: whoever measured an engine knows better.
    expect(pool({ engine: { kvBlocks: 33_301 } }).memory).toMatchObject({ gpuBytes: 80 * 2 ** 30 });
    const { weightBytes, reserveBytes, kvBytes } = pool({ engine: { kvBlocks: 33_301 } }).memory!;
    expect((weightBytes + reserveBytes + kvBytes) / (80 * 2 ** 30)).toBeCloseTo(1, 9);
    // With step times of one's own the weights may be spread otherwise, but KV that fills more than the GPU cannot be.
    expect(pool({ model: "llama-3.1-70b", step: STEP, engine: { kvBlocks: 16_384 } }).memory).toBeUndefined();
    expect(pool({ step: STEP, engine: { kvBlocks: 33_302 } }).memory).toBeUndefined();
    expect(fault({ model: "llama-3.1-70b", step: STEP, engine: { kvBlocks: 16_385 } })).toMatchObject({ field: "engine.kvBlocks" });
  });

  it("memory: kvBlocks on a GPU that does not hold the weights -> does not fit all the same", () => {
    expect(fault({ model: "llama-3.1-70b", engine: { kvBlocks: 1000 } })).toMatchObject({ field: "parallelism.tp", value: 1 });
  });

  it("memory: 70B bf16 on one H100 -> the smallest parallelism that fits", () => {
    expect(fault({ model: "llama-3.1-70b" })).toMatchObject({
      field: "parallelism.tp",
      hint: "the smallest tensor parallelism that fits is 2; dtype fp8 fits as it is; the smallest GPU of the catalog that holds it is b200",
    });
  });

  it("blocks: step given, model unknown, no blocks -> asks for them", () => {
    expect(fault({ model: "my-model", step: STEP })).toMatchObject({
      field: "engine.kvBlocks",
      value: "absent",
    });
  });

  it("blocks: fewer than one sequence of the length asked for -> how many it takes", () => {
    expect(fault({ engine: { kvBlocks: 100, maxModelTokens: 4096 } })).toMatchObject({
      field: "engine.kvBlocks",
      value: 100,
      constraint: "must hold one sequence of maxModelLen (4096 tokens, 256 blocks)",
    });
  });

  it("law: any known names -> a pool with a positive step, blocks for its longest sequence, or a fault with a hint", () => {
    const requests = fc.record({
      gpu: fc.constantFrom(...GPUS.map((gpu) => gpu.name)),
      model: fc.constantFrom(...MODELS.map((model) => model.name)),
      dtype: fc.constantFrom("bf16", "fp16", "fp8", "fp8+ep64", "fp16+vllm-2023"),
      tensorParallel: fc.integer({ min: 0, max: 16 }),
    });
    fc.assert(
      fc.property(requests, (of) => {
        expect(isSound(resolvePool(request(of)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
