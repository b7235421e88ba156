import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { atLeast, word } from "./PlainSchema.ts";
import { count, duration } from "./Quantities.ts";

/** Routers that need no settings. */
export const ROUTERS = ["roundRobin", "random", "weighted", "leastOutstanding", "powerOfTwo", "prefixAffinity"] as const;

const Router = Schema.Union([
  word(ROUTERS, "Name of a router."),
  Schema.Struct({
    prefixAffinity: Schema.Struct({
      loadFactor: Schema.optionalKey(
        atLeast(1, "Falls back to least outstanding when the favorite replica holds more than this times the mean.", {
          default: DEFAULTS.loadFactor,
        }),
      ),
    }),
  }),
]).annotate({
  identifier: "Router",
  description: "How the gateway picks a replica.",
  default: DEFAULTS.router as never,
  examples: ["powerOfTwo", { prefixAffinity: { loadFactor: 1.25 } }] as never,
});

const Queue = Schema.Struct({
  capacity: count("Attempts that may wait; more are rejected"),
  timeout: Schema.optionalKey(duration("An attempt that has waited this long is shed")),
}).annotate({
  description: "Waiting queue at the gateway; without it everything is forwarded at once and waits in the engines.",
  examples: [{ capacity: 1000, timeout: "30s" }],
});

/** What stands in front of the fleet. */
export const Gateway = Schema.Struct({
  queue: Schema.optionalKey(Queue),
  maxInFlightPerReplica: Schema.optionalKey(
    count(
      "Attempts a replica may hold before the gateway stops sending to it; unlimited without a queue, maxSequences of the engine with one",
    ),
  ),
  responseTimeLimit: Schema.optionalKey(duration("The gateway cuts an attempt that has not finished this long after it arrived")),
  onDisconnect: Schema.optionalKey(
    word(["cancel", "continue"], "What the engine does when client or gateway hang up: stop, or go on for nobody.", {
      default: DEFAULTS.onDisconnect,
    }),
  ),
  router: Schema.optionalKey(Router),
}).annotate({ identifier: "Gateway", description: "What stands in front of the fleet." });
