import * as Schema from "effect/Schema";
import { Breaker } from "./Breaker.ts";
import { ClientThrottle } from "./Queue.ts";
import { Arrivals, Durations } from "./Arrivals.ts";
import { distribution } from "./Distribution.ts";
import { atLeast, between, flag, integer, positive, text, word } from "./PlainSchema.ts";
import type { CountInput } from "./Quantities.ts";
import { RetryBudget } from "./RetryBudget.ts";
import { count, duration, share, tokens } from "./Quantities.ts";
import { Spike } from "./Spikes.ts";
import { DEFAULTS } from "./Defaults.ts";

/** Formats of recorded traces. */
export const TRACE_FORMATS = ["azure", "burstgpt", "mooncake", "servegen", "sharegpt", "spillway"] as const;

const Lengths = distribution<CountInput>({
  identifier: "Lengths",
  description: 'A number of tokens such as 512 or "2k", or a distribution of such numbers.',
  quantity: (description) => tokens(description),
  examples: [512, "2k", { lognormal: { mean: 500, p99: "4k" } }],
});

const Turns = distribution<CountInput>({
  identifier: "Turns",
  description: "A number of turns, or a distribution of such numbers.",
  quantity: (description) => count(description),
  examples: [4, { geometric: { mean: 4 } }],
});

const LongTail = Schema.Struct({
  share: share("Share of the requests that draw their lengths from here"),
  prompt: Schema.optionalKey(Lengths),
  output: Schema.optionalKey(Lengths),
}).annotate({
  description: "A share of requests with other, longer prompts or outputs.",
  examples: [{ share: "2%", output: "16k" }],
});

const Session = Schema.Struct({
  turns: Turns,
  think: Durations,
  maxContext: Schema.optionalKey(
    tokens("A session ends before a turn whose context would be longer", {
      default: DEFAULTS.maxContext,
    }),
  ),
}).annotate({
  description: "Conversations: each arrival starts one, and each turn sends the whole context again.",
});

const Prefix = Schema.Struct({
  count: integer({ minimum: 1, maximum: 10_000_000 }, "How many different shared prefixes (system prompts) there are."),
  tokens: tokens("Length of each; it comes in front of the prompt"),
  zipf: Schema.optionalKey(atLeast(0, "Exponent of their popularity; 0 is uniform.", { default: DEFAULTS.zipf })),
}).annotate({
  description: "System prompts that requests share.",
  examples: [{ count: 10, tokens: "1k", zipf: 1.1 }],
});

const Repeat = Schema.Struct({
  share: share("Share of the requests that somebody asks word by word again and again"),
  contents: integer({ minimum: 1, maximum: 100_000_000 }, "How many different such requests there are."),
  zipf: Schema.optionalKey(atLeast(0, "Exponent of their popularity; 0 is uniform.", { default: DEFAULTS.zipf })),
}).annotate({
  description: "Identical requests, which a result cache or coalescing can answer once.",
  examples: [{ share: "40%", contents: 10_000, zipf: 1.1 }],
});

const path = "Path of a recorded trace, plain or gzip, relative to this file (relative to the working directory with --set).";

const Trace = Schema.Union([
  text(path),
  Schema.Struct({
    path: text(path),
    format: Schema.optionalKey(word(TRACE_FORMATS, "Format; recognized from the first line by default.")),
    rateScale: Schema.optionalKey(positive("Requests per recorded request.", { default: 1 })),
    timeScale: Schema.optionalKey(positive("Multiplies the recorded times: 0.5 replays twice as fast.", { default: 1 })),
    from: Schema.optionalKey(duration("Start of the window, from the first row, before scaling", { default: "0s" })),
    to: Schema.optionalKey(duration("End of the window; the end of the trace by default")),
    loop: Schema.optionalKey(flag("Starts again at the end.", { default: false })),
  }),
]).annotate({ identifier: "Trace", description: "A recorded trace that is replayed." });

const Slo = Schema.Struct({
  ttft: Schema.optionalKey(duration("Time to first token")),
  tpot: Schema.optionalKey(duration("Mean time per output token after the first")),
  e2e: Schema.optionalKey(duration("Arrival to last token")),
}).annotate({
  description: "Bounds that a request must meet to count as goodput.",
  examples: [{ ttft: "2s", tpot: "60ms" }],
});

