import * as Schema from "effect/Schema";
import { oneKey } from "./oneKey.ts";
import { integer, positive, text } from "./PlainSchema.ts";
import { duration } from "./Quantities.ts";

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
  slowdown: Schema.Struct({
    ...where,
    factor: positive("Multiplies the time of each engine step: 2 is half as fast."),
  }).annotate({ description: "Replicas get slower." }),
}).annotate({
  identifier: "Fault",
  description: "What breaks: exactly one of replicaDown, slowdown.",
  examples: [{ replicaDown: { pool: "main", replicas: 1, at: "10m", for: "5m" } }],
});
