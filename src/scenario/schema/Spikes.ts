import * as Schema from "effect/Schema";
import { oneKey } from "./oneKey.ts";
import { positive } from "./PlainSchema.ts";
import { duration, rate } from "./Quantities.ts";

const surge = (forDescription: string, description: string) =>
  Schema.Struct({
    at: duration("Start, from the start of the simulation"),
    for: duration(forDescription),
    factor: Schema.optionalKey(
      positive("Multiplies the rate at the top of the spike; either this or extra.", {
        examples: [5],
      }),
    ),
    extra: Schema.optionalKey(rate("Adds to the rate at the top of the spike; either this or factor")),
  }).annotate({ description });

/** One surge on top of an open-loop rate. */
export const Spike = oneKey({
  square: surge("Length", "Full height from start to end."),
  ramp: surge("Length", "Rises linearly to full height, then stops."),
  decay: surge("Time in which it falls to 37 % of its height", "Full height at once, then falls exponentially."),
}).annotate({
  identifier: "Spike",
  description: "A surge: exactly one of square, ramp, decay.",
  examples: [{ square: { at: "10m", for: "2m", factor: 5 } }],
});
