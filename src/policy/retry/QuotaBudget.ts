import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

/** The AWS SDKs' values are 500, 5, 10 and 1. */
export interface QuotaBudgetSettings {
  readonly capacity: number;
  readonly retryCost: number;
  readonly timeoutCost: number;
  /** What a success at the first try gives back; the success of a retry gives back what that retry cost. */
  readonly successCredit: number;
}

/** A quota that retries spend and successes refill. Level = initial - charges + refunds, within 0..capacity. Source: AWS SDKs, standard retry mode. */
export class QuotaBudget implements RetryBudget {
  readonly name = "quota";
  readonly #settings: QuotaBudgetSettings;
  #level: number;

  /** Throws SettingFault. */
  constructor(settings: QuotaBudgetSettings) {
    requireSetting("quota.capacity", settings.capacity, { least: 0, most: 2 ** 30, whole: true });
    requireSetting("quota.retryCost", settings.retryCost, { least: 0, most: 2 ** 30, whole: true });
    requireSetting("quota.timeoutCost", settings.timeoutCost, { least: 0, most: 2 ** 30, whole: true });
    requireSetting("quota.successCredit", settings.successCredit, { least: 0, most: 2 ** 30, whole: true });
    this.#settings = settings;
    this.#level = settings.capacity;
  }

  get level(): number {
    return this.#level;
  }

  requested(): void {}

  take(_nowMs: number, afterTimeout: boolean): boolean {
    const cost = this.#costOf(afterTimeout);
    if (this.#level < cost) return false;
    this.#level -= cost;
    return true;
  }

  ended(succeeded: boolean, retried: boolean, afterTimeout: boolean): void {
    if (!succeeded) return;
    const credit = retried ? this.#costOf(afterTimeout) : this.#settings.successCredit;
    this.#level = Math.min(this.#settings.capacity, this.#level + credit);
  }

  finished(): void {}

  #costOf(afterTimeout: boolean): number {
    return afterTimeout ? this.#settings.timeoutCost : this.#settings.retryCost;
  }
}
