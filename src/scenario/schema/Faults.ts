import * as Schema from "effect/Schema";
import { oneKey } from "./oneKey.ts";
import { integer, positive, text } from "./PlainSchema.ts";
import { duration, share } from "./Quantities.ts";

const once = {
  pool: text("Name of a pool of the fleet."),
  replicas: integer({ minimum: 1, maximum: 100_000 }, "How many of its replicas."),
  at: duration("When, from the start of the simulation"),
};

const where = {
  pool: text("Name of a pool of the fleet."),
  replicas: integer({ minimum: 1, maximum: 100_000 }, "How many of its replicas."),
  at: duration("Start, from the start of the simulation"),
  for: duration("Length"),
};

/** Something that breaks for a while. */
export const Fault = oneKey({
  replicaDown: Schema.Struct(where).annotate({
    description: "Replicas lose what they hold, and come back empty.",
  }),
  restart: Schema.Struct({
    ...once,
    for: Schema.optionalKey(duration("Length of the pause before the start", { default: "0s" })),
  }).annotate({ description: "Replicas lose what they hold and start again, cold, through the phases of their startup." }),
  drain: Schema.Struct(where).annotate({
    description: "Replicas take nothing new, finish what they hold and are off; they start again, cold, when the length is over.",
  }),
  cacheWipe: Schema.Struct(once).annotate({ description: "Prefix caches are emptied; what runs goes on." }),
  linkDown: Schema.Struct(where).annotate({
    description: "The KV links of prefill replicas are down: their prompts are computed again where they are decoded.",
  }),
  linkSlow: Schema.Struct({
    ...where,
    factor: positive("Multiplies the time of each transfer that starts."),
  }).annotate({ description: "The KV links of prefill replicas get slower." }),
  failing: Schema.Struct({
    ...where,
    share: share("Share of the attempts that reach them"),
  }).annotate({ description: "Replicas fail attempts at once, as a server that answers HTTP 500: to a router they look idle." }),
  storeDown: Schema.Struct({ at: where.at, for: where.for }).annotate({
    description: "The store of the limits (gateway.store) does not answer.",
  }),
  storeSlow: Schema.Struct({
    at: where.at,
    for: where.for,
    factor: positive("Multiplies each round trip that starts."),
  }).annotate({ description: "The store of the limits (gateway.store) gets slower." }),
  cacheFlush: Schema.Struct({ at: once.at }).annotate({ description: "The gateway's cache of answers (gateway.cache) is emptied." }),
  slowdown: Schema.Struct({
    ...where,
    factor: positive("Multiplies the time of each engine step: 2 is half as fast."),
  }).annotate({ description: "Replicas get slower." }),
}).annotate({
  identifier: "Fault",
  description:
    "What breaks: exactly one of replicaDown, restart, drain, cacheWipe, linkDown, linkSlow, failing, storeDown, storeSlow, cacheFlush, slowdown.",
  examples: [{ replicaDown: { pool: "main", replicas: 1, at: "10m", for: "5m" } }],
});
