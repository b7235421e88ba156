import { requireSetting } from "../SettingFault.ts";

/** DAGOR's values are 20 ms, 1 s, 2000 requests, 5 % and 1 %. */
export interface PriorityLevelSettings {
  /** Overloaded when the mean queue wait of a window is above this. */
  readonly queueWaitMs: number;
  /** A window ends after this time or this many requests, whichever comes first. */
  readonly windowMs: number;
  readonly windowRequests: number;
  /** Share of the admitted load that an overloaded window takes off. */
  readonly cutRatio: number;
  /** Share of the offered load that a good window adds. */
  readonly growRatio: number;
  readonly businessLevels: number;
  /** Levels within each business level. */
  readonly userLevels: number;
}

/** Levels that are kept apart; a window's end looks at each of them. */
const MOST_LEVELS = 65_536;

/**
 * Priority admission after DAGOR: requests up to a level (business, then user; 0 is the highest priority) are admitted. At the end of each window the level
 * moves so that the next one would admit cutRatio less than this one did, or growRatio of the offered more. A window in which requests waited
 * and none could start counts as overloaded (this project's; the source would see no wait in it).
 * O(1), and O(levels) at the end of a window. Source: Zhou et al. 2018, "Overload Control for Scaling WeChat Microservices", algorithm 1.
 */
export class PriorityLevel {
  readonly #settings: PriorityLevelSettings;
  readonly #offeredAt: Int32Array;
  #level: number;
  #startMs = NaN;
  #offered = 0;
  #admitted = 0;
  #started = 0;
  #waitedMs = 0;

  /** Throws SettingFault. */
  constructor(settings: PriorityLevelSettings) {
    requireSetting("priority.queueWaitMs", settings.queueWaitMs, { least: 0 });
    requireSetting("priority.windowMs", settings.windowMs, { above: 0 });
    requireSetting("priority.windowRequests", settings.windowRequests, { least: 1, most: 2 ** 30, whole: true });
    requireSetting("priority.cutRatio", settings.cutRatio, { above: 0, most: 1 });
    requireSetting("priority.growRatio", settings.growRatio, { above: 0, most: 1 });
    requireSetting("priority.businessLevels", settings.businessLevels, { least: 1, most: MOST_LEVELS, whole: true });
    const most = Math.floor(MOST_LEVELS / settings.businessLevels);
    requireSetting("priority.userLevels", settings.userLevels, { least: 1, most, whole: true });
    this.#settings = settings;
    this.#offeredAt = new Int32Array(settings.businessLevels * settings.userLevels);
    this.#level = this.#offeredAt.length - 1;
  }

  /** The lowest priority that is admitted: business * userLevels + user. Travels upstream in replies. */
  get level(): number {
    return this.#level;
  }

  /** Levels outside the settings count as the nearest one. `waiting` requests are in the queue. */
  admits(business: number, user: number, waiting: number, nowMs: number): boolean {
    this.#turn(waiting, nowMs);
    const { businessLevels, userLevels } = this.#settings;
    const at = clamp(business, businessLevels) * userLevels + clamp(user, userLevels);
    this.#offered++;
    this.#offeredAt[at]!++;
    if (at > this.#level) return false;
    this.#admitted++;
    return true;
  }

  /** A request starts after this wait. */
  started(waitedMs: number, waiting: number, nowMs: number): void {
    this.#turn(waiting, nowMs);
    this.#started++;
    this.#waitedMs += waitedMs;
  }

  #turn(waiting: number, nowMs: number): void {
    if (Number.isNaN(this.#startMs)) this.#startMs = nowMs;
    const { windowMs, windowRequests } = this.#settings;
    if (nowMs - this.#startMs < windowMs && this.#offered < windowRequests) return;
    this.#move(waiting);
    this.#startMs = nowMs;
    this.#offered = 0;
    this.#admitted = 0;
    this.#started = 0;
    this.#waitedMs = 0;
    this.#offeredAt.fill(0);
  }

  #move(waiting: number): void {
    const overloaded = this.#started > 0 ? this.#waitedMs / this.#started > this.#settings.queueWaitMs : waiting > 0;
    const { cutRatio, growRatio } = this.#settings;
    const wanted = overloaded ? (1 - cutRatio) * this.#admitted : this.#admitted + growRatio * this.#offered;
    let prefix = 0;
    let level = 0;
    for (let at = 0; at < this.#offeredAt.length; at++) {
      if (prefix > wanted) break;
      level = at;
      prefix += this.#offeredAt[at]!;
    }
    this.#level = level;
  }
}

function clamp(level: number, levels: number): number {
  if (level >= levels) return levels - 1;
  return level > 0 ? level | 0 : 0;
}
