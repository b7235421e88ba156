import { requireSetting } from "../SettingFault.ts";
import type { DelayControl } from "./DelayControl.ts";

export interface StandingTimeoutSettings {
  /** Facebook's M, 5 ms: how long a request may wait while a queue stands. Assumed values for servers of milliseconds; scale both to the service time. */
  readonly targetMs: number;
  /** Facebook's N, 100 ms: how long the queue must not have been empty, and how long a request may wait otherwise. */
  readonly intervalMs: number;
}

/**
 * Controlled delay in Facebook's form: a request may wait `intervalMs`; `targetMs` only once the queue has not been empty for longer than `intervalMs`.
 * Source: Maurer 2015, "Fail at Scale", ACM Queue 13(8).
 */
export class StandingTimeout implements DelayControl {
  readonly #targetMs: number;
  readonly #intervalMs: number;

  /** Throws SettingFault. */
  constructor(settings: StandingTimeoutSettings) {
    this.#targetMs = requireSetting("standingTimeout.targetMs", settings.targetMs, { least: 0 });
    this.#intervalMs = requireSetting("standingTimeout.intervalMs", settings.intervalMs, { above: 0, least: settings.targetMs });
  }

  drops(waitedMs: number, _behind: number, standingMs: number): boolean {
    return waitedMs > (standingMs > this.#intervalMs ? this.#targetMs : this.#intervalMs);
  }

  foundEmpty(): void {
    // The queue itself knows when it was empty.
  }
}
