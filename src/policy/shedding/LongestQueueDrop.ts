import { requireSetting } from "../SettingFault.ts";
import type { QueueBoundSettings } from "./QueueBound.ts";

export interface LongestQueueDropSettings extends QueueBoundSettings {
  /** Who shares the queue, counted from 0. */
  readonly keys: number;
  /** Levels of urgency, 0 the most urgent. */
  readonly levels: number;
}

const NOBODY = -1;

/**
 * Whom a full queue drops so that all keys share its room: of the least urgent level the newest of whoever waits with the most, until the newcomer fits; or
 * the newcomer, when its own key would hold as much. So a light key finds room however much a heavy one sends, and nobody gives way to a less urgent one.
 * A lane is `level * keys + key`. O(1), and O(levels * keys) when the queue is full.
 * Source: McKenney 1990, "Stochastic Fairness Queueing"; Suter et al. 1998, "Design Considerations for Supporting TCP with Per-flow Queueing" (longest queue drop).
 */
export class LongestQueueDrop {
  readonly #settings: LongestQueueDropSettings;
  readonly #requests: Float64Array;
  readonly #tokens: Float64Array;
  #requestSum = 0;
  #tokenSum = 0;

  /** Throws SettingFault. */
  constructor(settings: LongestQueueDropSettings) {
    requireSetting("queue.keys", settings.keys, { least: 1, most: 2 ** 20, whole: true });
    requireSetting("queue.levels", settings.levels, { least: 1, most: 2 ** 10, whole: true });
    this.#settings = settings;
    this.#requests = new Float64Array(settings.keys * settings.levels);
    this.#tokens = new Float64Array(settings.keys * settings.levels);
  }

  joined(lane: number, tokens: number): void {
    this.#requests[lane]!++;
    this.#tokens[lane]! += tokens;
    this.#requestSum++;
    this.#tokenSum += tokens;
  }

  left(lane: number, tokens: number): void {
    this.#requests[lane]!--;
    this.#tokens[lane]! -= tokens;
    this.#requestSum--;
    this.#tokenSum -= tokens;
  }

  /** Whether the newcomer fits once others are dropped. */
  makesRoom(lane: number, tokens: number): boolean {
    return (
      this.#freeable(this.#requests, lane, 1) >= this.#requestSum + 1 - this.#settings.requests &&
      this.#freeable(this.#tokens, lane, tokens) >= this.#tokenSum + tokens - this.#settings.tokens
    );
  }

  /** Whether one more request is one too many, whatever its tokens. */
  get isFull(): boolean {
    return this.#requestSum + 1 > this.#settings.requests;
  }

  /** The lane whose newest is dropped next; -1 when the newcomer fits. Only where others make room. */
  victim(lane: number, tokens: number): number {
    if (this.isFull) return this.#longest(this.#requests, lane, 1);
    return this.#tokenSum + tokens > this.#settings.tokens ? this.#longest(this.#tokens, lane, tokens) : NOBODY;
  }

  /** All that is less urgent, and of others just as urgent what they hold beyond the newcomer's key. */
  #freeable(held: Float64Array, lane: number, more: number): number {
    const end = this.#levelEnd(lane);
    let sum = 0;
    for (let other = end - this.#settings.keys; other < end; other++)
      if (other !== lane) sum += Math.max(0, held[other]! - held[lane]! - more);
    for (let other = end; other < held.length; other++) sum += held[other]!;
    return sum;
  }

  #longest(held: Float64Array, lane: number, more: number): number {
    const end = this.#levelEnd(lane);
    for (let from = held.length - this.#settings.keys; from >= end; from -= this.#settings.keys) {
      const longest = this.#longestOf(held, from, 0);
      if (longest !== NOBODY) return longest;
    }
    return this.#longestOf(held, end - this.#settings.keys, held[lane]! + more);
  }

  #longestOf(held: Float64Array, from: number, above: number): number {
    let [longest, most] = [NOBODY, above];
    for (let lane = from; lane < from + this.#settings.keys; lane++) if (held[lane]! > most) [longest, most] = [lane, held[lane]!];
    return longest;
  }

  #levelEnd(lane: number): number {
    return (Math.floor(lane / this.#settings.keys) + 1) * this.#settings.keys;
  }
}
