import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCatalogFault } from "../../../src/serving/catalog/CatalogFault.ts";
import { findGpu, GPUS } from "../../../src/serving/catalog/Gpus.ts";
import type { MemoryPlan, MemoryRequest } from "../../../src/serving/catalog/MemoryPlan.ts";
import { planMemory } from "../../../src/serving/catalog/MemoryPlan.ts";
import { findModel, MODELS } from "../../../src/serving/catalog/Models.ts";

const GIB = 2 ** 30;

const request = (gpu: string, model: string, more: Partial<MemoryRequest> = {}): MemoryRequest => ({
  gpu: findGpu(gpu)!,
  model: findModel(model)!,
  dtype: "bf16",
  tensorParallel: 1,
  utilizationRatio: 0.9,
  blockTokens: 16,
  maxBatchedTokens: 8192,
  ...more,
});

const planned = (of: MemoryRequest): MemoryPlan => {
  const plan = planMemory(of);
  if (isCatalogFault(plan)) throw new Error(plan.constraint);
  return plan;
};

describe("planMemory", () => {
  it("RTX 4090 with Llama-3.1-8B: 25.25 GB, weights 16.06 GB, measured reserve of 1.24 GB -> vLLM's 2,588 blocks", () => {
    const plan = planned(request("rtx-4090", "llama-3.1-8b", { maxBatchedTokens: 2048 }));
    expect(plan.weightBytes / 1e9).toBeCloseTo(16.06, 2);
    expect(plan.reserveBytes / 1e9).toBeCloseTo(1.24, 2);
    expect(plan.kvBlocks).toBe(2588);
  });

  it("RTX 4090 without a reserve -> a quarter too many blocks (3,178); beyond the measured batch -> the default reserve", () => {
    expect(planned(request("rtx-4090", "llama-3.1-8b", { reserveBytes: 0 })).kvBlocks).toBe(3178);
    expect(planned(request("rtx-4090", "llama-3.1-8b")).reserveBytes).toBe(3.5 * GIB);
  });

  it("H100 with Llama-3.1-70B: TP4 -> reserve of 3.85 GiB, 80 KiB of KV per token and GPU", () => {
    const plan = planned(request("h100", "llama-3.1-70b", { tensorParallel: 4 }));
    expect(plan.reserveBytes).toBeCloseTo(3.85 * GIB, 0);
    expect(plan.kvBytesPerBlock).toBe(16 * 81_920);
    expect(plan.kvBlocks).toBe(Math.floor((72 * GIB - 70_553_706_496 / 2 - 3.85 * GIB) / (16 * 81_920)));
  });

  it("TP beyond the KV heads: Llama-3.1-70B TP16 -> heads are kept twice, KV per GPU as with TP8", () => {
    const eight = planned(request("h100", "llama-3.1-70b", { tensorParallel: 8 }));
    const sixteen = planned(request("h100", "llama-3.1-70b", { tensorParallel: 16 }));
    expect(sixteen.kvBytesPerBlock).toBe(eight.kvBytesPerBlock);
    expect(sixteen.weightBytes).toBe(eight.weightBytes / 2);
  });

  it("experts on one GPU -> no reserve for collectives, the plan of no expert parallelism; spread over GPUs -> 3.85 GiB", () => {
    const of = (more: Partial<MemoryRequest>): MemoryPlan => planned(request("h100", "gpt-oss-20b", more));
    expect(of({ expertParallel: 1 })).toEqual(of({}));
    for (const spread of [{ expertParallel: 8 }, { expertParallel: 1, dataParallel: 2 }, { expertParallel: 2, tensorParallel: 2 }])
      expect(of(spread).reserveBytes).toBeCloseTo(3.85 * GIB, 0);
  });

  it("pipeline of 2, 4 and 80 stages -> layers divided, one end of the embedding, the reserve as before", () => {
    const stage = (pipelineParallel: number) => planned(request("h100", "llama-3.1-70b", { tensorParallel: 4, pipelineParallel }));
    const one = stage(1);
    const embedding = 128_256 * 8192 * 2;
    for (const stages of [2, 4, 80]) {
      const plan = stage(stages);
      expect(plan.weightBytes).toBeCloseTo(((70_553_706_496 * 2 - 2 * embedding) / stages + embedding) / 4, 0);
      expect(plan.kvBytesPerBlock).toBeCloseTo(one.kvBytesPerBlock / stages, 6);
      expect(plan.reserveBytes).toBe(one.reserveBytes);
    }
    // 80 layers in 3 stages: 27, 27 and 26.
    expect(stage(3).kvBytesPerBlock).toBeCloseTo((one.kvBytesPerBlock * 27) / 80, 6);
    expect(stage(2).kvBlocks).toBeGreaterThan(2 * one.kvBlocks);
  });

  it("wide expert parallelism: DeepSeek-V3 fp8 on EP64 -> experts spread, the rest whole, room for the published 88 x 5k tokens", () => {
    const plan = planned(request("h800", "deepseek-v3", { dtype: "fp8", expertParallel: 64 }));
    expect(plan.weightBytes / 1e9).toBeGreaterThan(27);
    expect(plan.weightBytes / 1e9).toBeLessThan(31);
    expect(plan.kvBlocks * 16).toBeGreaterThan(440_000);
  });

  it("too big: Llama-3.1-70B bf16 on one H100 -> what it needs and the smallest TP", () => {
    const fault = planMemory(request("h100", "llama-3.1-70b"));
    expect(fault).toMatchObject({
      _tag: "CatalogFault",
      field: "parallelism.tp",
      value: 1,
      hint: "the smallest tensor parallelism that fits is 2; dtype fp8 fits as it is; the smallest GPU of the catalog that holds it is b200",
    });
    expect(isCatalogFault(fault) && fault.constraint).toMatch(/needs 134\.9 GiB per GPU .* offers 72\.0 GiB at a utilization of 0\.9/);
  });

  it("too big: DeepSeek-R1 fp8 on TP8 H800 -> names wide expert parallelism as well", () => {
    const fault = planMemory(request("h800", "deepseek-r1", { dtype: "fp8", tensorParallel: 8 }));
    expect(isCatalogFault(fault) && fault.hint).toBe(
      'the smallest tensor parallelism that fits is 16; tp 4 x pp 3 stays inside nodes; dtype int4 fits as it is; the smallest GPU of the catalog that holds it is h20, or wide expert parallelism, per GPU: dtype "fp8+ep64" with parallelism 1',
    );
  });

  it("too big: Llama-3.1-405B bf16 on one H100, 70B on one A100-40 -> fewer bytes or another GPU with tensor parallelism inside a node", () => {
    const hintOf = (gpu: string, model: string): string => {
      const fault = planMemory(request(gpu, model));
      return isCatalogFault(fault) ? fault.hint : "fits";
    };
    expect(hintOf("h100", "llama-3.1-405b")).toBe(
      "the smallest tensor parallelism that fits is 16; tp 4 x pp 3 stays inside nodes; dtype fp8 fits with tp 8; the smallest GPU of the catalog that holds it inside a node is b300 with tp 4",
    );
    expect(hintOf("a100-40gb", "llama-3.1-70b")).toBe(
      "the smallest tensor parallelism that fits is 8; dtype int8 fits with tp 4; the smallest GPU of the catalog that holds it is b200",
    );
  });

  it("law: what the hint says fits does fit, and one step less does not", () => {
    const gpus = GPUS.map(({ name }) => name);
    const models = MODELS.map(({ name }) => name);
    const cases = fc.record({
      gpu: fc.constantFrom(...gpus),
      model: fc.constantFrom(...models),
      dtype: fc.constantFrom("bf16", "fp8", "int4"),
    });
    fc.assert(
      fc.property(cases, ({ gpu, model, dtype }) => {
        const of = request(gpu, model, { dtype: dtype as MemoryRequest["dtype"] });
        const fault = planMemory(of);
        if (!isCatalogFault(fault)) return;
        const { tensorParallel, stages, dtype: narrow, gpu: other } = fault.shortage!.alternatives;
        const fits = (more: Partial<MemoryRequest>) => !isCatalogFault(planMemory({ ...of, ...more }));
        if (tensorParallel !== undefined) {
          expect(fits({ tensorParallel })).toBe(true);
          expect(fits({ tensorParallel: tensorParallel / 2 })).toBe(false);
        }
        if (stages !== undefined) expect(fits(stages)).toBe(true);
        if (narrow !== undefined) expect(fits(narrow)).toBe(true);
        if (other !== undefined) expect(fits({ gpu: findGpu(other.name)!, tensorParallel: other.tensorParallel })).toBe(true);
      }),
    );
  });

  it("fits nowhere: utilization of a hundredth -> says to take another GPU", () => {
    const fault = planMemory(request("l4", "llama-3.1-8b", { utilizationRatio: 0.01 }));
    expect(isCatalogFault(fault) && fault.hint).toMatch(/at no tensor parallelism: take another GPU/);
  });

  it("law: any utilization and block size -> the blocks fit and one more would not", () => {
    const cases = fc.record({
      utilizationRatio: fc.double({ min: 0.5, max: 1, noNaN: true }),
      blockTokens: fc.constantFrom(8, 16, 32, 64),
    });
    fc.assert(
      fc.property(cases, (of) => {
        const plan = planned(request("h100", "llama-3.1-8b", of));
        const used = plan.weightBytes + plan.reserveBytes + plan.kvBlocks * plan.kvBytesPerBlock;
        const usable = of.utilizationRatio * 80 * GIB;
        expect(used).toBeLessThanOrEqual(usable);
        expect(used + plan.kvBytesPerBlock).toBeGreaterThan(usable);
      }),
    );
  });
});
