import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { atLeast, flag, text, word } from "./PlainSchema.ts";
import { count, duration, rate, share } from "./Quantities.ts";

const { cache: absent } = DEFAULTS;

const WarmUp = Schema.Struct({
  traffic: text("Name of the traffic class whose contents are loaded; it needs repeat."),
  from: Schema.optionalKey(duration("When the loads begin at the earliest", { default: "0s" })),
  peak: duration("When they must be done"),
  rate: rate("Loads that the fleet can spare"),
}).annotate({ description: "Loads the contents in highest demand before a peak, the hottest last." });

/** The gateway's cache of whole answers. */
export const Cache = Schema.Struct({
  entries: count("Answers that are kept"),
  bytes: Schema.optionalKey(count("Bytes that are kept, four per token; unlimited by default")),
  eviction: Schema.optionalKey(word(["lru", "lfu", "s3fifo"], "What is dropped when it is full.", { default: absent.eviction })),
  ttl: Schema.optionalKey(duration("How long an answer is served", { default: absent.ttl })),
  ttlJitter: Schema.optionalKey(share("Each answer lives up to this much longer or shorter", { default: absent.ttlJitter })),
  latency: Schema.optionalKey(duration("How long a look-up takes", { default: absent.latency })),
  coalesce: Schema.optionalKey(flag("Whoever asks for what is being loaded waits for that load.", { default: absent.coalesce })),
  onLeaderCancel: Schema.optionalKey(
    word(["keep", "handOver"], "What becomes of a load whose first asker gives up while others wait.", { default: absent.onLeaderCancel }),
  ),
  lease: Schema.optionalKey(duration("After this time another asker may load instead; never by default")),
  earlyRefresh: Schema.optionalKey(
    atLeast(0, "XFetch's beta: loads again before the end, at random; 1 as published, 0 never.", { default: absent.earlyRefresh }),
  ),
  staleWhileRevalidate: Schema.optionalKey(
    duration("After its end an answer is served for so long while one load runs", { default: "0s" }),
  ),
  staleIfError: Schema.optionalKey(duration("After its end an answer is served for so long when the load fails", { default: "0s" })),
  negativeTtl: Schema.optionalKey(duration("How long a failure is served without a load", { default: "0s" })),
  warmUp: Schema.optionalKey(WarmUp),
}).annotate({
  identifier: "Cache",
  description: "Whole answers to identical requests (see repeat of a traffic class), with coalescing of what is being loaded.",
  examples: [{ entries: 10_000, ttl: "10m" }],
});
