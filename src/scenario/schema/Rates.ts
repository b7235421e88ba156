import * as Schema from "effect/Schema";
import { atLeast, between, integer, word } from "./PlainSchema.ts";
import { duration, rate } from "./Quantities.ts";

const points = Schema.Array(Schema.Tuple([duration("Time from the start"), rate("Rate at this time")]))
  .check(Schema.isMinLength(1))
  .annotate({
    description: "Points of the curve as [time, rate]; the first is at 0s, the last rate holds.",
  });

const shares = Schema.Array(atLeast(0, "Weight of this hour")).check(Schema.isMinLength(24), Schema.isMaxLength(24)).annotate({
  description: "24 weights, of the hours 0 to 23 of the day; they are scaled so that the mean rate is `mean`.",
});

/** Rate over time: constant, piecewise, or the hours of a day. */
export const RateCurve = Schema.Union([
  rate("Constant rate"),
  Schema.Struct({
    piecewise: points,
    interpolation: Schema.optionalKey(
      word(["linear", "step"], "Between points: straight lines, or the last rate.", {
        default: "linear",
      }),
    ),
  }),
  Schema.Struct({
    diurnal: Schema.Struct({
      mean: rate("Mean over 24 hours"),
      shares,
      startHour: Schema.optionalKey(
        between({ minimum: 0, maximum: 24 }, "Hour of the day at which the simulation starts.", {
          default: 0,
        }),
      ),
    }).annotate({
      description: "A curve that repeats every 24 hours, linear between the middles of its hours.",
    }),
  }),
]).annotate({
  identifier: "RateCurve",
  description: 'A rate such as "40/s", or a rate over time: piecewise or diurnal.',
  examples: [
    "40/s",
    {
      piecewise: [
        ["0s", "10/s"],
        ["10m", "40/s"],
      ],
    },
  ],
} as never);

/** Number of simulated users of a closed loop. */
export const users = () =>
  integer({ minimum: 1, maximum: 10_000_000 }, "Users that each send, wait for the answer, think, and send again.");
