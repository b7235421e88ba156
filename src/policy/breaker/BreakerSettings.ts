import { durationMicros } from "../Micros.ts";
import { requireSetting, SettingFault } from "../SettingFault.ts";

/** What opens a closed breaker. Windows hold calls by their ends, or by when they were known to be slow. */
export type TripRule =
  /** So many failures in a row, in order of their ends. */
  | { readonly kind: "consecutive"; readonly failures: number }
  /** A share of the last `size` outcomes. */
  | ({ readonly kind: "count"; readonly size: number } & RateRule)
  /** A share of the outcomes of the last `windowMs`, in `buckets`. */
  | ({ readonly kind: "time"; readonly windowMs: number; readonly buckets: number } & RateRule);

export interface RateRule {
  /** Fewer outcomes in the window open nothing. */
  readonly minCalls: number;
  /** Opens at or over this share of failures, in (0, 1]; counted in millionths. */
  readonly failureRatio: number;
  /** Opens at or over this share of slow calls, in (0, 1], and a slow probe fails; none by default. */
  readonly slowRatio?: number;
}

export interface BreakerSettings {
  readonly trip: TripRule;
  /** How long an opening lasts; the n-th in close succession lasts `openFactor^(n-1)` times as long. */
  readonly openForMs: number;
  /** A whole number; 1 by default. */
  readonly openFactor?: number;
  /** Longest opening, also where a server's hint asks for more; `openForMs` by default. */
  readonly maxOpenMs?: number;
  /** Probes in flight at once while half-open. */
  readonly probes: number;
  /** Successful probes of one round that close the breaker. */
  readonly successesNeeded: number;
  /** Failed probes of one round that do not open it again; 0 by default. */
  readonly allowedFailures?: number;
  /** Probes that one round may start, those not counted that ended ignored or by their lease; by default what the two above need together. */
  readonly probesPerRound?: number;
  /** A probe without an outcome holds its slot no longer. */
  readonly probeLeaseMs: number;
  /** After closing, the admitted share grows from `rampFromRatio` to 1 in this time; 0, the default, admits everybody at once. */
  readonly rampMs?: number;
  /** In (0, 1]; counted in millionths; 0.1 by default. */
  readonly rampFromRatio?: number;
  /**
   * Permits of the present epoch whose outcome is awaited, counted from the newest; the outcome of an older one is ignored. Must exceed the number of
   * calls that start while the longest call lasts; 65,536 by default, one bit each.
   */
  readonly remembered?: number;
}

/** The settings in whole microseconds and millionths. */
export interface BreakerNumbers {
  readonly trip: TripRule;
  readonly minCalls: number;
  readonly failurePpm: number;
  /** Infinity: never. */
  readonly slowPpm: number;
  readonly bucketUs: number;
  readonly openForUs: number;
  readonly openFactor: number;
  readonly maxOpenUs: number;
  readonly probes: number;
  readonly successesNeeded: number;
  readonly allowedFailures: number;
  readonly probesPerRound: number;
  readonly probeLeaseUs: number;
  readonly rampUs: number;
  readonly rampFromPpm: number;
  readonly remembered: number;
}

const MOST = 2 ** 20;

/** Throws SettingFault; whatever passes can both open and close. */
export function breakerNumbers(settings: BreakerSettings): BreakerNumbers {
  const openForUs = durationMicros("breaker.openForMs", settings.openForMs);
  const maxOpenUs = durationMicros("breaker.maxOpenMs", settings.maxOpenMs ?? settings.openForMs);
  if (maxOpenUs < openForUs) throw new SettingFault("breaker.maxOpenMs", ">= breaker.openForMs", settings.maxOpenMs);
  return {
    ...tripNumbers(settings.trip),
    ...probeNumbers(settings),
    openForUs,
    maxOpenUs,
    openFactor: whole("breaker.openFactor", settings.openFactor ?? 1, 1, 1000),
    rampUs: (settings.rampMs ?? 0) === 0 ? 0 : durationMicros("breaker.rampMs", settings.rampMs!),
    rampFromPpm: ppm("breaker.rampFromRatio", settings.rampFromRatio ?? 0.1),
    remembered: whole("breaker.remembered", settings.remembered ?? 65_536, settings.probes, 2 ** 24),
  };
}

function tripNumbers(trip: TripRule) {
  if (trip.kind === "consecutive") {
    const failures = whole("breaker.trip.failures", trip.failures, 1, MOST);
    return { trip, minCalls: failures, failurePpm: 1e6, slowPpm: Infinity, bucketUs: 0 };
  }
  const size = trip.kind === "count" ? whole("breaker.trip.size", trip.size, 1, MOST) : MOST;
  return {
    trip,
    minCalls: whole("breaker.trip.minCalls", trip.minCalls, 1, size),
    failurePpm: ppm("breaker.trip.failureRatio", trip.failureRatio),
    slowPpm: trip.slowRatio === undefined ? Infinity : ppm("breaker.trip.slowRatio", trip.slowRatio),
    bucketUs: trip.kind === "time" ? bucketMicros(trip.windowMs, trip.buckets) : 0,
  };
}

function bucketMicros(windowMs: number, buckets: number): number {
  whole("breaker.trip.buckets", buckets, 1, 1000);
  const windowUs = durationMicros("breaker.trip.windowMs", windowMs);
  if (windowUs % buckets !== 0) throw new SettingFault("breaker.trip.windowMs", "whole microseconds in each bucket", windowMs);
  return windowUs / buckets;
}

function probeNumbers(settings: BreakerSettings) {
  const allowedFailures = whole("breaker.allowedFailures", settings.allowedFailures ?? 0, 0, MOST);
  const successesNeeded = whole("breaker.successesNeeded", settings.successesNeeded, 1, MOST);
  const needed = successesNeeded + allowedFailures;
  return {
    probes: whole("breaker.probes", settings.probes, 1, 1024),
    allowedFailures,
    successesNeeded,
    probesPerRound: whole("breaker.probesPerRound", settings.probesPerRound ?? needed, needed, 2 * MOST),
    probeLeaseUs: durationMicros("breaker.probeLeaseMs", settings.probeLeaseMs),
  };
}

function whole(setting: string, value: number, least: number, most: number): number {
  return requireSetting(setting, value, { least, most, whole: true });
}

function ppm(setting: string, ratio: number): number {
  return Math.round(requireSetting(setting, ratio, { least: 1e-6, most: 1 }) * 1e6);
}
