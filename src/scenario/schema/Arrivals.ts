import * as Schema from "effect/Schema";
import type { DurationText } from "../../units/Duration.ts";
import { RateCurve, users } from "./Rates.ts";
import { distribution } from "./Distribution.ts";
import { oneKey } from "./oneKey.ts";
import { between, CV_BOUNDS } from "./PlainSchema.ts";
import { duration, rate } from "./Quantities.ts";

/** Distribution of durations. */
export const Durations = distribution<DurationText>({
  identifier: "Durations",
  description: 'A duration such as "2s", or a distribution of durations.',
  quantity: (description) => duration(description),
  examples: ["2s", { uniform: ["1s", "5s"] }, { lognormal: { mean: "20s", p99: "2m" } }],
});

const cv = () => between(CV_BOUNDS, "Coefficient of variation of the gaps between arrivals: 1 as Poisson, more is burstier.");

const states = Schema.Array(Schema.Struct({ rate: rate("Rate in this state"), mean: duration("Mean stay in this state") }))
  .check(Schema.isMinLength(2))
  .annotate({
    description: "Markov-modulated Poisson process: the rate goes round through these states, with exponential stays.",
  });

const closed = Schema.Struct({
  users: users(),
  think: Durations,
  rampUp: Schema.optionalKey(duration("Users start one by one over this time", { default: "0s" })),
}).annotate({
  description: "Closed loop: each user sends, waits for the answer, thinks, and sends again.",
});

/** How requests (or, with sessions, conversations) arrive. */
export const Arrivals = oneKey({
  poisson: Schema.Struct({ rate: RateCurve }).annotate({ description: "Independent arrivals." }),
  gamma: Schema.Struct({ rate: RateCurve, cv: cv() }).annotate({
    description: "Gamma gaps: bursty with cv above 1.",
  }),
  weibull: Schema.Struct({ rate: RateCurve, cv: cv() }).annotate({
    description: "Weibull gaps: bursty with cv above 1.",
  }),
  deterministic: Schema.Struct({ rate: RateCurve }).annotate({ description: "Equal gaps." }),
  mmpp: states,
  closed,
}).annotate({
  identifier: "Arrivals",
  description: "How requests arrive: exactly one of poisson, gamma, weibull, deterministic, mmpp, closed.",
  examples: [{ poisson: { rate: "40/s" } }, { closed: { users: 100, think: { uniform: ["1s", "5s"] }, rampUp: "1m" } }],
});
