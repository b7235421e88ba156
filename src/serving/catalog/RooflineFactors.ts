import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import type { EngineName } from "./EngineNames.ts";

/** What data sheets do not say, one set for all GPUs and models. Ratios are shares of the data sheet's figure. */
export interface RooflineFactors {
  /** Weight reads. */
  readonly memoryRatio: number;
  /** Matrix products of attention and dense MLPs, and those of routed experts, whose rows are few. */
  readonly computeRatio: number;
  readonly expertComputeRatio: number;
  /** KV reads, and those of a latent. */
  readonly kvRatio: number;
  readonly latentKvRatio: number;
  /** Attention inside a prompt, of the 16-bit peak. */
  readonly attentionRatio: number;
  readonly linkRatio: number;
  /** Small kernels and launches per layer beside the engine's `layerMs`: of routing to experts, of latent attention, of casting activations to 8 bits. */
  readonly expertLayerMs: number;
  readonly latentLayerMs: number;
  readonly castLayerMs: number;
  /** Latency of an all-reduce for each doubling of its GPUs, and of a dispatch or combine likewise. */
  readonly exchangeMs: number;
  /** Times that the activations of a row cross the memory in each layer, and that those of a row for one expert do. */
  readonly activationPasses: number;
  readonly expertPasses: number;
  /** How much longer the fullest GPU of expert parallelism takes than the mean: 1 + skew * (1 - 1 / GPUs). */
  readonly expertSkewRatio: number;
  /** Share of the rows beyond the first that choose their experts on their own. */
  readonly independentRatio: number;
  /** Time outside of steps that a first token waits for, by prompt token. */
  readonly requestMsPerToken: number;
  readonly engines: { readonly [engine in EngineName]: EngineFactors };
}

/** Of one engine's software. */
export interface EngineFactors {
  /** Host time per step and per sequence that decodes. */
  readonly hostMs: number;
  readonly hostPerSequenceMs: number;
  /** Norms, rotations, launches per layer. */
  readonly layerMs: number;
  /** Speed of reading 8-bit KV over that of 16 bits, in bytes: 0.5 where it takes as long per token. */
  readonly kv8Ratio: number;
  /** Time outside of steps that each first token waits for. */
  readonly requestMs: number;
}

/**
 * Fitted by test/validation/rooflineFit.ts to the closed-loop points of aiconfigurator 095f58a (silicon_sample.csv) that the catalog can say: 638
 * on H100 and H200, 303 on B200 and B300, eight models under vLLM, TensorRT-LLM and SGLang, 1 to 8 GPUs. `kv8Ratio` of SGLang is assumed: it has no
 * such point. `expertSkewRatio` rests on 2 to 8 GPUs.
 */
export const FITTED_FACTORS: RooflineFactors = {
  memoryRatio: 0.953,
  computeRatio: 0.645,
  expertComputeRatio: 0.228,
  kvRatio: 1,
  latentKvRatio: 0.737,
  attentionRatio: 0.343,
  linkRatio: 0.822,
  expertLayerMs: 0.0408,
  latentLayerMs: 0.0377,
  castLayerMs: 0.0141,
  exchangeMs: 0.00177,
  activationPasses: 9.27,
  expertPasses: 33.3,
  expertSkewRatio: 0.0655,
  independentRatio: 0.695,
  requestMsPerToken: 0.00216,
  engines: {
    vllm: { hostMs: 0.438, hostPerSequenceMs: 0.0111, layerMs: 0.0438, kv8Ratio: 0.354, requestMs: 26.2 },
    sglang: { hostMs: 0.775, hostPerSequenceMs: 0.021, layerMs: 0.0444, kv8Ratio: 0.5, requestMs: 165 },
    trtllm: { hostMs: 1.41, hostPerSequenceMs: 0.0257, layerMs: 0.0132, kv8Ratio: 0.739, requestMs: 69.5 },
  },
};

/** The time outside of steps that a first token waits for under an engine. */
export const rooflineOverhead = (engine: EngineName, factors: RooflineFactors): RequestOverhead => ({
  perRequestMs: factors.engines[engine].requestMs,
  perPromptTokenMs: factors.requestMsPerToken,
});

/** GPUs that the factors were fitted on. */
export const FITTED_GPUS: ReadonlyArray<string> = ["h100", "h200", "b200", "b300"];

/**
 * Median absolute errors of models that were left out of the fit, on H100 and H200: time per output token and time to first token of a closed loop.
 * Rounded up from the largest of three medians: over groups of model, GPU, parallelism and engine 8 and 19 %, the same simulated request by
 * request 10.5 and 20.4 %, over points 10 and 17 %.
 */
export const ROOFLINE_ERRORS = { tpotRatio: 0.11, ttftRatio: 0.21 } as const;
