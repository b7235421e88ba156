import * as Schema from "effect/Schema";
import { Durations } from "./Arrivals.ts";
import { DEFAULTS } from "./Defaults.ts";
import { word } from "./PlainSchema.ts";
import { count, duration, rate } from "./Quantities.ts";

const around = {
  per: Schema.optionalKey(word(["all", "class", "tenant"], "Who shares a bucket.", { default: DEFAULTS.limit.per })),
  cost: Schema.optionalKey(
    word(["request", "promptTokens"], "What an attempt costs: one permit, or one for each token of its prompt.", {
      default: DEFAULTS.limit.cost,
    }),
  ),
};

const refill = Schema.Struct({
  rate: rate("Permits that come back"),
  burst: count("Permits that may be taken at once after a rest"),
});

/** A rate limit of the gateway. */
export const Limit = Schema.Union([
  Schema.Struct({ tokenBucket: refill.annotate({ description: "A bucket that refills continuously." }), ...around }),
  Schema.Struct({
    gcra: refill.annotate({ description: "Generic cell rate algorithm: decides as the token bucket, by one instant." }),
    ...around,
  }),
]).annotate({
  identifier: "Limit",
  description: "A rate limit: exactly one of tokenBucket, gcra; a refused attempt learns when to come back.",
  examples: [{ tokenBucket: { rate: "100/s", burst: 200 }, per: "tenant" }] as never,
});

/** Where limits are kept. */
export const StoreSchema = Schema.Struct({
  latency: Schema.optionalKey(Durations),
  timeout: Schema.optionalKey(duration("How long a decision waits for a reply", { default: DEFAULTS.store.timeout })),
  onFailure: Schema.optionalKey(
    word(["open", "closed"], "What is decided without a reply: admit, or reject.", { default: DEFAULTS.store.onFailure }),
  ),
}).annotate({
  identifier: "Store",
  description: "A Redis that keeps the limits: each decision takes a round trip. Without it the gateway keeps them itself.",
  examples: [{ latency: "1ms", timeout: "50ms", onFailure: "open" }],
});
