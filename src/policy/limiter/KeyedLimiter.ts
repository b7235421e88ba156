import { requireSetting } from "../SettingFault.ts";
import type { RateLimiter } from "./RateLimiter.ts";

export interface KeyedLimiterSettings {
  /** Keys that are kept at once. */
  readonly maxKeys: number;
  /**
   * For a new key when the table is full and none of the 16 keys looked at is idle. "refuse": the call is refused. "evict": the key whose turn it is
   * forgets what it used, so at most one more capacity per eviction passes.
   */
  readonly whenFull: "refuse" | "evict";
}

/** Keys looked at per new key; each of them costs less than a new entry. */
const LOOKED_AT = 16;

/**
 * One limiter for many keys, which never see each other. Each new key drops idle ones that it comes by, so the table holds about the keys that are not
 * idle, and never more than `maxKeys`. A refused call creates no key. O(1) per call.
 */
export class KeyedLimiter<S> {
  #limiter: RateLimiter<S>;
  readonly #states = new Map<string, S>();
  readonly #maxKeys: number;
  readonly #evicts: boolean;
  #cursor: MapIterator<[string, S]>;
  #evicted = 0;

  /** Throws SettingFault. */
  constructor(limiter: RateLimiter<S>, settings: KeyedLimiterSettings) {
    this.#limiter = limiter;
    this.#maxKeys = requireSetting("keyedLimiter.maxKeys", settings.maxKeys, { least: 1, most: 2 ** 23, whole: true });
    this.#evicts = settings.whenFull === "evict";
    this.#cursor = this.#states.entries();
  }

  get limiter(): RateLimiter<S> {
    return this.#limiter;
  }

  get keys(): number {
    return this.#states.size;
  }

  /** Keys that were dropped before they were idle. */
  get evicted(): number {
    return this.#evicted;
  }

  /** As `RateLimiter.take`. With a full table: until a key that was looked at is idle, which another new key may take. Throws PolicyFault. */
  take(key: string, cost: number, nowMs: number): number {
    const state = this.#states.get(key);
    if (state !== undefined) return this.#limiter.take(state, cost, nowMs);
    const fresh = this.#limiter.open(nowMs);
    const waitMs = this.#limiter.take(fresh, cost, nowMs);
    if (waitMs > 0) return waitMs;
    const fullMs = this.#makeRoom(nowMs);
    if (fullMs === 0) this.#states.set(key, fresh);
    return fullMs;
  }

  /** What `take` would answer, but for a full table. Throws PolicyFault. */
  waitMs(key: string, cost: number, nowMs: number): number {
    return this.#limiter.waitMs(this.#states.get(key) ?? this.#limiter.open(nowMs), cost, nowMs);
  }

  remaining(key: string, nowMs: number): number {
    return this.#limiter.remaining(this.#states.get(key) ?? this.#limiter.open(nowMs), nowMs);
  }

  /** Goes over to other settings of the same kind of limiter, for all keys. O(keys). */
  reconfigure(limiter: RateLimiter<S>, nowMs: number): void {
    for (const state of this.#states.values()) limiter.adopt(state, this.#limiter as typeof limiter, nowMs);
    this.#limiter = limiter;
  }

  /** 0: there is room for one more key; else until one that was looked at gets idle. */
  #makeRoom(nowMs: number): number {
    let earliestMs = Infinity;
    const looks = Math.min(LOOKED_AT, this.#states.size);
    for (let i = 0; i < looks; i++) {
      const [key, state] = this.#following();
      const idleMs = this.#limiter.idleAtMs(state);
      if (idleMs <= nowMs) this.#states.delete(key);
      else if (idleMs < earliestMs) earliestMs = idleMs;
    }
    if (this.#states.size < this.#maxKeys) return 0;
    if (!this.#evicts) return earliestMs - nowMs;
    this.#states.delete(this.#following()[0]);
    this.#evicted++;
    return 0;
  }

  /** The next key in turn; starts again after the last one. */
  #following(): [string, S] {
    const next = this.#cursor.next();
    if (next.done !== true) return next.value;
    this.#cursor = this.#states.entries();
    return this.#cursor.next().value!;
  }
}
