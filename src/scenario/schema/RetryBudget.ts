import * as Schema from "effect/Schema";
import { DEFAULTS } from "./Defaults.ts";
import { oneKey } from "./oneKey.ts";
import { between, integer } from "./PlainSchema.ts";
import { duration, rate, share } from "./Quantities.ts";

const { retryBudget: absent } = DEFAULTS;
const whole = (description: string, value: number) =>
  Schema.optionalKey(integer({ minimum: 0, maximum: 2 ** 30 }, description, { default: value }));

const LEAST = 0.001;

const upTo = (maximum: number, minimum: number, description: string, value: number) =>
  Schema.optionalKey(between({ minimum, maximum }, description, { default: value }));

/** What bounds the retries (and hedges) of one client. */
export const RetryBudget = oneKey({
  ratio: Schema.Struct({
    ratio: upTo(1000, 0, "Retries that each request allows.", absent.ratio.ratio),
    minRate: Schema.optionalKey(rate("Retries that are always allowed", { default: absent.ratio.minRate })),
    ttl: Schema.optionalKey(duration("What was not used is lost after this time", { default: absent.ratio.ttl })),
  }).annotate({ description: "A share of the requests, and a floor (Finagle, linkerd, tower)." }),
  active: Schema.Struct({
    ratio: upTo(1000, 0, "Share of the requests under way.", absent.active.ratio),
    minConcurrency: whole("Retries that may always be under way.", absent.active.minConcurrency),
  }).annotate({ description: "Retries under way as a share of requests under way (Envoy)." }),
  throttle: Schema.Struct({
    maxTokens: upTo(1000, LEAST, "Where the count starts; half of it stops retries.", absent.throttle.maxTokens),
    tokenRatio: upTo(1000, LEAST, "What a success gives back; a failure costs 1.", absent.throttle.tokenRatio),
  }).annotate({ description: "Successes against failures (gRPC retry throttling)." }),
  quota: Schema.Struct({
    capacity: whole("Where the quota starts.", absent.quota.capacity),
    retryCost: whole("What a retry costs.", absent.quota.retryCost),
    timeoutCost: whole("What a retry after a time-out costs.", absent.quota.timeoutCost),
    successCredit: whole("What a success at the first try gives back.", absent.quota.successCredit),
  }).annotate({ description: "A quota that retries spend and successes refill (AWS SDKs, standard mode)." }),
  bucket: Schema.Struct({
    capacity: upTo(1e9, LEAST, "Retries that may be saved up; the bucket starts full.", absent.bucket.capacity),
    ratio: upTo(1000, 0, "What each new request adds.", absent.bucket.ratio),
  }).annotate({ description: "A small bucket that requests fill (Brooker)." }),
  failureBreaker: Schema.Struct({
    failures: Schema.optionalKey(
      share("Retries stop while a larger share of all attempts failed", { default: absent.failureBreaker.failures }),
    ),
  }).annotate({ description: "A breaker for retries alone that never forgets (Brooker): for comparison." }),
}).annotate({
  identifier: "RetryBudget",
  description: "Bounds retries and hedges: exactly one of ratio, active, throttle, quota, bucket, failureBreaker.",
  examples: [{ ratio: { ratio: 0.1 } }] as never,
});
