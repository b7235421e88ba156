import { describe, expect, it } from "vitest";
import { shapeOfConfig } from "../../../src/serving/catalog/shapeOfConfig.ts";
import { findModel, modelOf } from "../../../src/serving/catalog/Models.ts";
import type { ModelShape } from "../../../src/serving/catalog/ModelShape.ts";
import { PUBLISHED_CONFIGS } from "./publishedConfigs.ts";

const COMMON = {
  vocab_size: 0,
  hidden_size: 0,
  num_hidden_layers: 0,
  num_attention_heads: 0,
  intermediate_size: 0,
  max_position_embeddings: 0,
};

/** Fields as the published files name them. */
const CONFIGS: ReadonlyArray<readonly [name: string, config: Readonly<Record<string, unknown>>]> = [
  [
    "mixtral-8x7b",
    {
      ...COMMON,
      model_type: "mixtral",
      hidden_size: 4096,
      intermediate_size: 14_336,
      max_position_embeddings: 32_768,
      num_attention_heads: 32,
      num_experts_per_tok: 2,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      num_local_experts: 8,
      sliding_window: null,
      tie_word_embeddings: false,
      vocab_size: 32_000,
    },
  ],
  [
    "qwen-3-30b-a3b",
    {
      ...COMMON,
      model_type: "qwen3_moe",
      head_dim: 128,
      hidden_size: 2048,
      intermediate_size: 6144,
      max_position_embeddings: 40_960,
      moe_intermediate_size: 768,
      num_attention_heads: 32,
      num_experts: 128,
      num_experts_per_tok: 8,
      num_hidden_layers: 48,
      num_key_value_heads: 4,
      tie_word_embeddings: false,
      vocab_size: 151_936,
    },
  ],
  [
    "qwen-2.5-7b",
    {
      ...COMMON,
      model_type: "qwen2",
      hidden_size: 3584,
      intermediate_size: 18_944,
      max_position_embeddings: 32_768,
      num_attention_heads: 28,
      num_hidden_layers: 28,
      num_key_value_heads: 4,
      sliding_window: 131_072,
      use_sliding_window: false,
      tie_word_embeddings: false,
      vocab_size: 152_064,
    },
  ],
  [
    "deepseek-v3",
    {
      ...COMMON,
      model_type: "deepseek_v3",
      quantization_config: { activation_scheme: "dynamic", fmt: "e4m3", quant_method: "fp8", weight_block_size: [128, 128] },
      first_k_dense_replace: 3,
      hidden_size: 7168,
      intermediate_size: 18_432,
      kv_lora_rank: 512,
      max_position_embeddings: 163_840,
      moe_intermediate_size: 2048,
      n_routed_experts: 256,
      n_shared_experts: 1,
      num_attention_heads: 128,
      num_experts_per_tok: 8,
      num_hidden_layers: 61,
      num_key_value_heads: 128,
      q_lora_rank: 1536,
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
      tie_word_embeddings: false,
      vocab_size: 129_280,
    },
  ],
  [
    "gpt-oss-20b",
    {
      ...COMMON,
      model_type: "gpt_oss",
      quantization_config: { modules_to_not_convert: ["model.layers.*.self_attn"], quant_method: "mxfp4" },
      head_dim: 64,
      hidden_size: 2880,
      intermediate_size: 2880,
      layer_types: Array.from({ length: 24 }, (_, layer) => (layer % 2 === 0 ? "sliding_attention" : "full_attention")),
      max_position_embeddings: 131_072,
      num_attention_heads: 64,
      num_experts_per_tok: 4,
      num_hidden_layers: 24,
      num_key_value_heads: 8,
      num_local_experts: 32,
      sliding_window: 128,
      tie_word_embeddings: false,
      vocab_size: 201_088,
    },
  ],
];

