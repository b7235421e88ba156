import { requireSetting } from "../SettingFault.ts";

export interface SeasonalForecastSettings {
  /** Slots of one season: 288 of five minutes are a day. */
  readonly seasonSlots: number;
  /** Weights of a new value in level, trend and season, 0..1; all 0: the same time one season ago. */
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
}

/**
 * Additive Holt-Winters forecast of one value per slot. The first season only teaches: until it is over the forecast is the last value.
 * Source: Winters 1960; Hyndman, Athanasopoulos 2021, "Forecasting: Principles and Practice", 8.3 (error correction is not used).
 */
export class SeasonalForecast {
  readonly #settings: SeasonalForecastSettings;
  readonly #season: Float64Array;
  #seen = 0;
  #last = NaN;
  #level = 0;
  #trend = 0;

  /** Throws SettingFault. */
  constructor(settings: SeasonalForecastSettings) {
    requireSetting("forecast.seasonSlots", settings.seasonSlots, { least: 1, most: 100_000, whole: true });
    for (const weight of ["alpha", "beta", "gamma"] as const) requireSetting(`forecast.${weight}`, settings[weight], { least: 0, most: 1 });
    this.#settings = settings;
    this.#season = new Float64Array(settings.seasonSlots);
  }

  /** The value of the slot that has just ended. */
  observe(value: number): void {
    const { seasonSlots, alpha, beta, gamma } = this.#settings;
    const slot = this.#seen++ % seasonSlots;
    this.#last = value;
    if (this.#seen <= seasonSlots) {
      // Level and season count only as a sum: the first season is all season.
      this.#season[slot] = value;
      return;
    }
    const level = alpha * (value - this.#season[slot]!) + (1 - alpha) * (this.#level + this.#trend);
    this.#trend = beta * (level - this.#level) + (1 - beta) * this.#trend;
    this.#level = level;
    // Without weights the forecast is the same time one season ago, which must be remembered.
    this.#season[slot] = alpha === 0 && gamma === 0 ? value : gamma * (value - level) + (1 - gamma) * this.#season[slot]!;
  }

  /** Of the slot so many after the last one observed, 1 and more; NaN before anything was observed, never negative. */
  ahead(slots: number): number {
    const { seasonSlots } = this.#settings;
    if (this.#seen < seasonSlots) return this.#last;
    return Math.max(0, this.#level + slots * this.#trend + this.#season[(this.#seen - 1 + slots) % seasonSlots]!);
  }
}
