import { durationMicros } from "../Micros.ts";
import { requireSetting, SettingFault } from "../SettingFault.ts";

export interface WindowSettings {
  /** Permits per window, a whole number. */
  readonly limit: number;
  /** Rounded to microseconds. */
  readonly windowMs: number;
}

/** The window in microseconds; throws SettingFault, also when limit * window cannot be counted exactly. */
export function windowMicros(limiter: string, settings: WindowSettings): number {
  requireSetting(`${limiter}.limit`, settings.limit, { least: 1, most: 1e12, whole: true });
  const windowUs = durationMicros(`${limiter}.windowMs`, settings.windowMs);
  const most = Math.floor(2 ** 51 / windowUs);
  if (settings.limit > most)
    throw new SettingFault(`${limiter}.limit`, `at most ${most} with a window of ${settings.windowMs} ms`, settings.limit);
  return windowUs;
}
