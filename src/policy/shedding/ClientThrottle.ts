import { requireSetting } from "../SettingFault.ts";
import { SlidingCounts } from "./SlidingCounts.ts";

export interface ClientThrottleSettings {
  /** How many requests are sent per accepted one when the backend rejects: 2 lets rejections through half of the time. */
  readonly multiplier: number;
  /** Two minutes in the source. */
  readonly windowMs: number;
  readonly buckets: number;
}

/**
 * Adaptive throttling by a client: rejects by itself with probability max(0, (requests - K * accepts) / (requests + 1)) over the window.
 * A request counts before its decision, and whatever that is; so the client goes on trying while nothing is accepted.
 * Source: Beyer et al. 2016, "Site Reliability Engineering", chapter 21, equation 21-1.
 */
export class ClientThrottle {
  readonly #multiplier: number;
  readonly #counts: SlidingCounts;

  /** Throws SettingFault. */
  constructor(settings: ClientThrottleSettings) {
    this.#multiplier = requireSetting("clientThrottle.multiplier", settings.multiplier, { least: 1 });
    requireSetting("clientThrottle.windowMs", settings.windowMs, { above: 0 });
    requireSetting("clientThrottle.buckets", settings.buckets, { least: 1, most: 100_000, whole: true });
    this.#counts = new SlidingCounts(settings.buckets, settings.windowMs / settings.buckets);
  }

  /** Whether the request is sent; it is counted. `draw` is uniform in [0, 1). */
  admits(draw: number, nowMs: number): boolean {
    this.#counts.advance(nowMs);
    this.#counts.addFirst();
    return draw >= this.rejectionRatio();
  }

  /** The backend accepted a request that was sent. */
  accepted(nowMs: number): void {
    this.#counts.advance(nowMs);
    this.#counts.addSecond();
  }

  /** Probability of the next rejection, as of the last call. */
  rejectionRatio(): number {
    const { first: requests, second: accepts } = this.#counts;
    return Math.max(0, (requests - this.#multiplier * accepts) / (requests + 1));
  }
}
