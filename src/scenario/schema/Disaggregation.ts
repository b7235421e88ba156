import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { flag } from "./PlainSchema.ts";
import { bandwidth, count, duration, tokens } from "./Quantities.ts";

const { disaggregation } = DEFAULTS;

/** How prompts get from prefill to decode pools. */
export const Disaggregation = Schema.Struct({
  link: Schema.Struct({
    bandwidth: bandwidth("Bandwidth of one prefill replica towards the decode replicas; its transfers share it in order"),
    latency: Schema.optionalKey(duration("Latency of a transfer", { default: disaggregation.latency })),
  }).annotate({ description: "Way of the KV cache out of each prefill replica." }),
  layerwise: Schema.optionalKey(
    flag("KV is sent layer by layer while the prompt is computed: only the last layer's is still to be sent at its end.", {
      default: disaggregation.layerwise,
    }),
  ),
  decider: Schema.optionalKey(
    Schema.Struct({
      promptLongerThan: Schema.optionalKey(tokens("Shorter prompts are computed where they are decoded")),
      prefillQueueBelow: Schema.optionalKey(
        count("Prompts that find so many others waiting at their prefill replica are computed where they are decoded"),
      ),
    }).annotate({
      description: "Which prompts go through a prefill pool: those for which all that is said here holds; all by default.",
      examples: [{ promptLongerThan: 512, prefillQueueBelow: 4 }],
    }),
  ),
}).annotate({
  identifier: "Disaggregation",
  description:
    "Prompts are computed in pools of role prefill, answers in pools of role decode: the KV cache moves between them after the first token.",
  examples: [{ link: { bandwidth: "50GB/s", latency: "0.1ms" } }],
});
