import { requireSetting } from "../SettingFault.ts";

export interface WarmUpSettings {
  /** Expected requests per key during the peak; the index is the key. */
  readonly demand: ArrayLike<number>;
  readonly maxEntries: number;
  readonly loadsPerSecond: number;
  readonly ttlMs: number;
  readonly nowMs: number;
  readonly peakMs: number;
}

/** Which keys to load, in this order, one each `gapMs` from `startMs` on. */
export interface WarmUpPlan {
  readonly startMs: number;
  readonly gapMs: number;
  readonly keys: Int32Array;
}

/**
 * Loads before a peak at a rate that the backend can spare: the keys in highest demand that fit into the cache, the time left, and one TTL (what was loaded
 * earlier would be gone by the peak). The hottest come last, so they stay longest. Allocates; for use once in a while. Throws SettingFault.
 */
export function planWarmUp(settings: WarmUpSettings): WarmUpPlan {
  const { demand, peakMs, nowMs } = settings;
  requireSetting("warmUp.maxEntries", settings.maxEntries, { least: 1, whole: true });
  requireSetting("warmUp.loadsPerSecond", settings.loadsPerSecond, { above: 0 });
  requireSetting("warmUp.ttlMs", settings.ttlMs, { above: 0, unbounded: true });
  requireSetting("warmUp.peakMs", peakMs, { least: nowMs });
  const gapMs = 1000 / settings.loadsPerSecond;
  const timeMs = Math.min(peakMs - nowMs, settings.ttlMs);
  const wanted = Array.from({ length: demand.length }, (_, key) => key).filter((key) => demand[key]! > 0);
  const most = Math.min(settings.maxEntries, Math.floor(timeMs / gapMs));
  const hottest = wanted.toSorted((one, other) => demand[other]! - demand[one]!).slice(0, most);
  return { startMs: peakMs - hottest.length * gapMs, gapMs, keys: Int32Array.from(hottest.toReversed()) };
}
