import * as Schema from "effect/Schema";
import { Durations } from "./Arrivals.ts";
import { share } from "./Quantities.ts";

/** The way between clients and gateway. */
export const Network = Schema.Struct({
  latency: Schema.optionalKey(Durations),
  loss: Schema.optionalKey(
    share("Share of messages, each way, that never arrive; only a time limit of the client ends such an attempt", { default: 0 }),
  ),
}).annotate({
  identifier: "Network",
  description: "The way between clients and gateway: one-way latency, drawn for each way of each attempt, and loss.",
  examples: [{ latency: "20ms" }, { latency: { exponential: { mean: "100ms" } }, loss: "0.1%" }],
});
