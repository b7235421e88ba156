import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { between, integer } from "./PlainSchema.ts";
import { duration, rate, share } from "./Quantities.ts";

const { retryBudget: absent } = DEFAULTS;
const whole = (minimum: number, maximum: number, description: string, value: number) =>
  Schema.optionalKey(integer({ minimum, maximum }, description, { default: value }));
const perOne = (minimum: number, maximum: number, description: string, value: number) =>
  Schema.optionalKey(between({ minimum, maximum }, description, { default: value }));

/** What bounds the retries (and hedges) of one client. */
export const RetryBudget = oneKey({
  ratio: Schema.Struct({
    ratio: perOne(0, 1000, "Retries that each request allows.", absent.ratio.ratio),
    floor: Schema.optionalKey(rate("Retries that are always allowed", { default: absent.ratio.floor })),
    ttl: Schema.optionalKey(duration("What was not used is lost after this time, 1 s to 60 s", { default: absent.ratio.ttl })),
  }).annotate({ description: "A share of the requests, and a floor (Finagle, linkerd, tower)." }),
  active: Schema.Struct({
    ratio: perOne(0, 1, "Retries under way per attempt under way.", absent.active.ratio),
    least: whole(0, 2 ** 30, "Retries that may always be under way.", absent.active.least),
  }).annotate({ description: "Retries under way as a share of what is under way (Envoy)." }),
  success: Schema.Struct({
    most: whole(1, 1000, "Where the count starts; half of it stops retries.", absent.success.most),
    ratio: perOne(0.001, 1000, "What a success gives back; a failure costs 1.", absent.success.ratio),
  }).annotate({ description: "Successes against failures (gRPC retry throttling)." }),
  quota: Schema.Struct({
    capacity: whole(1, 1e9, "Where the quota starts.", absent.quota.capacity),
    cost: whole(1, 1e9, "What a retry costs.", absent.quota.cost),
    timeoutCost: whole(1, 1e9, "What a retry after a time-out costs.", absent.quota.timeoutCost),
    refill: whole(1, 1e9, "What a success at the first try gives back.", absent.quota.refill),
  }).annotate({ description: "A quota that retries spend and successes refill (AWS SDKs, standard mode)." }),
  clientBucket: Schema.Struct({
    capacity: whole(2, 1e6, "Retries that may be saved up; the bucket starts full.", absent.clientBucket.capacity),
    perRequest: perOne(0.001, 1000, "What each new request adds.", absent.clientBucket.perRequest),
  }).annotate({ description: "A small bucket that requests fill (Brooker)." }),
  retryBreaker: Schema.Struct({
    failures: Schema.optionalKey(
      share("Retries stop while a larger share of all attempts failed", { default: absent.retryBreaker.failures }),
    ),
  }).annotate({ description: "A breaker for retries alone that never forgets (Brooker): for comparison." }),
}).annotate({
  identifier: "RetryBudget",
  description: "Bounds retries and hedges: exactly one of ratio, active, success, quota, clientBucket, retryBreaker.",
  examples: [{ ratio: { ratio: 0.1 } }] as never,
});
