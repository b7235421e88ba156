import type { ResultCacheSettings } from "../../policy/caching/ResultCache.ts";

/** Loads the hottest contents of a class before a peak. */
export interface WarmUpSpec {
  readonly className: string;
  /** When the loads begin at the earliest, and when they must be done. */
  readonly fromMs: number;
  readonly peakMs: number;
  readonly loadsPerSecond: number;
}

/** The gateway's cache of whole answers to identical requests. */
export interface CacheSpec extends ResultCacheSettings {
  /** How long a look-up takes, in ms. */
  readonly latencyMs: number;
  readonly warmUp?: WarmUpSpec;
}
