import { requireSetting } from "../SettingFault.ts";
import { SlidingCounts } from "./SlidingCounts.ts";

/** Envoy's defaults are 0.95, 1, 30 s, 30, 0, 0.8. */
export interface SuccessThrottleSettings {
  /** Above this success ratio nothing is rejected. */
  readonly threshold: number;
  /** 1: the probability follows the lack of successes; more: it rises earlier. */
  readonly aggression: number;
  readonly windowMs: number;
  readonly buckets: number;
  /** Below this rate of answered requests nothing is rejected. */
  readonly minimumPerSecond: number;
  readonly maxRejectionRatio: number;
}

/**
 * Envoy's admission control: rejects with probability ((total - successes / threshold) / (total + 1)) ^ (1 / aggression) over the answers of the window.
 * Its own rejections are not answers. Source: Envoy 1.36, admission_control.cc, AdmissionControlFilter::shouldRejectRequest.
 */
export class SuccessThrottle {
  readonly #settings: SuccessThrottleSettings;
  readonly #counts: SlidingCounts;

  /** Throws SettingFault. */
  constructor(settings: SuccessThrottleSettings) {
    requireSetting("successThrottle.threshold", settings.threshold, { above: 0, most: 1 });
    requireSetting("successThrottle.aggression", settings.aggression, { least: 1 });
    requireSetting("successThrottle.windowMs", settings.windowMs, { above: 0 });
    requireSetting("successThrottle.buckets", settings.buckets, { least: 1, most: 100_000, whole: true });
    requireSetting("successThrottle.minimumPerSecond", settings.minimumPerSecond, { least: 0 });
    requireSetting("successThrottle.maxRejectionRatio", settings.maxRejectionRatio, { least: 0, most: 1 });
    this.#settings = settings;
    this.#counts = new SlidingCounts(settings.buckets, settings.windowMs / settings.buckets);
  }

  /** Whether the request is sent. `draw` is uniform in [0, 1). */
  admits(draw: number, nowMs: number): boolean {
    this.#counts.advance(nowMs);
    return draw >= this.rejectionRatio();
  }

  /** A request that was sent came back. */
  answered(succeeded: boolean, nowMs: number): void {
    this.#counts.advance(nowMs);
    this.#counts.addFirst();
    if (succeeded) this.#counts.addSecond();
  }

  /** Probability of the next rejection, as of the last call. */
  rejectionRatio(): number {
    const { threshold, aggression, windowMs, minimumPerSecond, maxRejectionRatio } = this.#settings;
    const { first: total, second: successes } = this.#counts;
    if ((1000 * total) / windowMs < minimumPerSecond) return 0;
    const lack = (total - successes / threshold) / (total + 1);
    return lack <= 0 ? 0 : Math.min(maxRejectionRatio, lack ** (1 / aggression));
  }
}
