import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

export interface FailureBreakerSettings {
  /** Retries are sent while at most this share of all attempts so far failed, 0..1. */
  readonly failureRatio: number;
}

/** A breaker for retries alone: first attempts always pass. It never forgets, as in its source: made to be compared. Source: Brooker, 28 Feb 2022. */
export class FailureBreakerBudget implements RetryBudget {
  readonly name = "failureBreaker";
  readonly #failureRatio: number;
  #attempts = 0;
  #failures = 0;

  /** Throws SettingFault. */
  constructor(settings: FailureBreakerSettings) {
    this.#failureRatio = requireSetting("failureBreaker.failureRatio", settings.failureRatio, { least: 0, most: 1 });
  }

  requested(): void {}

  take(): boolean {
    return this.#failures <= this.#failureRatio * this.#attempts;
  }

  ended(succeeded: boolean): void {
    this.#attempts++;
    if (!succeeded) this.#failures++;
  }

  finished(): void {}
}
