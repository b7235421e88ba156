import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { atLeast, between, integer, positive } from "./PlainSchema.ts";
import { count, duration } from "./Quantities.ts";

const { range, aimd, vegas, gradient2, breakwater } = DEFAULTS.concurrency;
const MOST = 1_000_000;

const within = {
  initial: Schema.optionalKey(integer({ minimum: 1, maximum: MOST }, "Limit at the start.", { default: range.initial })),
  min: Schema.optionalKey(integer({ minimum: 1, maximum: MOST }, "Least limit.", { default: range.min })),
  max: Schema.optionalKey(integer({ minimum: 1, maximum: MOST }, "Largest limit.", { default: range.max })),
};

const ratio = (description: string, absent?: number) =>
  Schema.optionalKey(between({ minimum: 0.001, maximum: 0.999 }, description, absent === undefined ? {} : { default: absent }));

/** How many attempts the fleet may hold at once. */
export const Concurrency = oneKey({
  fixed: Schema.Struct({
    limit: count("Attempts at once"),
    perTenant: Schema.optionalKey(count("Of one tenant; as many as of all by default")),
  }).annotate({ description: "Always the same." }),
  aimd: Schema.Struct({
    ...within,
    backoff: ratio("What a failure or a time-out multiplies the limit with.", aimd.backoff),
    timeout: Schema.optionalKey(duration("An answer that takes longer counts as a time-out", { default: aimd.timeout })),
  }).annotate({ description: "Grows by one per answer while at least half of it is used, and shrinks by a share at each drop." }),
  vegas: Schema.Struct({
    ...within,
    alpha: Schema.optionalKey(atLeast(0, "Grows while fewer attempts than this queue, as estimated.", { default: vegas.alpha })),
    beta: Schema.optionalKey(atLeast(0, "Shrinks while more than this queue.", { default: vegas.beta })),
    probeEvery: Schema.optionalKey(
      integer({ minimum: 1, maximum: 2 ** 30 }, "Answers after which the least latency is measured anew.", { default: vegas.probeEvery }),
    ),
    backoff: ratio("What a failure or a time-out multiplies the limit with.", vegas.backoff),
  }).annotate({ description: "Follows how much longer answers take than the fastest one." }),
  gradient2: Schema.Struct({
    ...within,
    tolerance: Schema.optionalKey(
      atLeast(1, "Latency may rise by this factor before the limit shrinks.", { default: gradient2.tolerance }),
    ),
    smoothing: Schema.optionalKey(between({ minimum: 0.001, maximum: 1 }, "Weight of each new limit.", { default: gradient2.smoothing })),
    queue: Schema.optionalKey(atLeast(0, "Attempts that may queue.", { default: gradient2.queue })),
    longSamples: Schema.optionalKey(
      integer({ minimum: 1, maximum: 1e9 }, "Answers in the long mean of latencies.", { default: gradient2.longSamples }),
    ),
    dropRatio: ratio("What a drop multiplies the limit with; by default drops are samples like others, as in the source."),
  }).annotate({ description: "Follows the long mean of latencies over the last one." }),
  breakwater: Schema.Struct({
    ...within,
    target: duration("A wait for a server that is all right"),
    grow: Schema.optionalKey(positive("Added by a change while waits are below the target.", { default: breakwater.grow })),
    cut: ratio("Share that a change takes off for each target by which the longest wait is above it.", breakwater.cut),
    every: Schema.optionalKey(duration("Time between two changes: a round trip", { default: breakwater.every })),
  }).annotate({ description: "Credits that follow how long attempts wait in the engines, which tell." }),
}).annotate({
  identifier: "Concurrency",
  description:
    "Attempts that the fleet may hold at once: exactly one of fixed, aimd, vegas, gradient2, breakwater; more wait in the queue, or are rejected.",
  examples: [{ fixed: { limit: 500, perTenant: 100 } }, { gradient2: {} }] as never,
});
