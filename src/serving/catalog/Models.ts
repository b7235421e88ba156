import type { Dtype } from "./Dtypes.ts";
import { findByName } from "./Names.ts";

/** The shape of one neural network, as far as speed and memory depend on it. */
export interface ModelSpec {
  readonly name: string;
  readonly aliases: ReadonlyArray<string>;
  readonly parameters: number;
  /** Input embedding and LM head; these stay at 16 bits in fp8 checkpoints. One matrix counts once where both share it. */
  readonly embeddingParameters: number;
  readonly tiedEmbedding: boolean;
  /** Parameters that one token multiplies with, input embedding left out. */
  readonly activeParameters: number;
  /** Parameters of routed experts, which expert parallelism spreads over GPUs; 0 for dense models. */
  readonly routedExpertParameters: number;
  readonly layers: number;
  readonly attentionHeads: number;
  /** Over how many GPUs of a tensor-parallel group the KV can be cut; 1 for a latent that each GPU keeps whole. */
  readonly kvHeads: number;
  /** Width of all heads' outputs: attention heads times head dimension. */
  readonly attentionWidth: number;
  /** KV of one token over all layers, at 16 bits. */
  readonly kvBytesPerToken: number;
  readonly maxModelTokens: number;
  readonly source: string;
}

interface DenseShape {
  readonly name: string;
  readonly aliases: ReadonlyArray<string>;
  readonly parameters: number;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly attentionHeads: number;
  readonly kvHeads: number;
  readonly maxModelTokens: number;
  readonly source: string;
  readonly tiedEmbedding?: boolean;
  readonly experts?: {
    readonly count: number;
    readonly active: number;
    readonly intermediate: number;
  };
}

const HEAD_DIMENSION = 128;
const BYTES_16_BIT = 2;

/** A model with grouped-query (or full) attention of head dimension 128. */
const attentionModel = (shape: DenseShape): ModelSpec => {
  const tiedEmbedding = shape.tiedEmbedding ?? false;
  const embedding = shape.vocabulary * shape.hidden;
  const routed = shape.experts === undefined ? 0 : shape.layers * shape.experts.count * 3 * shape.hidden * shape.experts.intermediate;
  const idle = shape.experts === undefined ? 0 : routed * (1 - shape.experts.active / shape.experts.count);
  return {
    name: shape.name,
    aliases: shape.aliases,
    parameters: shape.parameters,
    embeddingParameters: tiedEmbedding ? embedding : 2 * embedding,
    tiedEmbedding,
    activeParameters: shape.parameters - idle - (tiedEmbedding ? 0 : embedding),
    routedExpertParameters: routed,
    layers: shape.layers,
    attentionHeads: shape.attentionHeads,
    kvHeads: shape.kvHeads,
    attentionWidth: shape.attentionHeads * HEAD_DIMENSION,
    kvBytesPerToken: 2 * shape.layers * shape.kvHeads * HEAD_DIMENSION * BYTES_16_BIT,
    maxModelTokens: shape.maxModelTokens,
    source: shape.source,
  };
};

/** DeepSeek-V3 and R1 share one shape: 61 layers, the last 58 with 256 routed experts of width 2,048, multi-head latent attention of 512 + 64. */
const deepSeek = (name: string, aliases: ReadonlyArray<string>): ModelSpec => ({
  name,
  aliases,
  parameters: 671_026_419_200,
  embeddingParameters: 2 * 129_280 * 7168,
  tiedEmbedding: false,
  activeParameters: 37e9 - 129_280 * 7168,
  routedExpertParameters: 58 * 256 * 3 * 7168 * 2048,
  layers: 61,
  attentionHeads: 128,
  kvHeads: 1,
  attentionWidth: 128 * 128,
  kvBytesPerToken: (512 + 64) * 61 * BYTES_16_BIT,
  maxModelTokens: 163_840,
  source: "deepseek-ai/DeepSeek-V3 config.json; 671 B in all and 37 B active, arXiv 2412.19437 section 2",
});

