import * as Schema from "effect/Schema";
import { Durations } from "./Arrivals.ts";
import { count, duration, share } from "./Quantities.ts";

/** A server without a GPU. */
export const Station = Schema.Struct({
  servers: Schema.optionalKey(count("Attempts that are served at once; all of them by default")),
  service: Durations,
  perInFlight: Schema.optionalKey(duration("Added to the service time for each attempt in service when it starts", { default: "0ms" })),
  failures: Schema.optionalKey(share("Share of attempts that fail when their service is over", { default: 0 })),
  maxWaiting: Schema.optionalKey(count("Attempts that may wait for a server; more are refused. Unlimited by default")),
  quota: Schema.optionalKey(
    Schema.Struct({
      limit: count("Attempts that the whole pool takes in a window; more are refused"),
      window: duration("Length of the windows, which begin at its multiples"),
    }).annotate({ description: "What another team's API, or a provider, allows.", examples: [{ limit: 100, window: "1s" }] as never }),
  ),
}).annotate({
  identifier: "Station",
  description: "A server of any kind, described by its service time alone: a database, another API, the server of a queueing model.",
  examples: [{ servers: 1, service: { exponential: { mean: "100ms" } } }] as never,
});
