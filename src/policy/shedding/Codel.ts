import { requireSetting } from "../SettingFault.ts";
import type { DelayControl } from "./DelayControl.ts";

export interface CodelSettings {
  /** A wait that is all right. 5 ms for packets; for LLM serving a share of the time to first token. */
  readonly targetMs: number;
  /** How long all waits must exceed the target before the first drop. 100 ms for packets. */
  readonly intervalMs: number;
}

/** A law that starts again within this many intervals goes on where it stopped. */
const MEMORY_INTERVALS = 16;

/**
 * Controlled delay: once every wait of an interval was above the target, drops one request, then the n-th after another interval / sqrt(n),
 * until a wait is below the target. Nothing is dropped that leaves an empty queue behind.
 * Source: RFC 8289, section 5 (the loop over packets is unrolled: one call judges one request).
 */
export class Codel implements DelayControl {
  readonly #targetMs: number;
  readonly #intervalMs: number;
  /** When the first drop is due if waits stay above the target; NaN while they are not. */
  #firstDropMs = NaN;
  #nextDropMs = 0;
  #count = 0;
  #countBefore = 0;
  #dropping = false;
  /** A drop of the law was the last verdict: the time of the next one is set when the next request is late too. */
  #lawDropped = false;

  /** Throws SettingFault. */
  constructor(settings: CodelSettings) {
    this.#targetMs = requireSetting("codel.targetMs", settings.targetMs, { least: 0 });
    this.#intervalMs = requireSetting("codel.intervalMs", settings.intervalMs, { above: 0 });
  }

  drops(waitedMs: number, behind: number, _standingMs: number, nowMs: number): boolean {
    const late = this.#isLate(waitedMs, behind, nowMs);
    const lawDropped = this.#lawDropped;
    this.#lawDropped = false;
    if (!this.#dropping) return late && this.#startDropping(nowMs);
    if (!late) {
      this.#dropping = false;
      return false;
    }
    if (lawDropped) this.#nextDropMs += this.#gapMs();
    if (nowMs < this.#nextDropMs) return false;
    this.#count++;
    this.#lawDropped = true;
    return true;
  }

  foundEmpty(): void {
    // The next request is not late, whatever it waited, and that ends the dropping.
    this.#firstDropMs = NaN;
  }

  #isLate(waitedMs: number, behind: number, nowMs: number): boolean {
    if (waitedMs < this.#targetMs || behind === 0) {
      this.#firstDropMs = NaN;
      return false;
    }
    if (nowMs >= this.#firstDropMs) return true;
    if (Number.isNaN(this.#firstDropMs)) this.#firstDropMs = nowMs + this.#intervalMs;
    return false;
  }

  #startDropping(nowMs: number): boolean {
    const goesOn = nowMs - this.#nextDropMs < MEMORY_INTERVALS * this.#intervalMs;
    this.#count = goesOn ? Math.max(1, this.#count - this.#countBefore) : 1;
    this.#countBefore = this.#count;
    this.#nextDropMs = nowMs + this.#gapMs();
    this.#dropping = true;
    return true;
  }

  #gapMs(): number {
    return this.#intervalMs / Math.sqrt(this.#count);
  }
}
