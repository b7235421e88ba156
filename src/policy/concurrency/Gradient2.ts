import { requireSetting } from "../SettingFault.ts";
import type { AdaptiveLimit, LimitRange } from "./AdaptiveLimit.ts";
import { bounded, isLatency, requireRange } from "./Bounded.ts";

/** The source's values are 20, 20, 200, 1.5, 0.2, 4 and 600. */
export interface Gradient2Settings extends LimitRange {
  /** Latency may rise by this factor before the limit shrinks. */
  readonly tolerance: number;
  readonly smoothing: number;
  /** Attempts that may queue. */
  readonly queue: number;
  /** Samples of the long mean. */
  readonly longSamples: number;
  /** What a drop multiplies the limit with; undefined: drops are samples like others, as in the source, so constant time-outs raise the limit. */
  readonly dropRatio?: number;
}

/** Of which the long mean is a plain one. Source: Netflix concurrency-limits, Gradient2Limit. */
const WARM_UP_SAMPLES = 10;

/**
 * Follows the ratio of the long mean of latencies to the last one: limit = (1 - s) * limit + s * (g * limit + queue) with
 * g = clamp(tolerance * long / last, 0.5, 1). Source: Netflix concurrency-limits, Gradient2Limit.
 */
export class Gradient2 implements AdaptiveLimit {
  readonly name = "gradient2";
  readonly #settings: Gradient2Settings;
  #estimate: number;
  #longMs = 0;
  #sumMs = 0;
  #seen = 0;

  /** Throws SettingFault. */
  constructor(settings: Gradient2Settings) {
    requireRange(this.name, settings);
    requireSetting("gradient2.tolerance", settings.tolerance, { least: 1 });
    requireSetting("gradient2.smoothing", settings.smoothing, { above: 0, most: 1 });
    requireSetting("gradient2.queue", settings.queue, { least: 0 });
    requireSetting("gradient2.longSamples", settings.longSamples, { least: 1, most: 1e9, whole: true });
    if (settings.dropRatio !== undefined) requireSetting("gradient2.dropRatio", settings.dropRatio, { above: 0, most: 0.999 });
    this.#settings = settings;
    this.#estimate = settings.initial;
  }

  get limit(): number {
    return Math.floor(this.#estimate);
  }

  /** The limit before it is rounded down. */
  get estimate(): number {
    return this.#estimate;
  }

  sample(latencyMs: number, inFlight: number, dropped: boolean): void {
    const { dropRatio, tolerance, smoothing, queue } = this.#settings;
    if (dropped && dropRatio !== undefined) {
      this.#estimate = bounded(this.#estimate * dropRatio, this.#settings);
      return;
    }
    if (!isLatency(latencyMs)) return;
    const longMs = this.#addLong(latencyMs);
    if (latencyMs > 0 && longMs / latencyMs > 2) this.#longMs *= 0.95;
    if (2 * inFlight < this.#estimate) return;
    const gradient = latencyMs === 0 ? 1 : Math.max(0.5, Math.min(1, (tolerance * longMs) / latencyMs));
    this.#estimate = bounded(this.#estimate * (1 - smoothing) + smoothing * (gradient * this.#estimate + queue), this.#settings);
  }

  /** Plain mean of the first samples, exponential mean after. */
  #addLong(latencyMs: number): number {
    this.#seen++;
    this.#sumMs += latencyMs;
    if (this.#seen <= WARM_UP_SAMPLES) this.#longMs = this.#sumMs / this.#seen;
    else this.#longMs += ((latencyMs - this.#longMs) * 2) / (this.#settings.longSamples + 1);
    return this.#longMs;
  }
}
