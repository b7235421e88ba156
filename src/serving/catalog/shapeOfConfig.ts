import type { ExpertShape, LatentShape, ModelShape } from "./ModelShape.ts";
import { canonicalName } from "./Names.ts";

/** Types of models whose config.json is understood. */
export const CONFIG_TYPES = ["llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "deepseek_v3", "gpt_oss"] as const;

/** What is wrong with a config.json. */
export interface ConfigMistake {
  readonly mistake: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The shape of a model from the text of its Hugging Face config.json; parameters are counted from it. Sliding windows count only where
 * `layer_types` tells them apart (gpt_oss); elsewhere all layers attend to everything, which is an upper bound.
 */
export const shapeOfConfig = (of: { readonly name: string; readonly file: string }, text: string): ModelShape | ConfigMistake => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return { mistake: `must be JSON: ${of.file}: ${(cause as Error).message}` };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return { mistake: `must hold an object: ${of.file}` };
  const reading = new Reading(json as Fields);
  const type = reading.fields["model_type"];
  if (!CONFIG_TYPES.includes(type as never)) {
    return { mistake: `must have a model_type of ${CONFIG_TYPES.join(", ")}: ${of.file} has ${JSON.stringify(type)}` };
  }
  const shape = readShape(reading, type as (typeof CONFIG_TYPES)[number], of);
  if (reading.wrong.length === 0) return shape;
  return { mistake: `must have positive whole numbers as ${reading.wrong.join(", ")}: ${of.file}` };
};

/** Reads fields and collects those that are wrong. */
class Reading {
  readonly fields: Fields;
  readonly wrong: Array<string> = [];

  constructor(fields: Fields) {
    this.fields = fields;
  }

  count(key: string, absent?: number): number {
    const value = this.fields[key] ?? absent;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    this.wrong.push(key);
    return 1;
  }
}

const readShape = (
  reading: Reading,
  type: (typeof CONFIG_TYPES)[number],
  of: { readonly name: string; readonly file: string },
): ModelShape => {
  const hidden = reading.count("hidden_size");
  const heads = reading.count("num_attention_heads");
  const layers = reading.count("num_hidden_layers");
  const experts = readExperts(reading, type);
  const { layer_types: layerTypes } = reading.fields;
  const windowed = type === "gpt_oss" && Array.isArray(layerTypes) ? layerTypes.filter((layer) => layer === "sliding_attention").length : 0;
  return {
    name: canonicalName(of.name),
    aliases: [],
    layers,
    hidden,
    vocabulary: reading.count("vocab_size"),
    attentionHeads: heads,
    kvHeads: reading.count("num_key_value_heads", heads),
    headDimension: type === "deepseek_v3" ? reading.count("qk_nope_head_dim") : reading.count("head_dim", hidden / heads),
    intermediate: reading.count("intermediate_size"),
    tiedEmbedding: reading.fields["tie_word_embeddings"] === true,
    ...(experts === undefined ? {} : { experts }),
    ...(type === "deepseek_v3" ? { latent: readLatent(reading) } : {}),
    ...(windowed === 0 ? {} : { window: { layers: windowed, tokens: reading.count("sliding_window") } }),
    ...(type === "gpt_oss" ? { quantizesExpertsOnly: true } : {}),
    maxModelTokens: reading.count("max_position_embeddings"),
    source: of.file,
  };
};

const readExperts = (reading: Reading, type: (typeof CONFIG_TYPES)[number]): ExpertShape | undefined => {
  const active = (): number => reading.count("num_experts_per_tok");
  switch (type) {
    case "mixtral":
    case "gpt_oss":
      return { count: reading.count("num_local_experts"), active: active(), intermediate: reading.count("intermediate_size") };
    case "qwen3_moe":
      return { count: reading.count("num_experts"), active: active(), intermediate: reading.count("moe_intermediate_size") };
    case "deepseek_v3": {
      const dense = reading.fields["first_k_dense_replace"] ?? 0;
      return {
        count: reading.count("n_routed_experts"),
        active: active(),
        intermediate: reading.count("moe_intermediate_size"),
        ...(reading.fields["n_shared_experts"] ? { shared: reading.count("n_shared_experts") } : {}),
        ...(dense === 0 ? {} : { denseLayers: reading.count("first_k_dense_replace") }),
      };
    }
    default:
      return undefined;
  }
};

const readLatent = (reading: Reading): LatentShape => ({
  queryRank: reading.count("q_lora_rank"),
  kvRank: reading.count("kv_lora_rank"),
  ropeDimension: reading.count("qk_rope_head_dim"),
  nopeDimension: reading.count("qk_nope_head_dim"),
  valueDimension: reading.count("v_head_dim"),
});
