import type { ClientSpec, HedgeSpec, RetrySpec, SloSpec } from "../../workload/TrafficSpec.ts";
import { DURATION } from "../../units/Duration.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { TrafficClass } from "../schema/Traffic.ts";
import { decodeBreaker } from "./decodeBreaker.ts";
import { decodeClientThrottle } from "./decodeQueue.ts";
import { decodeRetryBudget } from "./decodeRetryBudget.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type ClassInput = typeof TrafficClass.Type;
type ClientInput = NonNullable<ClassInput["client"]>;
type RetryInput = NonNullable<ClientInput["retry"]>;

const above0 = (decoding: Decoding) => (at: At<string>) => decoding.quantity(DURATION, at, { above: 0 });

/** Turns written SLO bounds into numbers. */
export const decodeSlo = (decoding: Decoding, at: At<NonNullable<ClassInput["slo"]>>): SloSpec =>
  present({
    ttftMs: decoding.field(at, "ttft", above0(decoding)),
    tpotMs: decoding.field(at, "tpot", above0(decoding)),
    e2eMs: decoding.field(at, "e2e", above0(decoding)),
  });

/** Turns what clients do into numbers. */
export const decodeClient = (decoding: Decoding, at: At<ClientInput>): ClientSpec =>
  present({
    deadlineMs: decoding.field(at, "deadline", above0(decoding)),
    patienceMs: decoding.field(at, "patience", above0(decoding)),
    attemptTimeoutMs: decoding.field(at, "attemptTimeout", above0(decoding)),
    retry: decoding.group(at, "retry", (retry) => decodeRetry(decoding, retry)),
    hedge: decoding.group(at, "hedge", (hedge) => decodeHedge(decoding, hedge)),
    breaker: decoding.group(at, "breaker", (breaker) => decodeBreaker(decoding, breaker)),
    throttle: decoding.group(at, "throttle", (throttle) => decodeClientThrottle(decoding, throttle)),
    adaptiveRate: at.value.adaptiveRate,
    instances: at.value.instances,
  });

const decodeHedge = (decoding: Decoding, at: At<NonNullable<ClientInput["hedge"]>>): HedgeSpec => ({
  attempts: at.value.attempts ?? DEFAULTS.hedge.attempts,
  after: decoding.field(at, "after", (after) => decodeHedgeDelay(decoding, after)) ?? { delayMs: NaN },
});

const decodeHedgeDelay = (decoding: Decoding, at: At<NonNullable<ClientInput["hedge"]>["after"]>): HedgeSpec["after"] => {
  const { value, path } = at;
  if (typeof value === "string") return { delayMs: above0(decoding)({ value, path }) };
  return { quantile: value.percentile / 100, initialMs: above0(decoding)({ value: value.initial, path: [...path, "initial"] }) };
};

const DEFAULT_WAITS_MS = {
  backoff: Number(DURATION.parse(DEFAULTS.retry.backoff)),
  maxBackoff: Number(DURATION.parse(DEFAULTS.retry.maxBackoff)),
};

const decodeRetry = (decoding: Decoding, at: At<RetryInput>): RetrySpec => {
  const { retry } = DEFAULTS;
  const wait = (key: "backoff" | "maxBackoff"): number =>
    decoding.number(at, key, DEFAULT_WAITS_MS[key], (written) => decoding.quantity(DURATION, written));
  const backoffMs = wait("backoff");
  const maxBackoffMs = wait("maxBackoff");
  if (maxBackoffMs < backoffMs) {
    const value = at.value.maxBackoff ?? retry.maxBackoff;
    decoding.reject({
      path: [...at.path, "maxBackoff"],
      constraint: "must be at least backoff",
      value,
      hint: "the longest wait between two tries",
    });
  }
  return present({
    attempts: at.value.attempts,
    backoffMs,
    factor: at.value.factor ?? retry.factor,
    maxBackoffMs,
    jitter: at.value.jitter ?? retry.jitter,
    honorRetryAfter: at.value.honorRetryAfter ?? retry.honorRetryAfter,
    budget: decoding.field(at, "budget", (budget) => decodeRetryBudget(decoding, budget)),
  });
};
