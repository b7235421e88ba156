import type { Dtype } from "./Dtypes.ts";
import type { ModelShape } from "./ModelShape.ts";
import { countParameters } from "./ModelShape.ts";
import { canonicalName, findByName } from "./Names.ts";

/** The shape of one neural network, as far as speed and memory depend on it. */
export interface ModelSpec {
  readonly shape: ModelShape;
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

const BYTES_16_BIT = 2;

/** A model by its shape; `parameters` as published, else counted from the shape. */
export const modelOf = (parameters: number | undefined, shape: ModelShape): ModelSpec => {
  const counts = countParameters(shape);
  const tiedEmbedding = shape.tiedEmbedding ?? false;
  const counted = counts.attention + counts.dense + counts.routed + counts.embedding * (tiedEmbedding ? 1 : 2);
  const all = parameters ?? counted;
  return {
    shape,
    name: shape.name,
    aliases: shape.aliases,
    parameters: all,
    embeddingParameters: tiedEmbedding ? counts.embedding : 2 * counts.embedding,
    tiedEmbedding,
    activeParameters: all - (counts.routed - counts.activeRouted) - (tiedEmbedding ? 0 : counts.embedding),
    routedExpertParameters: counts.routed,
    layers: shape.layers,
    attentionHeads: shape.attentionHeads,
    kvHeads: shape.latent === undefined ? shape.kvHeads : 1,
    attentionWidth: shape.attentionHeads * (shape.latent?.valueDimension ?? shape.headDimension),
    kvBytesPerToken: BYTES_16_BIT * shape.layers * kvValues(shape),
    maxModelTokens: shape.maxModelTokens,
    source: shape.source,
  };
};

/** Numbers kept per token and layer: keys and values, or the latent and its rotary part. */
const kvValues = ({ latent, kvHeads, headDimension }: ModelShape): number =>
  latent === undefined ? 2 * kvHeads * headDimension : latent.kvRank + latent.ropeDimension;

/**
 * Models by canonical name. Shapes as published in config.json; window layers count as full ones in `kvBytesPerToken`. Mistral-7B of
 * version 0.3 has no window (0.1 had one of 4,096 tokens).
 */
export const MODELS: ReadonlyArray<ModelSpec> = [
  modelOf(8_030_261_248, {
    name: "llama-3.1-8b",
    aliases: ["llama-3.1-8b-instruct", "llama3.1-8b", "llama-3-8b"],
    layers: 32,
    hidden: 4096,
    vocabulary: 128_256,
    attentionHeads: 32,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 14_336,
    maxModelTokens: 131_072,
    source: "meta-llama/Llama-3.1-8B config.json and safetensors index",
  }),
  modelOf(70_553_706_496, {
    name: "llama-3.1-70b",
    aliases: ["llama-3.1-70b-instruct", "llama3.1-70b", "llama-3.3-70b", "llama-3.3-70b-instruct", "llama-3-70b"],
    layers: 80,
    hidden: 8192,
    vocabulary: 128_256,
    attentionHeads: 64,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 28_672,
    maxModelTokens: 131_072,
    source: "meta-llama/Llama-3.1-70B config.json and safetensors index",
  }),
  modelOf(405_853_388_800, {
    name: "llama-3.1-405b",
    aliases: ["llama-3.1-405b-instruct", "llama3.1-405b"],
    layers: 126,
    hidden: 16_384,
    vocabulary: 128_256,
    attentionHeads: 128,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 53_248,
    maxModelTokens: 131_072,
    source: "meta-llama/Llama-3.1-405B config.json and safetensors index",
  }),
  modelOf(6_738_415_616, {
    name: "llama-2-7b",
    aliases: ["llama-2-7b-hf", "llama-2-7b-chat", "llama-2-7b-chat-hf", "llama2-7b"],
    layers: 32,
    hidden: 4096,
    vocabulary: 32_000,
    attentionHeads: 32,
    kvHeads: 32,
    headDimension: 128,
    intermediate: 11_008,
    maxModelTokens: 4096,
    source: "meta-llama/Llama-2-7b-hf config.json and safetensors index",
  }),
  modelOf(68_976_648_192, {
    name: "llama-2-70b",
    aliases: ["llama-2-70b-hf", "llama-2-70b-chat", "llama-2-70b-chat-hf", "llama2-70b"],
    layers: 80,
    hidden: 8192,
    vocabulary: 32_000,
    attentionHeads: 64,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 28_672,
    maxModelTokens: 4096,
    source: "meta-llama/Llama-2-70b-hf config.json and safetensors index",
  }),
  modelOf(176_247_271_424, {
    name: "bloom-176b",
    aliases: ["bloom"],
    layers: 70,
    hidden: 14_336,
    vocabulary: 250_880,
    attentionHeads: 112,
    kvHeads: 112,
    headDimension: 128,
    intermediate: 57_344,
    plainMlp: true,
    tiedEmbedding: true,
    maxModelTokens: 2048,
    source: "bigscience/bloom config.json and safetensors index",
  }),
  modelOf(7_248_023_552, {
    name: "mistral-7b",
    aliases: ["mistral-7b-v0.3", "mistral-7b-instruct-v0.3", "mistral-7b-instruct"],
    layers: 32,
    hidden: 4096,
    vocabulary: 32_768,
    attentionHeads: 32,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 14_336,
    maxModelTokens: 32_768,
    source: "mistralai/Mistral-7B-v0.3 config.json and safetensors index",
  }),
  modelOf(46_702_792_704, {
    name: "mixtral-8x7b",
    aliases: ["mixtral-8x7b-v0.1", "mixtral-8x7b-instruct-v0.1", "mixtral-8x7b-instruct"],
    layers: 32,
    hidden: 4096,
    vocabulary: 32_000,
    attentionHeads: 32,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 14_336,
    experts: { count: 8, active: 2, intermediate: 14_336 },
    maxModelTokens: 32_768,
    source: "mistralai/Mixtral-8x7B-v0.1 config.json and safetensors index",
  }),
  modelOf(7_615_616_512, {
    name: "qwen-2.5-7b",
    aliases: ["qwen2.5-7b", "qwen2.5-7b-instruct"],
    layers: 28,
    hidden: 3584,
    vocabulary: 152_064,
    attentionHeads: 28,
    kvHeads: 4,
    headDimension: 128,
    intermediate: 18_944,
    maxModelTokens: 32_768,
    source: "Qwen/Qwen2.5-7B-Instruct config.json and safetensors index",
  }),
  modelOf(14_770_033_664, {
    name: "qwen-2.5-14b",
    aliases: ["qwen2.5-14b", "qwen2.5-14b-instruct"],
    layers: 48,
    hidden: 5120,
    vocabulary: 152_064,
    attentionHeads: 40,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 13_824,
    maxModelTokens: 32_768,
    source: "Qwen/Qwen2.5-14B-Instruct config.json and safetensors index",
  }),
  modelOf(32_763_876_352, {
    name: "qwen-2.5-32b",
    aliases: ["qwen2.5-32b", "qwen2.5-32b-instruct"],
    layers: 64,
    hidden: 5120,
    vocabulary: 152_064,
    attentionHeads: 40,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 27_648,
    maxModelTokens: 32_768,
    source: "Qwen/Qwen2.5-32B-Instruct config.json and safetensors index",
  }),
  modelOf(72_706_203_648, {
    name: "qwen-2.5-72b",
    aliases: ["qwen2.5-72b", "qwen2.5-72b-instruct"],
    layers: 80,
    hidden: 8192,
    vocabulary: 152_064,
    attentionHeads: 64,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 29_568,
    maxModelTokens: 32_768,
    source: "Qwen/Qwen2.5-72B-Instruct config.json and safetensors index",
  }),
  modelOf(8_190_735_360, {
    name: "qwen-3-8b",
    aliases: ["qwen3-8b"],
    layers: 36,
    hidden: 4096,
    vocabulary: 151_936,
    attentionHeads: 32,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 12_288,
    maxModelTokens: 40_960,
    source: "Qwen/Qwen3-8B config.json and safetensors index",
  }),
  modelOf(32_762_123_264, {
    name: "qwen-3-32b",
    aliases: ["qwen3-32b"],
    layers: 64,
    hidden: 5120,
    vocabulary: 151_936,
    attentionHeads: 64,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 25_600,
    maxModelTokens: 40_960,
    source: "Qwen/Qwen3-32B config.json and safetensors index",
  }),
  modelOf(30_532_122_624, {
    name: "qwen-3-30b-a3b",
    aliases: ["qwen3-30b-a3b"],
    layers: 48,
    hidden: 2048,
    vocabulary: 151_936,
    attentionHeads: 32,
    kvHeads: 4,
    headDimension: 128,
    intermediate: 6144,
    experts: { count: 128, active: 8, intermediate: 768 },
    maxModelTokens: 40_960,
    source: "Qwen/Qwen3-30B-A3B config.json and safetensors index",
  }),
  modelOf(235_093_634_560, {
    name: "qwen-3-235b-a22b",
    aliases: ["qwen3-235b-a22b", "qwen3-235b-a22b-fp8"],
    layers: 94,
    hidden: 4096,
    vocabulary: 151_936,
    attentionHeads: 64,
    kvHeads: 4,
    headDimension: 128,
    intermediate: 12_288,
    experts: { count: 128, active: 8, intermediate: 1536 },
    aliasDtypes: { "qwen3-235b-a22b-fp8": "fp8" },
    maxModelTokens: 40_960,
    source: "Qwen/Qwen3-235B-A22B config.json and safetensors index",
  }),
  modelOf(20_914_757_184, {
    name: "gpt-oss-20b",
    aliases: ["openai-gpt-oss-20b"],
    layers: 24,
    hidden: 2880,
    vocabulary: 201_088,
    attentionHeads: 64,
    kvHeads: 8,
    headDimension: 64,
    intermediate: 2880,
    experts: { count: 32, active: 4, intermediate: 2880 },
    window: { layers: 12, tokens: 128 },
    quantizesExpertsOnly: true,
    checkpointDtype: "int4",
    maxModelTokens: 131_072,
    source: "openai/gpt-oss-20b config.json and safetensors index; quantization_config: mxfp4",
  }),
  modelOf(116_829_156_672, {
    name: "gpt-oss-120b",
    aliases: ["openai-gpt-oss-120b"],
    layers: 36,
    hidden: 2880,
    vocabulary: 201_088,
    attentionHeads: 64,
    kvHeads: 8,
    headDimension: 64,
    intermediate: 2880,
    experts: { count: 128, active: 4, intermediate: 2880 },
    window: { layers: 18, tokens: 128 },
    quantizesExpertsOnly: true,
    checkpointDtype: "int4",
    maxModelTokens: 131_072,
    source: "openai/gpt-oss-120b config.json and safetensors index; quantization_config: mxfp4",
  }),
  modelOf(671_026_419_200, {
    name: "deepseek-v3",
    aliases: ["deepseek-v3-0324", "deepseek-v3-base"],
    layers: 61,
    hidden: 7168,
    vocabulary: 129_280,
    attentionHeads: 128,
    kvHeads: 128,
    headDimension: 128,
    intermediate: 18_432,
    experts: { count: 256, active: 8, intermediate: 2048, shared: 1, denseLayers: 3 },
    latent: { queryRank: 1536, kvRank: 512, ropeDimension: 64, nopeDimension: 128, valueDimension: 128 },
    checkpointDtype: "fp8",
    maxModelTokens: 163_840,
    source: "deepseek-ai/DeepSeek-V3 config.json and safetensors index; quantization_config: fp8",
  }),
  modelOf(671_026_419_200, {
    name: "deepseek-r1",
    aliases: ["deepseek-r1-0528"],
    layers: 61,
    hidden: 7168,
    vocabulary: 129_280,
    attentionHeads: 128,
    kvHeads: 128,
    headDimension: 128,
    intermediate: 18_432,
    experts: { count: 256, active: 8, intermediate: 2048, shared: 1, denseLayers: 3 },
    latent: { queryRank: 1536, kvRank: 512, ropeDimension: 64, nopeDimension: 128, valueDimension: 128 },
    checkpointDtype: "fp8",
    maxModelTokens: 163_840,
    source: "deepseek-ai/DeepSeek-V3 config.json and safetensors index; quantization_config: fp8",
  }),
  modelOf(undefined, {
    name: "kimi-k2.5",
    aliases: ["kimi-k2", "kimi-k2-instruct", "kimi-k2-thinking"],
    layers: 61,
    hidden: 7168,
    vocabulary: 163_840,
    attentionHeads: 64,
    kvHeads: 64,
    headDimension: 128,
    intermediate: 18_432,
    experts: { count: 384, active: 8, intermediate: 2048, shared: 1, denseLayers: 1 },
    latent: { queryRank: 1536, kvRank: 512, ropeDimension: 64, nopeDimension: 128, valueDimension: 128 },
    quantizesExpertsOnly: true,
    checkpointDtype: "int4",
    aliasDtypes: { "kimi-k2": "fp8", "kimi-k2-instruct": "fp8" },
    maxModelTokens: 262_144,
    source:
      "moonshotai/Kimi-K2.5 config.json, text model; parameters counted from it; quantization_config: 4-bit experts (K2.5, K2-Thinking), fp8 (K2-Instruct)",
  }),
  modelOf(undefined, {
    name: "glm-5",
    aliases: ["glm-5-fp8"],
    layers: 78,
    hidden: 6144,
    vocabulary: 154_880,
    attentionHeads: 64,
    kvHeads: 64,
    headDimension: 192,
    intermediate: 12_288,
    experts: { count: 256, active: 8, intermediate: 2048, shared: 1, denseLayers: 3 },
    latent: { queryRank: 2048, kvRank: 512, ropeDimension: 64, nopeDimension: 192, valueDimension: 256 },
    aliasDtypes: { "glm-5-fp8": "fp8" },
    maxModelTokens: 202_752,
    source: "zai-org/GLM-5 config.json; parameters counted from it; sparse attention counts as full attention",
  }),
  modelOf(undefined, {
    name: "minimax-m2.5",
    aliases: ["minimax-m2", "minimax-m2.1"],
    layers: 62,
    hidden: 3072,
    vocabulary: 200_064,
    attentionHeads: 48,
    kvHeads: 8,
    headDimension: 128,
    intermediate: 1536,
    experts: { count: 256, active: 8, intermediate: 1536 },
    checkpointDtype: "fp8",
    maxModelTokens: 196_608,
    source: "MiniMaxAI/MiniMax-M2.5 config.json; parameters counted from it; quantization_config: fp8",
  }),
];

/** The model of a name or alias, in any case, with or without its organization. */
export const findModel = (name: string): ModelSpec | undefined => findByName(MODELS, name);

/** The number format that the checkpoint of this name is published in; bf16 where nothing else is known. */
export const publishedDtype = ({ shape }: ModelSpec, name: string): Dtype =>
  shape.aliasDtypes?.[canonicalName(name)] ?? shape.checkpointDtype ?? "bf16";

/**
 * Bytes of all weights. Below 16 bits, embedding and LM head stay at 16 bits (and attention where the checkpoints do so). int4 counts
 * 4.25 bits: groups of 128 with a scale of 16 and a zero point of 4 bits come to 4.16, MXFP4 blocks of 32 with a scale of 8 bits to 4.25.
 */
export const weightBytes = (model: ModelSpec, dtype: Dtype): number => {
  const quantized = quantizedParameters(model, dtype);
  return BYTES_PER_WEIGHT[dtype] * quantized + BYTES_16_BIT * (model.parameters - quantized);
};

const BYTES_PER_WEIGHT: Readonly<Record<Dtype, number>> = { bf16: 2, fp16: 2, fp8: 1, int8: 1, int4: 4.25 / 8 };

const quantizedParameters = (model: ModelSpec, dtype: Dtype): number => {
  if (BYTES_PER_WEIGHT[dtype] === BYTES_16_BIT) return model.parameters;
  return model.shape.quantizesExpertsOnly === true ? model.routedExpertParameters : model.parameters - model.embeddingParameters;
};

/** Bytes of all routed experts. */
export const routedExpertBytes = (model: ModelSpec, dtype: Dtype): number => BYTES_PER_WEIGHT[dtype] * model.routedExpertParameters;

/**
 * Bytes of weights on each GPU: cut by tensor parallelism; with expert parallelism, routed experts are spread over its GPUs and those that are left of
 * the replica's cut each of them, while each data-parallel rank keeps the rest. With a pipeline, of the fullest stage: its layers, and one end of the
 * embedding.
 */
export const weightBytesPerGpu = (
  model: ModelSpec,
  dtype: Dtype,
  parallel: {
    readonly tensorParallel: number;
    readonly dataParallel?: number;
    readonly expertParallel?: number;
    readonly pipelineParallel?: number;
  },
): number => {
  const { pipelineParallel = 1 } = parallel;
  const share = stageShare(model, pipelineParallel);
  const all = pipelineParallel === 1 ? weightBytes(model, dtype) : stageBytes(model, dtype, share);
  if (parallel.expertParallel === undefined) return all / parallel.tensorParallel;
  const routed = routedExpertBytes(model, dtype) * share;
  const spread = Math.max(parallel.expertParallel, parallel.tensorParallel * (parallel.dataParallel ?? 1));
  return (all - routed) / parallel.tensorParallel + routed / spread;
};

/** Share of the layers in the fullest stage of a pipeline. */
const stageShare = (model: ModelSpec, stages: number): number => Math.ceil(model.layers / stages) / model.layers;

/** The first stage has the input embedding, the last one the LM head; where they are one matrix, both have it. */
const stageBytes = (model: ModelSpec, dtype: Dtype, share: number): number => {
  const embeddingBytes = model.embeddingParameters * BYTES_16_BIT;
  return (weightBytes(model, dtype) - embeddingBytes) * share + (model.tiedEmbedding ? embeddingBytes : embeddingBytes / 2);
};

/** Bytes of weights that a step reads: all but the input embedding, of which it reads only the rows of its tokens. */
export const weightBytesRead = (model: ModelSpec, dtype: Dtype): number =>
  weightBytes(model, dtype) - (model.tiedEmbedding ? 0 : (model.embeddingParameters / 2) * BYTES_16_BIT);

/**
 * KV bytes of one token on each GPU of a tensor-parallel group; beyond `kvHeads` GPUs, heads are kept more than once. With a pipeline, of its
 * fullest stage.
 */
export const kvBytesPerTokenPerGpu = (model: ModelSpec, tensorParallel: number, pipelineParallel = 1): number =>
  (model.kvBytesPerToken / Math.min(tensorParallel, model.kvHeads)) * stageShare(model, pipelineParallel);
