import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { between, integer, positive, word } from "./PlainSchema.ts";
import { duration, rate, share } from "./Quantities.ts";
import { RateCurve } from "./Rates.ts";

const { autoscale, predictive } = DEFAULTS;

/** Days of the week, Monday first. */
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const period = duration("In which so much may change");
const Step = Schema.Union([
  Schema.Struct({ replicas: integer({ minimum: 1, maximum: 100_000 }, "So many replicas."), period }),
  Schema.Struct({ percent: integer({ minimum: 1, maximum: 100_000 }, "So many percent of the replicas; 100 doubles."), period }),
]).annotate({ description: "At most so much change in a period: exactly one of replicas, percent." });

const Rules = Schema.Struct({
  stabilization: Schema.optionalKey(
    duration("Up: the least, down: the most that was wanted in this time counts; 0s up and 300s down by default"),
  ),
  policies: Schema.optionalKey(Schema.Array(Step).check(Schema.isMinLength(1)).annotate({ description: "Bounds of the speed." })),
  select: Schema.optionalKey(
    word(["max", "min", "disabled"], "The policy that allows most counts, or least; or no change.", { default: "max" }),
  ),
});

const Targets = Schema.Struct({
  utilization: Schema.optionalKey(share("Share of time in which a replica is busy. LLM engines look busy long before they are full")),
  concurrency: Schema.optionalKey(positive("Attempts that a replica holds, waiting ones included.")),
  tokenThroughput: Schema.optionalKey(positive("Tokens per second that a replica generates.")),
  queueLength: Schema.optionalKey(positive("Attempts that wait, at the gateway and in the engines, per replica.")),
}).annotate({ description: "What is held near a value, by its mean over the last interval; of several the one that wants most counts." });

const Hpa = Schema.Struct({
  target: Targets,
  tolerance: Schema.optionalKey(
    between({ minimum: 0, maximum: 1 }, "No change while metric / target is within 1 plus or minus this.", {
      default: autoscale.tolerance,
    }),
  ),
  scaleUp: Schema.optionalKey(
    Rules.annotate({ description: "By default at once, by 4 replicas or 100 percent in 15s, whatever is more." }),
  ),
  scaleDown: Schema.optionalKey(Rules.annotate({ description: "By default as far as wanted over the last 300s." })),
}).annotate({
  description: "The Kubernetes horizontal pod autoscaler (autoscaling/v2).",
  examples: [{ target: { concurrency: 32 } }] as never,
});

const Entry = Schema.Struct({
  at: Schema.String.check(Schema.isPattern(/^(?:[01]?[0-9]|2[0-3]):[0-5][0-9]$/u)).annotate({
    description: "Time of day.",
    examples: ["08:00"],
  }),
  replicas: integer({ minimum: 1, maximum: 100_000 }, "From then on."),
  days: Schema.optionalKey(
    Schema.Array(word(DAYS, "Day of the week."))
      .check(Schema.isMinLength(1))
      .annotate({ description: "Days on which the entry counts; all by default." }),
  ),
});

const weight = (what: string, absent: number) =>
  Schema.optionalKey(between({ minimum: 0, maximum: 1 }, `Weight of a new value in the ${what}.`, { default: absent }));

const Predictive = Schema.Struct({
  perReplica: rate("Attempts that one replica serves within its targets"),
  slot: Schema.optionalKey(duration("Time that one value of the forecast stands for", { default: predictive.slot })),
  season: Schema.optionalKey(duration("After which demand repeats itself", { default: predictive.season })),
  lead: Schema.optionalKey(duration("How far to look ahead; the time from off to ready and one interval by default")),
  margin: Schema.optionalKey(share("On top of the forecast", { default: predictive.margin })),
  alpha: weight("level", predictive.alpha),
  beta: weight("trend", predictive.beta),
  gamma: weight("season", predictive.gamma),
  history: Schema.optionalKey(RateCurve),
}).annotate({
  description:
    "Replicas for the highest demand that Holt-Winters forecasts for the time until a new replica is ready. Without history the first season only teaches.",
  examples: [{ perReplica: "5/s", history: "20/s" }] as never,
});

/** Who changes the number of replicas. */
export const Autoscale = Schema.Struct({
  min: Schema.optionalKey(integer({ minimum: 1, maximum: 100_000 }, "Fewest replicas.", { default: autoscale.min })),
  max: integer({ minimum: 1, maximum: 100_000 }, "Most replicas: machines that there are; one that drains keeps its own."),
  interval: Schema.optionalKey(duration("Between decisions", { default: autoscale.interval })),
  hpa: Schema.optionalKey(Hpa),
  scheduled: Schema.optionalKey(
    Schema.Array(Entry)
      .check(Schema.isMinLength(1))
      .annotate({
        description: "Replicas by time of day: each entry holds until the next.",
        examples: [[{ at: "08:00", replicas: 8 }]] as never,
      }),
  ),
  predictive: Schema.optionalKey(Predictive),
  startHour: Schema.optionalKey(
    between({ minimum: 0, maximum: 24 }, "Hour of the day at which the simulation starts; that of diurnal traffic by default, else 0."),
  ),
  startDay: Schema.optionalKey(word(DAYS, "Day on which it starts.", { default: DAYS[0] })),
}).annotate({
  identifier: "Autoscale",
  description:
    "Changes the number of replicas over time, by one or several of hpa, scheduled, predictive: the largest number wins. The pool's replicas is the number at the start. New replicas are ready when the pool's startup is over; drained ones finish what they hold.",
  examples: [{ min: 2, max: 12, hpa: { target: { concurrency: 32 } } }] as never,
});
