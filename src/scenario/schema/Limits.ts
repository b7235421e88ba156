import * as Schema from "effect/Schema";
import { Durations } from "./Arrivals.ts";
import { DEFAULTS } from "./Defaults.ts";
import { flag, word } from "./PlainSchema.ts";
import { count, duration, rate, tokens } from "./Quantities.ts";

const per = Schema.optionalKey(word(["all", "class", "tenant"], "Who shares a bucket.", { default: DEFAULTS.limit.per }));

const around = {
  per,
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

const permits = count("Permits in a window");
const length = duration("Length of the window");

const { tokenBudgets: absent } = DEFAULTS;

const TokenBudgets = Schema.Struct({
  requests: Schema.optionalKey(rate("Requests, as in RPM")),
  tokens: Schema.optionalKey(rate("Tokens of prompts and answers together, as in TPM")),
  inputTokens: Schema.optionalKey(rate("Tokens of prompts, as in ITPM")),
  outputTokens: Schema.optionalKey(rate("Tokens of answers, as in OTPM")),
  window: Schema.optionalKey(duration("A full budget holds what comes back in this time", { default: absent.window })),
  refill: Schema.optionalKey(
    word(
      ["steady", "window"],
      "Whether a budget comes back all the time, or as a whole at each multiple of the window; then what is given back for an ended window is lost.",
      { default: absent.refill },
    ),
  ),
  answer: Schema.optionalKey(
    tokens("Tokens that are reserved for an answer before its length is known, as by max_tokens; 0: it is charged at its end", {
      default: absent.answer,
    }),
  ),
  cachedInput: Schema.optionalKey(flag("Prompt tokens found in a prefix cache count.", { default: absent.cachedInput })),
  lease: Schema.optionalKey(
    duration("What is not settled by then stays charged as reserved; needs to be longer than answers take", { default: absent.lease }),
  ),
}).annotate({
  description:
    "Budgets of requests and tokens: reserved at admission in all of them or none, settled with the actual tokens at the end, refunded after a failure.",
});

/** A rate limit of the gateway. */
export const Limit = Schema.Union([
  Schema.Struct({ tokenBucket: refill.annotate({ description: "A bucket that refills continuously." }), ...around }),
  Schema.Struct({
    gcra: refill.annotate({ description: "Generic cell rate algorithm: decides as the token bucket, by one instant." }),
    ...around,
  }),
  Schema.Struct({
    fixedWindow: Schema.Struct({
      limit: permits,
      window: length,
      anchored: Schema.optionalKey(
        flag("Windows begin at the first attempt after the last one, and not at multiples of their length.", { default: false }),
      ),
    }).annotate({ description: "Counts per window: up to twice the limit pass around an edge." }),
    ...around,
  }),
  Schema.Struct({
    slidingCounter: Schema.Struct({ limit: permits, window: length }).annotate({
      description: "Two windows, of which the former counts as far as the sliding window covers it.",
    }),
    ...around,
  }),
  Schema.Struct({
    slidingLog: Schema.Struct({ limit: permits, window: length }).annotate({
      description: "Remembers every admission: never more than the limit in any window.",
    }),
    ...around,
  }),
  Schema.Struct({
    leakyMeter: Schema.Struct({
      rate: rate("Requests that leak out"),
      burst: Schema.optionalKey(count("Requests beyond the first that may come at once", { default: 0 })),
    }).annotate({ description: "Leaky bucket as nginx limit_req counts it, in whole milliseconds." }),
    ...around,
  }),
  Schema.Struct({
    leakyQueue: Schema.Struct({
      rate: rate("Attempts that leave it, one by one at even gaps"),
      length: count("Attempts that may wait in it; more are rejected"),
    }).annotate({ description: "Leaky bucket as a queue: nobody is refused while there is room, everybody waits for their turn." }),
    per,
  }),
  Schema.Struct({ tokenBudgets: TokenBudgets, per }),
]).annotate({
  identifier: "Limit",
  description:
    "A rate limit: exactly one of tokenBucket, gcra, fixedWindow, slidingCounter, slidingLog, leakyMeter, leakyQueue, tokenBudgets; a refused attempt learns when to come back.",
  examples: [
    { tokenBucket: { rate: "100/s", burst: 200 }, per: "tenant" },
    { tokenBudgets: { requests: "500/m", tokens: "300k/m", answer: 1000 }, per: "tenant" },
  ] as never,
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