describe("shapeOfConfig", () => {
  it.each(CONFIGS)("%s: the fields of its config.json -> the shape in the catalog", (name, config) => {
    const { aliases: _, source: __, ...shape } = findModel(name)!.shape;
    const read = shapeOfConfig({ name, file: "config.json" }, JSON.stringify(config));
    expect(read).toEqual({ tiedEmbedding: false, ...shape, aliases: [], source: "config.json" });
  });

  it("no JSON, no object, a fraction as head width -> a mistake that says so", () => {
    const read = (text: string): unknown => shapeOfConfig({ name: "m", file: "c.json" }, text);
    expect(read("{")).toMatchObject({ mistake: expect.stringMatching(/must be JSON: c\.json/u) });
    expect(read("[]")).toMatchObject({ mistake: expect.stringMatching(/must hold an object/u) });
    const config = JSON.stringify({ ...CONFIGS[2]![1], num_attention_heads: 30, model_type: "llama" });
    expect(read(config)).toMatchObject({ mistake: expect.stringMatching(/as head_dim: c\.json/u) });
  });

  it.each(Object.entries(PUBLISHED_CONFIGS))(
    "%s: parameters counted from its config.json -> the published count within 0.05 %%",
    (name, of) => {
      const [parameters, config] = of;
      const shape = shapeOfConfig({ name, file: "config.json" }, JSON.stringify(config)) as ModelShape;
      expect(modelOf(undefined, shape).parameters / parameters).toBeCloseTo(1, 3);
      expect(Math.abs(modelOf(undefined, shape).parameters / parameters - 1)).toBeLessThan(0.0005);
    },
  );

  const read = (name: string, changes: Readonly<Record<string, unknown>>) =>
    shapeOfConfig({ name, file: "c.json" }, JSON.stringify({ ...PUBLISHED_CONFIGS[name]![1], ...changes }));

  it.each([
    ["Llama-3.1-8B", { hidden_size: undefined }, "must have positive whole numbers as hidden_size: c.json"],
    ["Llama-3.1-8B", { hidden_size: "4096", vocab_size: 1e12 }, "must have positive whole numbers as hidden_size, vocab_size: c.json"],
    ["Llama-3.1-8B", { num_key_value_heads: 7 }, "must have num_key_value_heads that divide num_attention_heads, 32: c.json"],
    ["Llama-3.1-8B", { tie_word_embeddings: "yes" }, "must have true or false as tie_word_embeddings: c.json"],
    ["Llama-3.1-8B", { num_hidden_layers: 20_000 }, "must have num_hidden_layers of at most 10000: c.json"],
    ["Qwen3-30B-A3B", { num_experts_per_tok: 200 }, "must have num_experts_per_tok of at most num_experts, 128: c.json"],
    ["Qwen3-30B-A3B", { mlp_only_layers: 3 }, "must have a list as mlp_only_layers: c.json"],
    ["DeepSeek-V3", { first_k_dense_replace: 62 }, "must have first_k_dense_replace of at most num_hidden_layers, 61: c.json"],
    ["DeepSeek-V3", { q_lora_rank: 0.5 }, "must have positive whole numbers as q_lora_rank: c.json"],
  ] as const)("%s with %j -> a mistake that says what must hold", (name, changes, mistake) => {
    expect(read(name, changes)).toEqual({ mistake });
  });

  it.each([
    ["qwen3_moe: each second layer, and two dense ones more", "Qwen3-30B-A3B", { decoder_sparse_step: 2, mlp_only_layers: [1, 3] }, 26],
    ["deepseek_v3: each second layer after the first three", "DeepSeek-V3", { moe_layer_freq: 2 }, 32],
    ["deepseek_v3: none dense", "DeepSeek-V3", { first_k_dense_replace: 0 }, undefined],
  ])("dense layers of %s -> counted", (_, name, changes, dense) => {
    expect((read(name, changes) as ModelShape).experts!.denseLayers).toBe(dense);
  });

  it.each([
    [{ quant_method: "fp8" }, "fp8"],
    [{ quant_method: "mxfp4" }, "int4"],
    [{ quant_method: "awq", bits: 4 }, "int4"],
    [{ quant_method: "gptq", bits: 8 }, "int8"],
    [{ quant_method: "bitsandbytes", load_in_4bit: true }, "int4"],
    [{ quant_method: "compressed-tensors", config_groups: { group_0: { weights: { num_bits: 8, type: "float" } } } }, "fp8"],
    [{ quant_method: "compressed-tensors", config_groups: { group_0: { weights: { num_bits: 4, type: "int" } } } }, "int4"],
    [undefined, undefined],
    [null, undefined],
  ])("quantization_config %j -> the checkpoint's format %s", (quantization_config, dtype) => {
    const shape = read("Llama-3.1-8B", { quantization_config }) as ModelShape;
    expect(shape.checkpointDtype).toBe(dtype);
    expect(shape.notes).toBeUndefined();
  });

  it.each([["x"], [[1]], [4], [true]])("quantization_config %j, which is none -> a mistake, not 16 bits", (quantization_config) => {
    expect(read("Llama-3.1-8B", { quantization_config })).toEqual({
      mistake: expect.stringContaining("must have an object as quantization_config") as string,
    });
  });

  it("what is not understood or modeled -> a note", () => {
    const notes = (name: string, changes: Readonly<Record<string, unknown>>) => (read(name, changes) as ModelShape).notes?.join();
    expect(notes("Llama-3.1-8B", { quantization_config: { quant_method: "quip" } })).toMatch(/quantization "quip" is not understood/u);
    expect(notes("Mistral-7B-v0.1", {})).toMatch(/sliding window of 4096 tokens is not modeled/u);
    expect(notes("Qwen2.5-0.5B", {})).toBeUndefined();
    expect(notes("Qwen2.5-0.5B", { use_sliding_window: true })).toMatch(/sliding window/u);
  });
});
