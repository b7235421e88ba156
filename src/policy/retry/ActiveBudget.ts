import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

/** Envoy's defaults are 20 % and 3. */
export interface ActiveBudgetSettings {
  readonly ratio: number;
  /** Retries that may always be under way. */
  readonly minConcurrency: number;
}

/** At most `ratio` of the requests under way may be retries under way: 25 active allow 5, 2 active allow 3. Source: Envoy, retry budget (pull request 9069). */
export class ActiveBudget implements RetryBudget {
  readonly name = "active";
  readonly #ratio: number;
  readonly #minConcurrency: number;
  #active = 0;
  #retries = 0;

  /** Throws SettingFault. */
  constructor(settings: ActiveBudgetSettings) {
    this.#ratio = requireSetting("active.ratio", settings.ratio, { least: 0, most: 1000 });
    this.#minConcurrency = requireSetting("active.minConcurrency", settings.minConcurrency, { least: 0, most: 2 ** 30, whole: true });
  }

  requested(): void {
    this.#active++;
  }

  take(): boolean {
    if (this.#retries >= Math.max(this.#minConcurrency, this.#ratio * this.#active)) return false;
    this.#retries++;
    return true;
  }

  ended(_succeeded: boolean, retried: boolean): void {
    if (retried && this.#retries > 0) this.#retries--;
  }

  finished(): void {
    if (this.#active > 0) this.#active--;
  }
}
