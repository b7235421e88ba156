import { describe, expect, it } from "vitest";
import { shapeOfConfig } from "../../../src/serving/catalog/shapeOfConfig.ts";
import { findModel } from "../../../src/serving/catalog/Models.ts";

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
});
