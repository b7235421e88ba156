import type { TripRule } from "../../policy/breaker/BreakerSettings.ts";
import type { BreakerSpec } from "../../serving/ServingSpec.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { SHARE } from "../../units/Share.ts";
import type { Breaker } from "../schema/Breaker.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import { COUNTABLE } from "./Countable.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type BreakerInput = typeof Breaker.Type;
type RateInput = NonNullable<BreakerInput["trip"]["count"]> | NonNullable<BreakerInput["trip"]["time"]>;

const MOST = 2 ** 20;
/** A time window is looked back on in so many steps. */
const BUCKETS = 10;
/** Shares are counted in millionths. */
const LEAST_RATIO = 1e-6;

/** Turns a breaker into numbers. */
export const decodeBreaker = (decoding: Decoding, at: At<BreakerInput>): BreakerSpec => {
  const { breaker: absent } = DEFAULTS;
  const time = (key: "slowCall" | "maxOpen" | "ramp") =>
    decoding.field(at, key, (written) => decoding.quantity(DURATION, written, COUNTABLE));
  const openForMs = durationOf(decoding, at, "openFor", absent.openFor, COUNTABLE);
  const maxOpenMs = time("maxOpen");
  if (maxOpenMs !== undefined && maxOpenMs < openForMs) {
    decoding.reject({ path: [...at.path, "maxOpen"], constraint: "must be at least openFor", value: at.value.maxOpen });
  }
  return present({
    trip: decoding.field(at, "trip", (trip) => decodeTrip(decoding, trip)) ?? { kind: "consecutive", failures: NaN },
    slowCallMs: time("slowCall"),
    slowBy: at.value.slowBy,
    openForMs,
    openFactor: at.value.openFactor,
    maxOpenMs,
    probes: at.value.probes ?? absent.probes,
    successesNeeded: decoding.number(at, "successesNeeded", absent.successesNeeded, (written) =>
      decoding.quantity(COUNT, written, { minimum: 1, maximum: MOST, whole: true }),
    ),
    probeLeaseMs: durationOf(decoding, at, "probeLease", absent.probeLease, COUNTABLE),
    rampMs: time("ramp"),
  });
};

const decodeTrip = (decoding: Decoding, { value, path }: At<BreakerInput["trip"]>): TripRule => {
  const whole = (written: At<string | number>): number => decoding.quantity(COUNT, written, { minimum: 1, maximum: MOST, whole: true });
  if (value.consecutive !== undefined) {
    return { kind: "consecutive", failures: whole({ value: value.consecutive, path: [...path, "consecutive"] }) };
  }
  if (value.count !== undefined) {
    const at = { value: value.count, path: [...path, "count"] };
    const size = whole({ value: value.count.size, path: [...at.path, "size"] });
    const rule = decodeRates(decoding, at);
    if (rule.minCalls > size) {
      decoding.reject({ path: [...at.path, "size"], constraint: `must be at least minCalls, ${rule.minCalls}`, value: value.count.size });
    }
    return { kind: "count", size, ...rule };
  }
  const at = { value: value.time!, path: [...path, "time"] };
  return {
    kind: "time",
    windowMs: decodeWindow(decoding, { value: at.value.window, path: [...at.path, "window"] }),
    buckets: BUCKETS,
    ...decodeRates(decoding, at),
  };
};

const decodeWindow = (decoding: Decoding, at: At<string>): number => {
  const windowMs = decoding.quantity(DURATION, at, { ...COUNTABLE, minimum: BUCKETS });
  const windowUs = Math.round(windowMs * 1000);
  if (windowUs % BUCKETS > 0) {
    const constraint = `must be a whole number of microseconds in each of its ${BUCKETS} parts`;
    const hint = `take ${DURATION.format((windowUs - (windowUs % BUCKETS)) / 1000)}`;
    decoding.reject({ path: at.path, constraint, value: at.value, hint });
  }
  return windowMs;
};

const decodeRates = (decoding: Decoding, at: At<RateInput>) => {
  const { breaker: absent } = DEFAULTS;
  return present({
    minCalls: decoding.number(at, "minCalls", absent.minCalls, (written) =>
      decoding.quantity(COUNT, written, { minimum: 1, maximum: MOST, whole: true }),
    ),
    failureRatio: decoding.number(at, "failures", absent.failures, (written) =>
      decoding.quantity(SHARE, written, { minimum: LEAST_RATIO }),
    ),
    slowRatio: decoding.field(at, "slow", (written) => decoding.quantity(SHARE, written, { minimum: LEAST_RATIO })),
  });
};
