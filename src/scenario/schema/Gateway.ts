import * as Schema from "effect/Schema";
import { Breaker } from "./Breaker.ts";
import { Concurrency } from "./Concurrency.ts";
import { Brownout } from "./Brownout.ts";
import { Cache } from "./Cache.ts";
import { DEFAULTS } from "./Defaults.ts";
import { Disaggregation } from "./Disaggregation.ts";
import { atLeast, integer, positive, word } from "./PlainSchema.ts";
import { count, duration, share } from "./Quantities.ts";
import { RetryBudget } from "./RetryBudget.ts";
import { Limit, StoreSchema } from "./Limits.ts";
import { Queue } from "./Queue.ts";

/** Routers by name; those with settings have defaults for them. */
export const ROUTERS = [
  "roundRobin",
  "random",
  "weighted",
  "leastOutstanding",
  "powerOfTwo",
  "prefixAffinity",
  "consistentHash",
  "nginx",
  "leastConnections",
  "ewma",
  "peakEwma",
] as const;

const PassiveChecks = Schema.Struct({
  maxFails: Schema.optionalKey(
    count("Failures after which nginx stops sending to a replica; 0 never", { default: DEFAULTS.nginx.maxFails }),
  ),
  failTimeout: Schema.optionalKey(
    duration("Whole seconds for which nginx then sends nothing but one probe", { default: DEFAULTS.nginx.failTimeout }),
  ),
});

const Decay = Schema.Struct({
  decay: Schema.optionalKey(duration("Time constant of the latency estimate", { default: DEFAULTS.ewmaDecay })),
});

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
  Schema.Struct({
    consistentHash: Schema.Struct({
      loadFactor: Schema.optionalKey(
        atLeast(1, "Goes on along the ring when a replica would hold more than this times its share.", { default: DEFAULTS.loadFactor }),
      ),
      virtualNodes: Schema.optionalKey(
        integer({ minimum: 1, maximum: 4096 }, "Points on the ring per replica and unit of weight.", { default: DEFAULTS.virtualNodes }),
      ),
    }).annotate({ description: "A ring on the prompt's prefix, with bounded loads." }),
  }),
  Schema.Struct({
    nginx: PassiveChecks.annotate({ description: "Smooth weighted round robin with passive checks, as an nginx upstream." }),
  }),
  Schema.Struct({
    leastConnections: PassiveChecks.annotate({
      description: "Fewest outstanding attempts per weight, with passive checks, as nginx least_conn.",
    }),
  }),
  Schema.Struct({ ewma: Decay.annotate({ description: "Of two random choices the smaller mean latency times load." }) }),
  Schema.Struct({ peakEwma: Decay.annotate({ description: "As ewma, but a higher latency counts at once." }) }),
]).annotate({
  identifier: "Router",
  description: "How the gateway picks a replica.",
  default: DEFAULTS.router as never,
  examples: ["powerOfTwo", { prefixAffinity: { loadFactor: 1.25 } }, { nginx: { maxFails: 3, failTimeout: "10s" } }] as never,
});

const OutlierEjection = Schema.Struct({
  consecutiveFailures: Schema.optionalKey(
    count("Failures in a row after which a replica is ejected", { default: DEFAULTS.outlier.consecutiveFailures }),
  ),
  sweep: Schema.optionalKey(duration("Ejected replicas come back at multiples of this time", { default: DEFAULTS.outlier.sweep })),
  baseEjection: Schema.optionalKey(
    duration("Length of the first ejection; the n-th in close succession lasts n times as long", {
      default: DEFAULTS.outlier.baseEjection,
    }),
  ),
  maxEjection: Schema.optionalKey(duration("Longest ejection", { default: DEFAULTS.outlier.maxEjection })),
  maxEjected: Schema.optionalKey(
    share("Share of the fleet that may be out at once; one of several always may", { default: DEFAULTS.outlier.maxEjected }),
  ),
  panic: Schema.optionalKey(share("Ejections are ignored when a smaller share is in", { default: DEFAULTS.outlier.panic })),
}).annotate({ description: "Stops sending to replicas that fail again and again, whatever the router (as Envoy's outlier detection)." });

const SlowStart = Schema.Struct({
  window: duration("How long a replica that joins gets less than its share"),
  aggression: Schema.optionalKey(
    positive("1: its share grows along a straight line; more: faster at first.", { default: DEFAULTS.slowStart.aggression }),
  ),
  minimum: Schema.optionalKey(share("Part of its share that it gets at the start", { default: DEFAULTS.slowStart.minimum })),
}).annotate({ description: "Lets replicas that join or come back warm up, whatever the router.", examples: [{ window: "60s" }] });

/** What stands in front of the fleet. */
export const Gateway = Schema.Struct({
  limits: Schema.optionalKey(
    Schema.Array(Limit).check(Schema.isMinLength(1)).annotate({ description: "Rate limits; an attempt passes when all of them admit it." }),
  ),
  store: Schema.optionalKey(StoreSchema),
  cache: Schema.optionalKey(Cache),
  disaggregation: Schema.optionalKey(Disaggregation),
  queue: Schema.optionalKey(Queue),
  concurrency: Schema.optionalKey(Concurrency),
  brownout: Schema.optionalKey(Brownout),
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
  loadReports: Schema.optionalKey(
    Schema.Struct({ every: duration("Time between two reports") }).annotate({
      description:
        "Routers see the attempts that each replica held at its last report, and not the present ones, as with several gateways that share a fleet.",
      examples: [{ every: "5s" }],
    }),
  ),
  retry: Schema.optionalKey(
    Schema.Struct({
      attempts: integer({ minimum: 1, maximum: 100 }, "Tries in all, the first one included."),
      budget: Schema.optionalKey(RetryBudget),
    }).annotate({
      description:
        "The gateway's own tries, at once, of what fails or finds no room before its first token, wherever the router sends it then; clients' retries multiply with them, whose budgets do not know of these.",
    }),
  ),
  breaker: Schema.optionalKey(Breaker),
  outlierEjection: Schema.optionalKey(OutlierEjection),
  slowStart: Schema.optionalKey(SlowStart),
}).annotate({ identifier: "Gateway", description: "What stands in front of the fleet." });
