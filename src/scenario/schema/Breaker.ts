import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { integer, word } from "./PlainSchema.ts";
import { count, duration, share } from "./Quantities.ts";

const { breaker: absent } = DEFAULTS;

const rates = {
  minCalls: Schema.optionalKey(count("Fewer outcomes open nothing", { default: absent.minCalls })),
  failures: Schema.optionalKey(share("Opens at or over this share of failures", { default: absent.failures })),
  slow: Schema.optionalKey(share("Opens at or over this share of slow calls; never by default")),
};

const Trip = oneKey({
  consecutive: count("So many failures in a row"),
  count: Schema.Struct({ size: count("Outcomes that are looked back on"), ...rates }).annotate({
    description: "A share of the last outcomes.",
  }),
  time: Schema.Struct({ window: duration("Time that is looked back on"), ...rates }).annotate({
    description: "A share of the outcomes of the last time.",
  }),
}).annotate({ description: "What opens it: exactly one of consecutive, count, time." });

/** A circuit breaker. */
export const Breaker = Schema.Struct({
  trip: Trip,
  slowCall: Schema.optionalKey(duration("A call that takes this long is slow, and counts as such as soon as it does")),
  slowBy: Schema.optionalKey(
    word(["end", "firstToken"], "What must have come by then: the whole answer, or its first token.", { default: absent.slowBy }),
  ),
  openFor: Schema.optionalKey(duration("How long it stays open before a probe is let through", { default: absent.openFor })),
  openFactor: Schema.optionalKey(
    integer({ minimum: 1, maximum: 1000 }, "The n-th opening in close succession lasts this to the power of n - 1 times as long.", {
      default: 1,
    }),
  ),
  maxOpen: Schema.optionalKey(duration("Longest opening; openFor by default")),
  probes: Schema.optionalKey(
    integer({ minimum: 1, maximum: 1024 }, "Probes in flight at once while half-open.", { default: absent.probes }),
  ),
  successesNeeded: Schema.optionalKey(count("Successful probes that close it", { default: absent.successesNeeded })),
  probeLease: Schema.optionalKey(duration("A probe without an outcome holds its slot no longer", { default: absent.probeLease })),
  ramp: Schema.optionalKey(duration("After closing, the admitted share grows over this time; at once by default")),
}).annotate({
  identifier: "Breaker",
  description: "A circuit breaker: closed, open, half-open. Outcomes of calls that were admitted before a change of state never move it.",
  examples: [{ trip: { consecutive: 5 }, openFor: "10s" }] as never,
});
