import type { RateLimitSpec } from "../../serving/ServingSpec.ts";
import type { StoreSpec } from "../../serving/store/StoreSpec.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION, parseDuration } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import type { Limit, StoreSchema } from "../schema/Limits.ts";
import { decodeDistribution, DURATIONS } from "./decodeDistribution.ts";
import type { At, Decoding } from "./Decoding.ts";

/** Units of time in which a rate may be a whole number of permits, in ms: second, minute, hour, day. */
const PERIODS_MS = [1000, 60_000, 3_600_000, 86_400_000];
/** A rate that is no whole number in any of them is taken as so many permits in whatever time that is. */
const MANY_PERMITS = 1000;

/** Turns a rate limit into numbers. */
export const decodeLimit = (decoding: Decoding, { value, path }: At<typeof Limit.Type>): RateLimitSpec => {
  const kind = "tokenBucket" in value ? "tokenBucket" : "gcra";
  const refill = "tokenBucket" in value ? value.tokenBucket : value.gcra;
  const perSecond = decoding.quantity(RATE, { value: refill.rate, path: [...path, kind, "rate"] }, { above: 0 });
  const burst = decoding.quantity(
    COUNT,
    { value: refill.burst, path: [...path, kind, "burst"] },
    { minimum: 1, maximum: 1e9, whole: true },
  );
  return {
    limiter: { kind, ...refillOf(perSecond), burst },
    per: value.per ?? DEFAULTS.limit.per,
    cost: value.cost ?? DEFAULTS.limit.cost,
  };
};

/** Whole permits in a period: limiters count exactly. */
const refillOf = (perSecond: number): { readonly permits: number; readonly perMs: number } => {
  for (const perMs of PERIODS_MS) {
    const permits = (perSecond * perMs) / 1000;
    if (Math.abs(permits - Math.round(permits)) < 1e-9 * permits) return { permits: Math.round(permits), perMs };
  }
  return { permits: MANY_PERMITS, perMs: (1000 * MANY_PERMITS) / perSecond };
};

/** Turns the store of the limits into numbers. */
export const decodeStore = (decoding: Decoding, at: At<typeof StoreSchema.Type>): StoreSpec => ({
  latency: decoding.field(at, "latency", (latency) => decodeDistribution(decoding, latency, DURATIONS)) ?? {
    kind: "fixed",
    value: parseDuration(DEFAULTS.store.latency) as number,
  },
  timeoutMs: decoding.number(at, "timeout", parseDuration(DEFAULTS.store.timeout) as number, (written) =>
    decoding.quantity(DURATION, written, { above: 0 }),
  ),
  onFailure: at.value.onFailure ?? DEFAULTS.store.onFailure,
});
