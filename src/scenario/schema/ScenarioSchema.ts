import * as Schema from "effect/Schema";
import { Catalog } from "./Catalog.ts";
import { DEFAULTS } from "./Defaults.ts";
import { Fault } from "./Faults.ts";
import { Pool } from "./Fleet.ts";
import { Gateway } from "./Gateway.ts";
import { Network } from "./Network.ts";
import { integer, named, SCENARIO_NAME_PATTERN, text } from "./PlainSchema.ts";
import { duration } from "./Quantities.ts";
import { TrafficClass } from "./Traffic.ts";

const name = Schema.String.check(Schema.isPattern(SCENARIO_NAME_PATTERN)).annotate({
  description: "Name in reports, and of the folder under reports/: letters, digits, dots, dashes and underscores.",
  examples: ["evening-peak"],
});

/** The schema of a scenario as people write it. */
export const ScenarioSchema = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String.annotate({ description: "Where editors find this schema." })),
  name,
  description: Schema.optionalKey(text("What the scenario shows, in a sentence.")),
  seed: Schema.optionalKey(
    integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, "Seed of all randomness.", {
      default: DEFAULTS.seed,
    }),
  ),
  horizon: duration("Simulated time"),
  warmup: Schema.optionalKey(duration("Start that is simulated but not measured", { default: DEFAULTS.warmup })),
  traffic: named(TrafficClass, "Traffic classes by name."),
  network: Schema.optionalKey(Network),
  gateway: Schema.optionalKey(Gateway),
  catalog: Schema.optionalKey(Catalog),
  fleet: named(Pool, "Pools of replicas by name."),
  faults: Schema.optionalKey(Schema.Array(Fault).annotate({ description: "What breaks, and when." })),
  gates: Schema.optionalKey(
    Schema.Array(
      text("An expression over metrics.", {
        examples: ["chat.ttft.p99 < 2s", "goodput.ratio > 0.95"],
      }),
    ).annotate({
      description: "What must hold.",
    }),
  ),
}).annotate({
  title: "Spillway scenario",
  description: "A deployment, the traffic that hits it, what breaks, and what must hold.",
});

/** A scenario as people write it: quantities are texts with units. */
export type ScenarioInput = typeof ScenarioSchema.Type;
