import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { atLeast, flag, integer, positive, word } from "./PlainSchema.ts";
import { count, duration, rate, share, tokens } from "./Quantities.ts";

const Order = Schema.Union([
  word(["fifo", "lifo"], "Oldest first, or newest first."),
  Schema.Struct({
    adaptiveLifo: Schema.Struct({
      standing: duration("How long the queue must not have been empty before the newest goes first"),
    }).annotate({
      description: "Newest first while a queue stands, else oldest first.",
    }),
  }),
  Schema.Struct({
    fair: Schema.Struct({
      by: Schema.optionalKey(word(["tenant", "class"], "Whose service counts together.", { default: DEFAULTS.fair.by })),
      inputWeight: Schema.optionalKey(
        atLeast(0, "Weight of a prompt token, counted when it starts.", { default: DEFAULTS.fair.inputWeight }),
      ),
      outputWeight: Schema.optionalKey(
        positive("Weight of an answer's token, counted when it ends.", { default: DEFAULTS.fair.outputWeight }),
      ),
    }).annotate({
      description:
        "Whoever got the least service is next, and oldest first among their own: the virtual token counter (VTC). When the queue is full, the newest of whoever waits with the most makes room (longest queue drop).",
    }),
  }),
]).annotate({
  description: "Who is next.",
  default: "fifo" as never,
  examples: ["lifo", { adaptiveLifo: { standing: "2s" } }, { fair: {} }] as never,
});

const controlled = (description: string) =>
  Schema.Struct({
    target: duration("A wait that is all right"),
    interval: duration("How long waits may be above it"),
  }).annotate({ description });

const Delay = oneKey({
  codel: controlled("Controlled delay: drops ever faster while every wait of an interval is above the target."),
  standingTimeout: controlled(
    "Facebook's form: the longest wait is the interval, and the target once the queue has stood for an interval without being empty.",
  ),
}).annotate({ description: "Drops who waited too long for the present state of the queue, when its turn comes." });

const { priorityLevels: levels, clientThrottle, successThrottle } = DEFAULTS;

const Priority = Schema.Struct({
  queueWait: Schema.optionalKey(duration("Mean wait of a window above which it counts as overloaded", { default: levels.queueWait })),
  window: Schema.optionalKey(duration("Length of a window", { default: levels.window })),
  windowRequests: Schema.optionalKey(count("A window ends after so many requests too", { default: levels.windowRequests })),
  cut: Schema.optionalKey(share("Share of the admitted load that an overloaded window takes off", { default: levels.cut })),
  grow: Schema.optionalKey(share("Share of the offered load that a good window adds", { default: levels.grow })),
  userLevels: Schema.optionalKey(
    integer({ minimum: 1, maximum: 1024 }, "Levels of users within each priority class.", { default: levels.userLevels }),
  ),
}).annotate({
  description: "Admission by the priority of the traffic class, as DAGOR: under overload the least urgent are refused first.",
});

/** A throttle that refuses by itself what would be refused. */
export const ClientThrottle = Schema.Struct({
  multiplier: Schema.optionalKey(atLeast(1, "Requests that are sent per accepted one.", { default: clientThrottle.multiplier })),
  window: Schema.optionalKey(duration("Time that is looked back on", { default: clientThrottle.window })),
}).annotate({ description: "Adaptive throttling of the SRE book: refuses by itself what would be refused." });

const Throttle = oneKey({
  client: ClientThrottle,
  success: Schema.Struct({
    threshold: Schema.optionalKey(share("Success ratio above which nothing is refused", { default: successThrottle.threshold })),
    aggression: Schema.optionalKey(atLeast(1, "More than 1 refuses earlier.", { default: successThrottle.aggression })),
    window: Schema.optionalKey(duration("Time that is looked back on", { default: successThrottle.window })),
    minimumRate: Schema.optionalKey(rate("Below this rate nothing is refused", { default: successThrottle.minimumRate })),
    maxRejection: Schema.optionalKey(share("Largest probability of a refusal", { default: successThrottle.maxRejection })),
  }).annotate({ description: "Envoy's admission control, by the ratio of successes." }),
}).annotate({ description: "Refuses by chance when too many fail or are refused." });

/** Where attempts wait at the gateway, and who is shed. */
export const Queue = Schema.Struct({
  capacity: count("Attempts that may wait; more are shed"),
  tokens: Schema.optionalKey(tokens("Prompt tokens of all that wait; more are shed. Unlimited by default")),
  timeout: Schema.optionalKey(duration("An attempt that has waited this long is shed")),
  order: Schema.optionalKey(Order),
  delay: Schema.optionalKey(Delay),
  priority: Schema.optionalKey(Priority),
  throttle: Schema.optionalKey(Throttle),
  deadlines: Schema.optionalKey(
    flag("Drops, when its turn comes, who could not be served before its client stops waiting.", { default: false }),
  ),
}).annotate({
  description: "Waiting queue at the gateway; without it everything is forwarded at once and waits in the engines.",
  examples: [{ capacity: 1000, timeout: "30s" }],
});
