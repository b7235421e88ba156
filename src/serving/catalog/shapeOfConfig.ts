import { checkpointDtype } from "./checkpointDtype.ts";
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
 * `layer_types` tells them apart (gpt_oss); elsewhere all layers attend to everything, which is an upper bound and noted.
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
    return {
      mistake: `must have a model_type of ${CONFIG_TYPES.join(", ")}: ${of.file} has ${type === undefined ? "none" : JSON.stringify(type)}`,
    };
  }
  const shape = readShape(reading, type as ConfigType, of);
  const mistakes = reading.mistakes();
  return mistakes.length === 0 ? shape : { mistake: `${mistakes.join("; ")}: ${of.file}` };
};

type ConfigType = (typeof CONFIG_TYPES)[number];

/** Reads fields and collects those that are wrong. */
class Reading {
  declare readonly fields: Fields;
  private readonly wrong: Array<string> = [];
  private readonly others: Array<string> = [];

  constructor(fields: Fields) {
    this.fields = fields;
  }

  count(key: string, absent?: number): number {
    const value = this.fields[key] ?? absent;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value <= LARGEST) return value;
    this.wrong.push(key);
    return 1;
  }

  /** Absent, null and 0 mean that there is none. */
  countIfAny(key: string): number | undefined {
    return (this.fields[key] ?? 0) === 0 ? undefined : this.count(key);
  }

  flag(key: string): boolean {
    const value = this.fields[key] ?? false;
    this.must(typeof value === "boolean", `must have true or false as ${key}`);
    return value === true;
  }

  must(holds: boolean, mistake: string): void {
    if (!holds) this.others.push(mistake);
  }

  get isSound(): boolean {
    return this.wrong.length === 0;
  }

  mistakes(): ReadonlyArray<string> {
    const counts = this.wrong.length === 0 ? [] : [`must have positive whole numbers as ${this.wrong.join(", ")}`];
    // What does not fit together says nothing while a number is wrong.
    return this.wrong.length === 0 ? this.others : counts;
  }
}

/** No dimension is beyond this. */
const LARGEST = 1e9;
const MOST_LAYERS = 10_000;

const readShape = (reading: Reading, type: ConfigType, of: { readonly name: string; readonly file: string }): ModelShape => {
  const hidden = reading.count("hidden_size");
  const heads = reading.count("num_attention_heads");
  const layers = reading.count("num_hidden_layers");
  const kvHeads = reading.count("num_key_value_heads", heads);
  reading.must(heads % kvHeads === 0, `must have num_key_value_heads that divide num_attention_heads, ${heads}`);
  reading.must(layers <= MOST_LAYERS, `must have num_hidden_layers of at most ${MOST_LAYERS}`);
  const experts = readExperts(reading, type, Math.min(layers, MOST_LAYERS));
  const { layer_types: layerTypes } = reading.fields;
  const windowed = type === "gpt_oss" && Array.isArray(layerTypes) ? layerTypes.filter((layer) => layer === "sliding_attention").length : 0;
  const quantization = reading.fields["quantization_config"] ?? {};
  reading.must(typeof quantization === "object" && !Array.isArray(quantization), "must have an object as quantization_config");
  const weights = checkpointDtype(reading.fields["quantization_config"]);
  const notes = [...windowNotes(reading, type), ...(weights === "unknown" ? [quantizationNote(reading)] : [])];
  return {
    name: canonicalName(of.name),
    aliases: [],
    layers,
    hidden,
    vocabulary: reading.count("vocab_size"),
    attentionHeads: heads,
    kvHeads,
    headDimension: headDimension(reading, type, hidden / heads),
    intermediate: reading.count("intermediate_size"),
    tiedEmbedding: reading.flag("tie_word_embeddings"),
    ...(experts === undefined ? {} : { experts }),
    ...(type === "deepseek_v3" ? { latent: readLatent(reading) } : {}),
    ...(windowed === 0 ? {} : { window: { layers: windowed, tokens: reading.count("sliding_window") } }),
    ...(type === "gpt_oss" ? { quantizesExpertsOnly: true } : {}),
    maxModelTokens: reading.count("max_position_embeddings"),
    ...(weights === undefined || weights === "unknown" ? {} : { checkpointDtype: weights }),
    ...(notes.length === 0 ? {} : { notes }),
    source: of.file,
  };
};