/** Models by canonical name. */
export const MODELS: ReadonlyArray<ModelSpec> = [
  attentionModel({
    name: "llama-3.1-8b",
    aliases: ["llama-3.1-8b-instruct", "llama3.1-8b", "llama-3-8b"],
    parameters: 8_030_261_248,
    vocabulary: 128_256,
    hidden: 4096,
    layers: 32,
    attentionHeads: 32,
    kvHeads: 8,
    maxModelTokens: 131_072,
    source: "meta-llama/Llama-3.1-8B config.json and safetensors index",
  }),
  attentionModel({
    name: "llama-3.1-70b",
    aliases: ["llama-3.1-70b-instruct", "llama3.1-70b", "llama-3.3-70b", "llama-3.3-70b-instruct", "llama-3-70b"],
    parameters: 70_553_706_496,
    vocabulary: 128_256,
    hidden: 8192,
    layers: 80,
    attentionHeads: 64,
    kvHeads: 8,
    maxModelTokens: 131_072,
    source: "meta-llama/Llama-3.1-70B config.json and safetensors index",
  }),
  attentionModel({
    name: "llama-2-70b",
    aliases: ["llama-2-70b-hf", "llama-2-70b-chat", "llama-2-70b-chat-hf", "llama2-70b"],
    parameters: 68_976_648_192,
    vocabulary: 32_000,
    hidden: 8192,
    layers: 80,
    attentionHeads: 64,
    kvHeads: 8,
    maxModelTokens: 4096,
    source: "meta-llama/Llama-2-70b-hf config.json and safetensors index",
  }),
  attentionModel({
    name: "bloom-176b",
    aliases: ["bloom"],
    parameters: 176_247_271_424,
    vocabulary: 250_880,
    hidden: 14_336,
    layers: 70,
    attentionHeads: 112,
    kvHeads: 112,
    maxModelTokens: 2048,
    tiedEmbedding: true,
    source: "bigscience/bloom config.json and model card",
  }),
  attentionModel({
    name: "mistral-7b",
    aliases: ["mistral-7b-v0.3", "mistral-7b-instruct-v0.3", "mistral-7b-instruct"],
    parameters: 7_248_023_552,
    vocabulary: 32_768,
    hidden: 4096,
    layers: 32,
    attentionHeads: 32,
    kvHeads: 8,
    maxModelTokens: 32_768,
    source: "mistralai/Mistral-7B-v0.3 config.json and safetensors index",
  }),
  attentionModel({
    name: "mixtral-8x7b",
    aliases: ["mixtral-8x7b-v0.1", "mixtral-8x7b-instruct-v0.1", "mixtral-8x7b-instruct"],
    parameters: 46_702_792_704,
    vocabulary: 32_000,
    hidden: 4096,
    layers: 32,
    attentionHeads: 32,
    kvHeads: 8,
    maxModelTokens: 32_768,
    source: "mistralai/Mixtral-8x7B-v0.1 config.json and safetensors index",
    experts: { count: 8, active: 2, intermediate: 14_336 },
  }),
  deepSeek("deepseek-v3", ["deepseek-v3-0324", "deepseek-v3-base"]),
  deepSeek("deepseek-r1", ["deepseek-r1-0528"]),
];

/** The model of a name or alias, in any case, with or without its organization. */
export const findModel = (name: string): ModelSpec | undefined => findByName(MODELS, name);

/** Bytes of all weights. In fp8, embedding and LM head stay at 16 bits; block scales (well below 1 %) are left out. */
export const weightBytes = (model: ModelSpec, dtype: Dtype): number =>
  dtype === "fp8" ? model.parameters + model.embeddingParameters : BYTES_16_BIT * model.parameters;

/** Bytes of weights on each GPU: cut by tensor parallelism, or routed experts spread by expert parallelism and the rest kept whole. */
export const weightBytesPerGpu = (
  model: ModelSpec,
  dtype: Dtype,
  parallel: { readonly tensorParallel: number; readonly expertParallel?: number },
): number => {
  const all = weightBytes(model, dtype);
  if (parallel.expertParallel === undefined) return all / parallel.tensorParallel;
  const routed = model.routedExpertParameters * (dtype === "fp8" ? 1 : BYTES_16_BIT);
  return (all - routed) / parallel.tensorParallel + routed / parallel.expertParallel;
};

/** Bytes of weights that a step reads: all but the input embedding, of which it reads only the rows of its tokens. */
export const weightBytesRead = (model: ModelSpec, dtype: Dtype): number =>
  weightBytes(model, dtype) - (model.tiedEmbedding ? 0 : (model.embeddingParameters / 2) * BYTES_16_BIT);

/** KV bytes of one token on each GPU of a tensor-parallel group; beyond `kvHeads` GPUs, heads are kept more than once. */
export const kvBytesPerTokenPerGpu = (model: ModelSpec, tensorParallel: number): number =>
  model.kvBytesPerToken / Math.min(tensorParallel, model.kvHeads);
