/** How an engine schedules where it is not vLLM V1 with its defaults; an engine with any of this is simulated step by step. */
export interface SchedulingSpec {
  /** continuous: vLLM V1. prefillFirst: vLLM V0 without chunked prefill. static: batches that end together. Default continuous. */
  readonly scheduler?: SchedulerName;
  /** Order of the waiting queue; default fcfs. No order knows how long an answer will be. */
  readonly order?: OrderName;
  /** Prompts may be computed in part; default true. Only the continuous scheduler does it. */
  readonly chunkedPrefill?: boolean;
  /** Most prompt tokens of one sequence in one step (vLLM long_prefill_token_threshold). */
  readonly longPrefillThreshold?: number;
  /** Prompts that may be computed in part at one time (vLLM max_num_partial_prefills). */
  readonly maxPartialPrefills?: number;
  /** Of these, prompts longer than the threshold; others may overtake them (vLLM max_long_partial_prefills). */
  readonly maxLongPartialPrefills?: number;
  /** Share of KV blocks that an admission leaves free, 0..1; default 0.01 for prefillFirst, else 0. */
  readonly watermarkRatio?: number;
  /** Absent: a preempted sequence is computed again. */
  readonly swap?: SwapSpec;
  readonly speculative?: SpeculativeSpec;
  /** Stages of a pipeline, each with its own batch in flight. */
  readonly pipeline?: PipelineSpec;
  /** Ranks with data-parallel attention: each has its own queue, batch and KV blocks, all step together. */
  readonly dataParallel?: DataParallelSpec;
  readonly offload?: OffloadSpec;
  /** Attempts end with their first token; their KV blocks stay until `releaseKv`. */
  readonly prefillOnly?: boolean;
}

export type SchedulerName = "continuous" | "prefillFirst" | "static";
export type OrderName = "fcfs" | "priority" | "shortestFirst";

/** Preempted sequences go to host memory while there is room, and their copies delay the steps they are part of. */
export interface SwapSpec {
  /** Time to copy the KV of one token, either way, in ms. */
  readonly msPerToken: number;
  readonly capacityTokens: number;
}

export interface SpeculativeSpec {
  /** Tokens drafted per sequence and step. */
  readonly tokens: number;
  /** Probability that a drafted token is accepted, given that those before it were, 0..1. */
  readonly acceptanceRatio: number;
  /** By name of the traffic class, where it differs. */
  readonly acceptanceByClass?: { readonly [name: string]: number };
  /** Time per drafted token and step in ms, whatever the batch. */
  readonly draftMs?: number;
  /** Time per drafted token as a share of the step that verifies it. */
  readonly draftRatio?: number;
}

export interface PipelineSpec {
  readonly stages: number;
  /** Handing a batch on, per stage, in ms. */
  readonly transferMs: number;
}

export interface DataParallelSpec {
  readonly ranks: number;
  /** Who gets an attempt: the rank with the least (4 * waiting + running), as vLLM, or with the fewest tokens. Default requests. */
  readonly balance?: "requests" | "tokens";
}

/** A second tier of the prefix cache in host memory. */
export interface OffloadSpec {
  readonly capacityTokens: number;
  /** Time to load the KV of one token, in ms; loads queue for the link. */
  readonly msPerToken: number;
  readonly latencyMs: number;
}
