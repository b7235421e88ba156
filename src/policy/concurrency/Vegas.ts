import { requireSetting } from "../SettingFault.ts";
import type { AdaptiveLimit, LimitRange } from "./AdaptiveLimit.ts";
import { bounded, isLatency, requireRange } from "./Bounded.ts";

export interface VegasSettings extends LimitRange {
  /** Grows while fewer attempts than this queue, as estimated. */
  readonly alpha: number;
  /** Shrinks while more than this queue. */
  readonly beta: number;
  /** Samples after which the least latency is measured anew. */
  readonly probeEvery: number;
  readonly backoffRatio: number;
}

/**
 * Vegas: keeps the estimated queue limit * (1 - least latency / latency) between alpha and beta. The least latency is measured anew now and then; an
 * attempt that started before that says nothing about it and is discarded. Source: Brakmo and Peterson 1995; Netflix concurrency-limits, VegasLimit.
 */
export class Vegas implements AdaptiveLimit {
  readonly name = "vegas";
  readonly #settings: VegasSettings;
  #limit: number;
  #leastMs = Infinity;
  #samples = 0;
  #epochMs = -Infinity;

  /** Throws SettingFault. */
  constructor(settings: VegasSettings) {
    requireRange(this.name, settings);
    requireSetting("vegas.alpha", settings.alpha, { least: 0 });
    requireSetting("vegas.beta", settings.beta, { least: settings.alpha });
    requireSetting("vegas.probeEvery", settings.probeEvery, { least: 1, most: 2 ** 30, whole: true });
    requireSetting("vegas.backoffRatio", settings.backoffRatio, { above: 0, most: 0.999 });
    this.#settings = settings;
    this.#limit = settings.initial;
  }

  get limit(): number {
    return this.#limit;
  }

  sample(latencyMs: number, inFlight: number, dropped: boolean, startedMs: number): void {
    if (startedMs < this.#epochMs) return;
    if (++this.#samples >= this.#settings.probeEvery) return this.#remeasure(latencyMs, startedMs);
    if (dropped || !isLatency(latencyMs)) return this.#set(Math.floor(this.#limit * this.#settings.backoffRatio));
    this.#leastMs = Math.min(this.#leastMs, latencyMs);
    const queued = latencyMs === 0 ? 0 : this.#limit * (1 - this.#leastMs / latencyMs);
    if (queued > this.#settings.beta) this.#set(this.#limit - 1);
    else if (queued < this.#settings.alpha && 2 * inFlight >= this.#limit) this.#set(this.#limit + 1);
  }

  /** The epoch begins when this sample ended. */
  #remeasure(latencyMs: number, startedMs: number): void {
    this.#samples = 0;
    this.#leastMs = Infinity;
    this.#epochMs = isLatency(latencyMs) ? startedMs + latencyMs : startedMs;
  }

  #set(limit: number): void {
    this.#limit = bounded(limit, this.#settings);
  }
}
