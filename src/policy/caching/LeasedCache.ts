import { durationMicros, microsOf } from "../Micros.ts";
import { requireSetting } from "../SettingFault.ts";

export interface LeaseSettings {
  readonly ttlMs: number;
  /** Each entry lives ttlMs * (1 +- this), 0 <= it < 1. */
  readonly ttlJitterRatio: number;
  /** For so long after expiry the old value is served while somebody loads. */
  readonly staleMs: number;
  /** Nobody else loads a key for so long; then its owner is late, whatever it does. */
  readonly leaseMs: number;
}

export interface LeasedCacheSettings extends LeaseSettings {
  /** The key that came first goes when there are more; its owner is late then. */
  readonly maxEntries: number;
}

/** What somebody who asked for a key does next. */
export type Leased<V> =
  /** Serve the value; somebody else loads if it is stale. `leftMs`: fresh for so long, or leased for so long. */
  | { readonly answer: "hit" | "stale"; readonly value: V; readonly leftMs: number }
  /** Serve the value, and load. */
  | { readonly answer: "staleLead"; readonly value: V; readonly leftMs: number }
  /** Load; the lease is the asker's for `leftMs`. */
  | { readonly answer: "lead"; readonly leftMs: number }
  /** Somebody else loads, for `leftMs` at most; ask again. */
  | { readonly answer: "wait"; readonly leftMs: number };

/** Settings in microseconds; `ttlUs` of a draw, uniform in [0, 1). */
export interface LeaseNumbers {
  readonly leaseUs: number;
  readonly staleUs: number;
  readonly ttlUs: (draw: number) => number;
}

interface Entry<V> {
  value: V | undefined;
  freshUs: number;
  keepUs: number;
  owner: string | undefined;
  leaseUs: number;
  stored: string | undefined;
  released: string | undefined;
  atUs: number;
}

/** Throws SettingFault. */
export function leaseNumbers(settings: LeaseSettings): LeaseNumbers {
  const ttlUs = durationMicros("cache.ttlMs", settings.ttlMs);
  const jitter = requireSetting("cache.ttlJitterRatio", settings.ttlJitterRatio, { least: 0, most: 0.999 });
  const staleMs = requireSetting("cache.staleMs", settings.staleMs, { least: 0, most: 9e12 });
  return {
    leaseUs: durationMicros("cache.leaseMs", settings.leaseMs),
    staleUs: Math.round(staleMs * 1000),
    ttlUs: (draw) => Math.max(1, Math.round(ttlUs * (1 + jitter * (2 * draw - 1)))),
  };
}

/**
 * A cache of values with one loader per key, by a lease: an owner whose lease has ended, was invalidated, or has a successor stores nothing. Owners are names
 * used once; the same owner may ask, store and release again, which changes nothing. Time per key never runs back. O(1) per call.
 */
export class LeasedCache<V> {
  readonly #numbers: LeaseNumbers;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry<V>>();

  /** Throws SettingFault. */
  constructor(settings: LeasedCacheSettings) {
    this.#numbers = leaseNumbers(settings);
    this.#maxEntries = requireSetting("cache.maxEntries", settings.maxEntries, { least: 1, most: 2 ** 23, whole: true });
  }

  request(key: string, owner: string, nowMs: number): Leased<V> {
    const entry = this.#entryOf(key, nowMs);
    const now = entry.atUs;
    const value = now < entry.keepUs ? entry.value : undefined;
    if (value !== undefined && now < entry.freshUs) return { answer: "hit", value, leftMs: (entry.freshUs - now) / 1000 };
    if (entry.owner === undefined || now >= entry.leaseUs) {
      entry.owner = owner;
      entry.leaseUs = now + this.#numbers.leaseUs;
    }
    const leads = entry.owner === owner;
    const leftMs = (entry.leaseUs - now) / 1000;
    if (value === undefined) return { answer: leads ? "lead" : "wait", leftMs };
    return { answer: leads ? "staleLead" : "stale", value, leftMs };
  }

  /** Whether the value was stored; `draw` is uniform in [0, 1). */
  store(key: string, owner: string, value: V, draw: number, nowMs: number): boolean {
    const entry = this.#known(key, nowMs);
    if (entry?.stored === owner) return true;
    if (entry === undefined || !this.#owns(entry, owner)) return false;
    entry.value = value;
    entry.freshUs = entry.atUs + this.#numbers.ttlUs(draw);
    entry.keepUs = entry.freshUs + this.#numbers.staleUs;
    entry.owner = undefined;
    entry.stored = owner;
    return true;
  }

  /** Gives the lease up after a failed load, so that somebody else may load at once; false when it had ended. */
  release(key: string, owner: string, nowMs: number): boolean {
    const entry = this.#known(key, nowMs);
    if (entry?.released === owner) return true;
    if (entry === undefined || !this.#owns(entry, owner)) return false;
    entry.owner = undefined;
    entry.released = owner;
    return true;
  }

  /** The key was written: its value goes, and a load that began before does not store. */
  invalidate(key: string): void {
    this.#entries.delete(key);
  }

  #owns(entry: Entry<V>, owner: string): boolean {
    return entry.owner === owner && entry.atUs < entry.leaseUs;
  }

  #known(key: string, nowMs: number): Entry<V> | undefined {
    const nowUs = microsOf(nowMs);
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.atUs = Math.max(entry.atUs, nowUs);
    return entry;
  }

  #entryOf(key: string, nowMs: number): Entry<V> {
    const known = this.#known(key, nowMs);
    if (known !== undefined) return known;
    const atUs = microsOf(nowMs);
    const entry = { value: undefined, freshUs: 0, keepUs: 0, owner: undefined, leaseUs: 0, stored: undefined, released: undefined, atUs };
    if (this.#entries.size >= this.#maxEntries) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, entry);
    return entry;
  }
}
