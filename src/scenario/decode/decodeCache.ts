import type { CacheSpec, WarmUpSpec } from "../../serving/stage/CacheSpec.ts";
import { COUNT } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { RATE } from "../../units/Rate.ts";
import { SHARE } from "../../units/Share.ts";
import type { TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import type { Cache } from "../schema/Cache.ts";
import { DEFAULTS } from "../schema/Defaults.ts";
import { durationOf } from "./durationOf.ts";
import type { At, Decoding } from "./Decoding.ts";
import { present } from "./present.ts";

type CacheInput = typeof Cache.Type;
type WarmUpInput = NonNullable<CacheInput["warmUp"]>;

/** Bounds of memory, not of behavior: loads in flight and callers that wait. */
const MOST_LOADS = 2 ** 16;
const MOST_WAITERS = 2 ** 18;

/** Turns the gateway's cache into numbers. */
export const decodeCache = (decoding: Decoding, at: At<CacheInput>, traffic: ReadonlyArray<TrafficClassSpec>): CacheSpec => {
  const { cache: absent } = DEFAULTS;
  const time = (
    key: "ttl" | "latency" | "staleWhileRevalidate" | "staleIfError" | "negativeTtl",
    otherwise: string,
    above?: number,
  ): number => durationOf(decoding, at, key, otherwise, above === undefined ? {} : { above });
  return present({
    eviction: at.value.eviction ?? absent.eviction,
    maxEntries: decoding.number(at, "entries", NaN, (written) =>
      decoding.quantity(COUNT, written, { minimum: 1, maximum: 2 ** 24, whole: true }),
    ),
    maxBytes: decoding.number(at, "bytes", Infinity, (written) => decoding.quantity(COUNT, written, { minimum: 1 })),
    ttlMs: time("ttl", absent.ttl, 0),
    ttlJitterRatio: decoding.number(at, "ttlJitter", absent.ttlJitter, (written) => decoding.quantity(SHARE, written, { maximum: 0.999 })),
    latencyMs: time("latency", absent.latency),
    coalesce: at.value.coalesce ?? absent.coalesce,
    onLeaderCancel: at.value.onLeaderCancel ?? absent.onLeaderCancel,
    leaseMs: decoding.number(at, "lease", Infinity, (written) => decoding.quantity(DURATION, written, { above: 0 })),
    maxLoads: MOST_LOADS,
    maxWaiters: MOST_WAITERS,
    earlyRefresh: at.value.earlyRefresh ?? absent.earlyRefresh,
    staleWhileRevalidateMs: time("staleWhileRevalidate", "0s"),
    staleIfErrorMs: time("staleIfError", "0s"),
    negativeTtlMs: time("negativeTtl", "0s"),
    warmUp: decoding.group(at, "warmUp", (warmUp) => decodeWarmUp(decoding, warmUp, traffic)),
  });
};

const decodeWarmUp = (decoding: Decoding, at: At<WarmUpInput>, traffic: ReadonlyArray<TrafficClassSpec>): WarmUpSpec => {
  const repeated = traffic.filter(({ repeat }) => repeat !== undefined).map(({ name }) => name);
  if (!repeated.includes(at.value.traffic)) {
    decoding.reject({
      path: [...at.path, "traffic"],
      constraint: "must be a traffic class with repeat",
      value: at.value.traffic,
      hint: repeated.length > 0 ? `known: ${repeated.join(", ")}` : "no class repeats contents",
    });
  }
  const fromMs = decoding.number(at, "from", 0, (written) => decoding.quantity(DURATION, written));
  return {
    className: at.value.traffic,
    fromMs,
    peakMs: decoding.number(at, "peak", NaN, (written) =>
      decoding.quantity(DURATION, written, { above: Number.isNaN(fromMs) ? 0 : fromMs }),
    ),
    loadsPerSecond: decoding.number(at, "rate", NaN, (written) => decoding.quantity(RATE, written, { above: 0 })),
  };
};
