import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

/** The example of gRPC A6 is 10 and 0.1. */
export interface ThrottleBudgetSettings {
  readonly maxTokens: number;
  /** What a success gives back; a failure costs 1. */
  readonly tokenRatio: number;
}

/** Retries stop while the count of successes against failures is at or below one half of its maximum. It never waits. Source: gRPC proposal A6, retry throttling. */
export class ThrottleBudget implements RetryBudget {
  readonly name = "throttle";
  readonly #maxTokens: number;
  readonly #tokenRatio: number;
  #tokens: number;

  /** Throws SettingFault. */
  constructor(settings: ThrottleBudgetSettings) {
    this.#maxTokens = requireSetting("throttle.maxTokens", settings.maxTokens, { above: 0, most: 1000 });
    this.#tokenRatio = requireSetting("throttle.tokenRatio", settings.tokenRatio, { above: 0, most: 1000 });
    this.#tokens = settings.maxTokens;
  }

  requested(): void {}

  take(): boolean {
    return this.#tokens > this.#maxTokens / 2;
  }

  ended(succeeded: boolean): void {
    this.#tokens = succeeded ? Math.min(this.#maxTokens, this.#tokens + this.#tokenRatio) : Math.max(0, this.#tokens - 1);
  }

  finished(): void {}
}
