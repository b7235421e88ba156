import { PolicyFault } from "./PolicyFault.ts";
import { requireSetting } from "./SettingFault.ts";

/** Beyond it a double has no exact microseconds: the year 2255. */
const MOST_MS = 9e12;

/** Limiters and breakers count whole microseconds, as Redis does; a reading is rounded to the nearest. Throws PolicyFault. */
export function microsOf(nowMs: number): number {
  if (!(nowMs >= -MOST_MS && nowMs <= MOST_MS)) throw new PolicyFault("nowMs", `a number of at most ${MOST_MS}`, nowMs);
  return Math.round(nowMs * 1000);
}

/** A duration among the settings as whole microseconds, at least one. Throws SettingFault. */
export function durationMicros(setting: string, ms: number): number {
  return Math.round(requireSetting(setting, ms, { least: 0.001, most: MOST_MS }) * 1000);
}
