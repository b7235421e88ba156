import { requireSetting } from "../SettingFault.ts";
import type { AdaptiveLimit, LimitRange } from "./AdaptiveLimit.ts";
import { bounded, requireRange } from "./Bounded.ts";

export interface BreakwaterSettings extends LimitRange {
  /** A wait for a server that is all right. */
  readonly targetMs: number;
  /** What a change adds while waits are below the target. */
  readonly grow: number;
  /** Share that a change takes off for each target by which the longest wait is above it. */
  readonly cutRatio: number;
  /** Between two changes: a round trip in the source. */
  readonly everyMs: number;
}

/** No change takes off more. Source: as the class. */
const LARGEST_CUT = 0.5;

/**
 * Credits that follow how long attempts wait at the servers, which have to tell: at most every `everyMs` the limit grows by a constant while the longest
 * wait since the last change is below the target, else it shrinks by a share that grows with the excess. A drop shrinks it by the largest share; an
 * attempt of which nobody tells how long it waited says nothing. Without the source's spreading of credits over clients: one limit for all.
 * Source: Cho et al., Overload control for microsecond-scale RPCs with Breakwater, OSDI 2020, sections 4.1 and 4.2.
 */
export class Breakwater implements AdaptiveLimit {
  readonly name = "breakwater";
  readonly #settings: BreakwaterSettings;
  #credits: number;
  #longestMs = -1;
  #used = false;
  #nextMs = -Infinity;

  /** Throws SettingFault. */
  constructor(settings: BreakwaterSettings) {
    requireRange(this.name, settings);
    requireSetting("breakwater.targetMs", settings.targetMs, { above: 0 });
    requireSetting("breakwater.grow", settings.grow, { above: 0 });
    requireSetting("breakwater.cutRatio", settings.cutRatio, { above: 0, most: 1 });
    requireSetting("breakwater.everyMs", settings.everyMs, { above: 0 });
    this.#settings = settings;
    this.#credits = settings.initial;
  }

  get limit(): number {
    return Math.floor(this.#credits);
  }

  sample(latencyMs: number, inFlight: number, dropped: boolean, startedMs: number, waitedMs = NaN): void {
    const told = dropped ? Infinity : waitedMs;
    if (told >= 0) this.#longestMs = Math.max(this.#longestMs, told);
    if (2 * inFlight >= this.#credits) this.#used = true;
    const nowMs = startedMs + (latencyMs > 0 && latencyMs < Infinity ? latencyMs : 0);
    if (this.#longestMs < 0 || nowMs < this.#nextMs) return;
    this.#change();
    this.#nextMs = nowMs + this.#settings.everyMs;
    this.#longestMs = -1;
    this.#used = false;
  }

  #change(): void {
    const { targetMs, grow, cutRatio } = this.#settings;
    const excess = (this.#longestMs - targetMs) / targetMs;
    if (excess >= 0) this.#credits *= 1 - Math.min(LARGEST_CUT, cutRatio * excess);
    else if (this.#used) this.#credits += grow;
    this.#credits = bounded(this.#credits, this.#settings);
  }
}
