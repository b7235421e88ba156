import { describe, expect, it } from "vitest";
import { findGpu, GPUS, peakFlopPerSecond } from "../../../src/serving/catalog/Gpus.ts";
import { findModel, modelOf, MODELS, weightBytes, weightBytesRead } from "../../../src/serving/catalog/Models.ts";
import { canonicalName } from "../../../src/serving/catalog/Names.ts";

describe("models", () => {
  it.each([
    ["llama-3.1-8b", 131_072],
    ["llama-3.1-70b", 327_680],
    ["llama-2-70b", 327_680],
    ["mixtral-8x7b", 131_072],
    ["deepseek-v3", 70_272],
    ["deepseek-r1", 70_272],
  ])("KV of a token: %s -> %d bytes at 16 bits", (model, bytes) => {
    expect(findModel(model)?.kvBytesPerToken).toBe(bytes);
  });

  it("weights: Llama-3.1-8B -> 16.06 GB in bf16, 9.08 GB in fp8 (embedding and LM head stay at 16 bits)", () => {
    const model = findModel("llama-3.1-8b")!;
    expect(weightBytes(model, "bf16") / 1e9).toBeCloseTo(16.06, 2);
    expect(weightBytes(model, "fp8") / 1e9).toBeCloseTo(9.08, 2);
    expect(weightBytesRead(model, "bf16") / 1e9).toBeCloseTo(15.01, 2);
  });

  it("parameters: every model counted from its shape -> the published count within 0.5 %", () => {
    for (const model of MODELS) {
      const counted = modelOf(undefined, model.shape).parameters;
      expect(Math.abs(counted / model.parameters - 1), model.name).toBeLessThan(0.005);
    }
  });

  it("int4: gpt-oss-120b -> its MXFP4 checkpoint of 65 GB; Llama-3.1-70B int4 below 45 GB", () => {
    expect(weightBytes(findModel("gpt-oss-120b")!, "int4") / 1e9).toBeCloseTo(65, -0.5);
    expect(weightBytes(findModel("llama-3.1-70b")!, "int4") / 1e9).toBeLessThan(45);
  });

  it("experts: Mixtral -> 12.9 B of 46.7 B parameters active, DeepSeek's routed experts are 97 % of its weights", () => {
    const mixtral = findModel("mixtral-8x7b")!;
    expect((mixtral.activeParameters + mixtral.embeddingParameters / 2) / 1e9).toBeCloseTo(12.88, 2);
    const deepSeek = findModel("deepseek-v3")!;
    expect(deepSeek.routedExpertParameters / deepSeek.parameters).toBeCloseTo(0.974, 2);
  });

  it.each([
    ["meta-llama/Llama-3.1-8B", "llama-3.1-8b"],
    ["meta-llama/Meta-Llama-3.1-70B-Instruct", "llama-3.1-70b"],
    ["meta-llama/Llama-2-70b-hf", "llama-2-70b"],
    ["mistralai/Mixtral-8x7B-v0.1", "mixtral-8x7b"],
    ["deepseek-ai/DeepSeek-R1", "deepseek-r1"],
    ["bigscience/bloom", "bloom-176b"],
  ])("alias: %s -> %s", (alias, name) => {
    expect(findModel(alias)?.name).toBe(name);
  });

  it.each([
    ["NVIDIA H100 80GB HBM3", "h100"],
    ["A100-SXM4-80GB", "a100"],
    ["NVIDIA GeForce RTX 4090", "rtx-4090"],
    ["RTX4090", "rtx-4090"],
    ["AMD Instinct MI300X", "mi300x"],
    ["H200_SXM", "h200"],
  ])("GPU alias: %s -> %s", (alias, name) => {
    expect(findGpu(alias)?.name).toBe(name);
  });

  it("names and aliases: all rows -> canonical, and each belongs to one row", () => {
    for (const rows of [GPUS, MODELS]) {
      const names = rows.flatMap((row) => [row.name, ...row.aliases]);
      expect(names.map(canonicalName)).toEqual(names);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("GPUs: all rows -> positive figures with a source, prices with source and date; the H20 has none", () => {
    for (const gpu of GPUS) {
      expect(Math.min(gpu.memoryBytes, gpu.memoryBytesPerSecond, peakFlopPerSecond(gpu, "bf16")!)).toBeGreaterThan(1e9);
      expect(gpu.source).not.toBe("");
    }
    for (const price of GPUS.flatMap((gpu) => gpu.price ?? [])) {
      expect(price.usdPerGpuHour).toBeGreaterThan(0);
      expect(price.source).not.toBe("");
      expect(price.asOf).toMatch(/^(\d{4}-\d{2}|commit \w+)$/);
    }
    expect(GPUS.filter((gpu) => gpu.price === undefined).map((gpu) => gpu.name)).toEqual(["h20"]);
  });
});