const headDimension = (reading: Reading, type: ConfigType, byWidth: number): number => {
  if (type === "deepseek_v3") return reading.count("qk_nope_head_dim");
  // It follows from others where it is absent: their faults are enough.
  return reading.isSound || (reading.fields["head_dim"] ?? null) !== null ? reading.count("head_dim", byWidth) : 1;
};

const windowNotes = (reading: Reading, type: ConfigType): ReadonlyArray<string> => {
  const { sliding_window: tokens, use_sliding_window: used } = reading.fields;
  const windows = type === "mistral" || type === "mixtral" ? typeof tokens === "number" : type.startsWith("qwen") && used === true;
  return windows ? [`its sliding window of ${String(tokens)} tokens is not modeled: KV and attention are upper bounds`] : [];
};

const quantizationNote = (reading: Reading): string => {
  const { quant_method: method } = reading.fields["quantization_config"] as Fields;
  return `its quantization ${JSON.stringify(method ?? null)} is not understood: weights count in the pool's dtype`;
};

const readExperts = (reading: Reading, type: ConfigType, layers: number): ExpertShape | undefined => {
  const read = (count: string, intermediate: string, more: Partial<ExpertShape> = {}): ExpertShape => {
    const shape = {
      count: reading.count(count),
      active: reading.count("num_experts_per_tok"),
      intermediate: reading.count(intermediate),
      ...more,
    };
    reading.must(shape.active <= shape.count, `must have num_experts_per_tok of at most ${count}, ${shape.count}`);
    return shape;
  };
  switch (type) {
    case "mixtral":
    case "gpt_oss":
      return read("num_local_experts", "intermediate_size");
    case "qwen3_moe":
      return read("num_experts", "moe_intermediate_size", denseLayers(qwenDenseLayers(reading, layers)));
    case "deepseek_v3": {
      const shared = reading.countIfAny("n_shared_experts");
      const dense = deepSeekDenseLayers(reading, layers);
      return read("n_routed_experts", "moe_intermediate_size", { ...(shared === undefined ? {} : { shared }), ...denseLayers(dense) });
    }
    default:
      return undefined;
  }
};

const denseLayers = (count: number): Partial<ExpertShape> => (count === 0 ? {} : { denseLayers: count });

/** Each `decoder_sparse_step`th layer has experts, but for those of `mlp_only_layers`. Source: transformers, modeling_qwen3_moe.py. */
const qwenDenseLayers = (reading: Reading, layers: number): number => {
  const step = reading.count("decoder_sparse_step", 1);
  const listed = reading.fields["mlp_only_layers"] ?? [];
  reading.must(Array.isArray(listed), "must have a list as mlp_only_layers");
  const only = new Set(Array.isArray(listed) ? listed : []);
  return Array.from({ length: reading.isSound ? layers : 0 }, (_, layer) => layer).filter(
    (layer) => only.has(layer) || (layer + 1) % step !== 0,
  ).length;
};

/** From `first_k_dense_replace` on each `moe_layer_freq`th layer has experts. Source: DeepSeek-V3, modeling_deepseek.py. */
const deepSeekDenseLayers = (reading: Reading, layers: number): number => {
  const first = reading.countIfAny("first_k_dense_replace") ?? 0;
  const each = reading.count("moe_layer_freq", 1);
  reading.must(first <= layers, `must have first_k_dense_replace of at most num_hidden_layers, ${layers}`);
  return Array.from({ length: reading.isSound ? layers : 0 }, (_, layer) => layer).filter((layer) => layer < first || layer % each !== 0)
    .length;
};

const readLatent = (reading: Reading): LatentShape => {
  const queryRank = reading.countIfAny("q_lora_rank");
  return {
    ...(queryRank === undefined ? {} : { queryRank }),
    kvRank: reading.count("kv_lora_rank"),
    ropeDimension: reading.count("qk_rope_head_dim"),
    nopeDimension: reading.count("qk_nope_head_dim"),
    valueDimension: reading.count("v_head_dim"),
  };
};
