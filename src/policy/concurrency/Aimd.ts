import { requireSetting } from "../SettingFault.ts";
import type { AdaptiveLimit, LimitRange } from "./AdaptiveLimit.ts";
import { bounded, isLatency, requireRange } from "./Bounded.ts";

export interface AimdSettings extends LimitRange {
  /** What a drop multiplies the limit with; 0.9 in the source. */
  readonly backoffRatio: number;
  /** A longer latency counts as a drop. */
  readonly timeoutMs: number;
}

/** Additive increase, multiplicative decrease: +1 per sample while at least half of the limit is used. Source: Netflix concurrency-limits, AIMDLimit. */
export class Aimd implements AdaptiveLimit {
  readonly name = "aimd";
  readonly #settings: AimdSettings;
  #limit: number;

  /** Throws SettingFault. */
  constructor(settings: AimdSettings) {
    requireRange(this.name, settings);
    requireSetting("aimd.backoffRatio", settings.backoffRatio, { above: 0, most: 0.999 });
    requireSetting("aimd.timeoutMs", settings.timeoutMs, { above: 0 });
    this.#settings = settings;
    this.#limit = settings.initial;
  }

  get limit(): number {
    return this.#limit;
  }

  sample(latencyMs: number, inFlight: number, dropped: boolean): void {
    const { backoffRatio, timeoutMs } = this.#settings;
    if (dropped || !isLatency(latencyMs) || latencyMs > timeoutMs)
      this.#limit = bounded(Math.floor(this.#limit * backoffRatio), this.#settings);
    else if (2 * inFlight >= this.#limit) this.#limit = bounded(this.#limit + 1, this.#settings);
  }
}
