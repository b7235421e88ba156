import * as Schema from "effect/Schema";
import { oneKey } from "./oneKey.ts";
import { flag, integer, named, word } from "./PlainSchema.ts";
import { bandwidth, bytes, count, duration, share, tokens } from "./Quantities.ts";

export const SCHEDULERS = ["continuous", "prefillFirst", "static"] as const;
export const ORDERS = ["fcfs", "priority", "shortestFirst"] as const;

const HostLink = "Bandwidth between GPUs and host memory, of all GPUs of the replica together";

const Swap = Schema.Struct({
  bandwidth: bandwidth(HostLink),
  space: bytes("Host memory for preempted sequences (vLLM swap_space); beyond it they are computed again"),
}).annotate({
  description:
    "The KV of a preempted sequence is copied to host memory and back; the copies delay the steps (vLLM V0, preemption_mode swap).",
});

const Recompute = Schema.Struct({}).annotate({ description: "A preempted sequence loses its KV and is computed again (vLLM V1)." });

const Speculative = Schema.Struct({
  tokens: integer({ minimum: 1, maximum: 64 }, "Tokens drafted per sequence and step (vLLM num_speculative_tokens)."),
  acceptance: share("Probability that the model accepts a drafted token, given that it accepted those before it"),
  acceptanceByClass: Schema.optionalKey(named(share("Acceptance of a traffic class"), "Acceptance by traffic class, where it differs.")),
  draft: Schema.optionalKey(
    oneKey<{ time: string; share: number | string }>({
      time: duration("Time per drafted token and step") as never,
      share: share("Time per drafted token as a share of the step that verifies it") as never,
    }).annotate({ description: "What drafting costs; nothing by default (n-grams).", examples: [{ share: "5%" }] as never }),
  ),
}).annotate({
  description: "Speculative decoding: each step verifies drafted tokens and gives one more than it accepts.",
  examples: [{ tokens: 3, acceptance: "70%", draft: { share: "5%" } }] as never,
});

const Offload = Schema.Struct({
  capacity: bytes("Host memory for evicted blocks of one replica (of one rank with data parallelism)"),
  bandwidth: bandwidth(HostLink),
  latency: Schema.optionalKey(duration("Added to each load", { default: "0s" })),
}).annotate({
  description: "A second tier of the prefix cache in host memory: blocks that the GPU evicts go there, and hits are loaded from there.",
  examples: [{ capacity: "200GB", bandwidth: "50GB/s" }] as never,
});

/** Fields of the engine that choose its scheduler. With any of them a pool is simulated step by step. */
export const SchedulingFields = {
  scheduler: Schema.optionalKey(
    word(
      SCHEDULERS,
      "continuous: vLLM V1. prefillFirst: vLLM V0, whole prompts in steps of their own. static: batches that end together.",
      {
        default: "continuous",
      },
    ),
  ),
  order: Schema.optionalKey(
    word(
      ORDERS,
      "Who is admitted first (vLLM scheduling_policy): by arrival, by priority of the traffic class, or by length of the prompt.",
      {
        default: "fcfs",
      },
    ),
  ),
  chunkedPrefill: Schema.optionalKey(
    flag("Computes long prompts over several steps (vLLM enable_chunked_prefill). Without it a sequence never exceeds maxBatchedTokens.", {
      default: true,
    }),
  ),
  longPrefillThreshold: Schema.optionalKey(tokens("Most prompt tokens of one request in one step (vLLM long_prefill_token_threshold)")),
  maxPartialPrefills: Schema.optionalKey(count("Prompts computed in part at one time (vLLM max_num_partial_prefills)")),
  maxLongPartialPrefills: Schema.optionalKey(
    count("Of these, prompts above longPrefillThreshold; shorter ones overtake the rest (vLLM max_long_partial_prefills)"),
  ),
  kvWatermark: Schema.optionalKey(
    share("Share of KV blocks that admissions leave free (vLLM watermark); 1% for prefillFirst, else 0 by default"),
  ),
  preemption: Schema.optionalKey(
    oneKey<{ recompute: typeof Recompute.Type; swap: typeof Swap.Type }>({ recompute: Recompute, swap: Swap }).annotate({
      description: "What happens to a running sequence when KV blocks run out; recompute by default.",
      examples: [{ swap: { bandwidth: "25GB/s", space: "64GB" } }] as never,
    }),
  ),
  speculative: Schema.optionalKey(Speculative),
  offload: Schema.optionalKey(Offload),
  stageTransfer: Schema.optionalKey(
    duration("Handing a batch from one pipeline stage to the next; with parallelism.pp", { default: "0s" }),
  ),
  dataParallelBalance: Schema.optionalKey(
    word(["requests", "tokens"], "Which rank gets a request; with parallelism.dp: fewest requests (as vLLM) or fewest prompt tokens.", {
      default: "requests",
    }),
  ),
  kvBytesPerToken: Schema.optionalKey(bytes("KV of one token, for preemption.swap and offload; the model's by default")),
};