const Retry = Schema.Struct({
  attempts: integer({ minimum: 1, maximum: 1000 }, "Tries in all, the first one included."),
  backoff: Schema.optionalKey(duration("Wait before the second try", { default: DEFAULTS.retry.backoff })),
  factor: Schema.optionalKey(atLeast(1, "Multiplies the wait after each further try.", { default: DEFAULTS.retry.factor })),
  maxBackoff: Schema.optionalKey(duration("Longest wait", { default: DEFAULTS.retry.maxBackoff })),
  jitter: Schema.optionalKey(
    word(["none", "full", "equal", "decorrelated"], "full: a uniform draw between 0 and the wait; equal: between half of it and all.", {
      default: DEFAULTS.retry.jitter,
    }),
  ),
  honorRetryAfter: Schema.optionalKey(
    flag("Waits as long as a rejection says, instead of the backoff.", { default: DEFAULTS.retry.honorRetryAfter }),
  ),
  budget: Schema.optionalKey(RetryBudget),
}).annotate({
  description: "How the client tries again after a refusal or failure; without it, it does not.",
});

const Hedge = Schema.Struct({
  after: Schema.Union([
    duration("Wait before each further copy"),
    Schema.Struct({
      percentile: between({ minimum: 1, maximum: 99.99 }, "Percentile of this class's own attempt times so far."),
      initial: duration("Wait until there are enough times"),
    }),
  ]).annotate({
    description: "How long an attempt may take before a further copy is sent.",
    examples: ["2s", { percentile: 95, initial: "2s" }] as never,
  }),
  attempts: Schema.optionalKey(
    integer({ minimum: 2, maximum: 5 }, "Copies in all, the first included.", { default: DEFAULTS.hedge.attempts }),
  ),
}).annotate({
  description: "Sends a further copy of a slow attempt; the first success wins and the others are hung up.",
});

const Client = Schema.Struct({
  deadline: Schema.optionalKey(duration("From arrival, over all tries; then the request is expired")),
  patience: Schema.optionalKey(duration("Without a first token after this, the client gives up: the request is abandoned")),
  attemptTimeout: Schema.optionalKey(duration("Limit of each attempt; when it passes, the client closes the connection and may try again")),
  retry: Schema.optionalKey(Retry),
  hedge: Schema.optionalKey(Hedge),
  breaker: Schema.optionalKey(Breaker),
  throttle: Schema.optionalKey(ClientThrottle),
  adaptiveRate: Schema.optionalKey(
    flag("Holds all attempts, not only retries, back to a rate that follows rejections and refusals (adaptive mode of the AWS SDKs).", {
      default: false,
    }),
  ),
  instances: Schema.optionalKey(
    integer({ minimum: 1, maximum: 100_000 }, "Client processes that the requests are spread over; each has a budget of its own.", {
      default: DEFAULTS.instances,
    }),
  ),
}).annotate({ description: "What clients do." });

/** One class of traffic. */
export const TrafficClass = Schema.Struct({
  arrivals: Schema.optionalKey(Arrivals),
  trace: Schema.optionalKey(Trace),
  spikes: Schema.optionalKey(Schema.Array(Spike).annotate({ description: "Surges on top of the arrivals." })),
  prompt: Schema.optionalKey(Lengths),
  output: Schema.optionalKey(Lengths),
  longTail: Schema.optionalKey(LongTail),
  session: Schema.optionalKey(Session),
  prefix: Schema.optionalKey(Prefix),
  repeat: Schema.optionalKey(Repeat),
  priority: Schema.optionalKey(
    integer({ minimum: -1_000_000, maximum: 1_000_000 }, "Lower is more urgent.", {
      default: DEFAULTS.priority,
    }),
  ),
  weight: Schema.optionalKey(
    positive("In a fair queue, service by weight: a class of weight 2 gets twice that of one of weight 1.", { default: DEFAULTS.weight }),
  ),
  tenant: Schema.optionalKey(text("Whose traffic it is.", { default: DEFAULTS.tenant })),
  slo: Schema.optionalKey(Slo),
  client: Schema.optionalKey(Client),
}).annotate({
  identifier: "TrafficClass",
  description: "A class of traffic: arrivals with prompt and output lengths, or a recorded trace.",
});
