import { requireSetting } from "../SettingFault.ts";
import type { RetryBudget } from "./RetryBudget.ts";

/** Brooker's values are 5 and 0.1. */
export interface BucketBudgetSettings {
  /** Retries that may be saved up; the bucket starts full. */
  readonly capacity: number;
  /** What each new request adds. */
  readonly ratio: number;
}

/** A local bucket that each request fills a little and each retry takes one from, while more than one is left. Source: Brooker, 28 Feb 2022, adaptive retries. */
export class BucketBudget implements RetryBudget {
  readonly name = "bucket";
  readonly #capacity: number;
  readonly #ratio: number;
  #level: number;

  /** Throws SettingFault. */
  constructor(settings: BucketBudgetSettings) {
    this.#capacity = requireSetting("bucket.capacity", settings.capacity, { above: 0, most: 1e9 });
    this.#ratio = requireSetting("bucket.ratio", settings.ratio, { least: 0, most: 1000 });
    this.#level = settings.capacity;
  }

  requested(): void {
    this.#level = Math.min(this.#capacity, this.#level + this.#ratio);
  }

  take(): boolean {
    if (!(this.#level > 1)) return false;
    this.#level--;
    return true;
  }

  ended(): void {}

  finished(): void {}
}
