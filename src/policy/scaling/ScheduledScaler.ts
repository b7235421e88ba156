import { requireSetting, SettingFault } from "../SettingFault.ts";
import type { Autoscaler, ScaleObservation } from "./Autoscaler.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

export interface ScheduleEntry {
  /** Time of day, 0..24 h. */
  readonly timeMs: number;
  /** 0 = Monday .. 6 = Sunday. */
  readonly days: ReadonlyArray<number>;
  readonly replicas: number;
}

export interface ScheduledScalerSettings {
  readonly entries: ReadonlyArray<ScheduleEntry>;
  /** Time since Monday 00:00 at nowMs 0. */
  readonly weekOffsetMs: number;
}

/** A number of replicas by the time of the week: each entry holds until the next one, around the week. O(log entries). */
export class ScheduledScaler implements Autoscaler {
  readonly name = "scheduled";
  readonly #times: Float64Array;
  readonly #replicas: Float64Array;
  readonly #offsetMs: number;

  /** Throws SettingFault. */
  constructor(settings: ScheduledScalerSettings) {
    this.#offsetMs = requireSetting("schedule.weekOffsetMs", settings.weekOffsetMs, { least: 0, most: WEEK_MS });
    settings.entries.forEach(({ timeMs, days, replicas }, i) => {
      requireSetting(`schedule.entries[${i}].timeMs`, timeMs, { least: 0, most: DAY_MS - 1 });
      requireSetting(`schedule.entries[${i}].replicas`, replicas, { least: 0, whole: true });
      for (const day of days) requireSetting(`schedule.entries[${i}].days`, day, { least: 0, most: 6, whole: true });
    });
    const turns = settings.entries.flatMap(({ timeMs, days, replicas }) => days.map((day) => ({ atMs: day * DAY_MS + timeMs, replicas })));
    if (turns.length === 0) throw new SettingFault("schedule.entries", "at least one entry with a day", "none");
    const sorted = turns.toSorted((one, other) => one.atMs - other.atMs);
    this.#times = Float64Array.from(sorted, ({ atMs }) => atMs);
    this.#replicas = Float64Array.from(sorted, ({ replicas }) => replicas);
  }

  decide(_seen: ScaleObservation, nowMs: number): number {
    const inWeekMs = (nowMs + this.#offsetMs) % WEEK_MS;
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle]! <= inWeekMs) low = middle + 1;
      else high = middle;
    }
    // Before the first entry of the week the last one holds.
    return this.#replicas[low === 0 ? this.#times.length - 1 : low - 1]!;
  }
}
