import { requireSetting, SettingFault } from "../SettingFault.ts";

/** How a request is answered at a level. */
export type BrownoutAnswer =
  /** Output is cut to this share of what was asked for, 0..1. */
  | { readonly kind: "shorter"; readonly outputRatio: number }
  | { readonly kind: "smallerModel" }
  /** From the result cache when it holds anything, however old. */
  | { readonly kind: "cached" }
  /** A fixed text. */
  | { readonly kind: "canned" };

export interface BrownoutLevel {
  readonly answer: BrownoutAnswer;
  /** Entered when the load signal is at least this. */
  readonly enterAt: number;
  /** Left when the load signal is below this; at most `enterAt`. */
  readonly leaveBelow: number;
}

export interface BrownoutSettings {
  /** From mild to severe; thresholds rise. */
  readonly levels: ReadonlyArray<BrownoutLevel>;
  /** How long a level lasts at least, the normal one included. */
  readonly minimumDwellMs: number;
}

const NORMAL = 0;

/**
 * Answers more cheaply under load: a level is entered when a load signal (any number that grows with load) reaches its threshold, left downward one at a
 * time when the signal is below the level's lower one, and never before `minimumDwellMs` in the present level. O(levels) per observation.
 * Source: Klein et al. 2014, "Brownout: Building More Robust Cloud Applications" (the idea; levels and hysteresis are this project's).
 */
export class Brownout {
  readonly #settings: BrownoutSettings;
  #level = NORMAL;
  #sinceMs = -Infinity;

  /** Throws SettingFault. */
  constructor(settings: BrownoutSettings) {
    requireSetting("brownout.minimumDwellMs", settings.minimumDwellMs, { least: 0 });
    if (settings.levels.length === 0) throw new SettingFault("brownout.levels", "at least one level", "none");
    settings.levels.forEach((level, i) => checkLevel(level, settings.levels[i - 1], `brownout.levels[${i}]`));
    this.#settings = settings;
  }

  /** 0 is normal, n the n-th of the settings. */
  get level(): number {
    return this.#level;
  }

  /** How requests are answered now; undefined: as asked. */
  get answer(): BrownoutAnswer | undefined {
    return this.#settings.levels[this.#level - 1]?.answer;
  }

  /** Takes the signal into account and answers the level. NaN (nothing known) changes nothing. */
  observe(signal: number, nowMs: number): number {
    if (nowMs - this.#sinceMs < this.#settings.minimumDwellMs) return this.#level;
    const next = this.#next(signal);
    if (next !== this.#level) {
      this.#level = next;
      this.#sinceMs = nowMs;
    }
    return next;
  }

  #next(signal: number): number {
    const { levels } = this.#settings;
    for (let level = levels.length; level > this.#level; level--) if (signal >= levels[level - 1]!.enterAt) return level;
    return this.#level > NORMAL && signal < levels[this.#level - 1]!.leaveBelow ? this.#level - 1 : this.#level;
  }
}

function checkLevel(level: BrownoutLevel, milder: BrownoutLevel | undefined, where: string): void {
  const bounds = milder === undefined ? {} : { above: milder.enterAt };
  requireSetting(`${where}.enterAt`, level.enterAt, bounds);
  requireSetting(`${where}.leaveBelow`, level.leaveBelow, {
    most: level.enterAt,
    ...(milder === undefined ? {} : { least: milder.leaveBelow }),
  });
  if (level.answer.kind === "shorter") requireSetting(`${where}.outputRatio`, level.answer.outputRatio, { above: 0, most: 1 });
}
