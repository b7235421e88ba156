import { requireSetting } from "../SettingFault.ts";
import type { Eviction } from "./Eviction.ts";
import { Lfu } from "./Lfu.ts";
import { Lru } from "./Lru.ts";
import { S3Fifo } from "./S3Fifo.ts";

export type EvictionName = "lru" | "lfu" | "s3fifo";

export interface EntryStoreSettings {
  readonly eviction: EvictionName;
  readonly maxEntries: number;
  /** Infinity for no bound. */
  readonly maxBytes: number;
}

/** Keys, sizes and times of what a cache holds, within bounds of entries and bytes. Values belong to the user, by slot. */
export class EntryStore<K> {
  bytes = 0;
  evictions = 0;
  declare readonly expiresMs: Float64Array;
  /** How long the load took. */
  declare readonly loadMs: Float64Array;
  /** 1: there is nothing, or the load failed. */
  declare readonly negative: Uint8Array;
  readonly #slotOf: Map<K, number> = new Map();
  readonly #keyOf: Array<K | undefined> = [];
  readonly #bytesOf: Float64Array;
  readonly #free: Int32Array;
  #freeCount: number;
  readonly #maxBytes: number;
  readonly #eviction: Eviction<K>;

  /** Throws SettingFault. */
  constructor(settings: EntryStoreSettings, eviction: (name: EvictionName, entries: number) => Eviction<K> = evictionOf) {
    const entries = requireSetting("cache.maxEntries", settings.maxEntries, { least: 1, most: 2 ** 24, whole: true });
    this.#maxBytes = requireSetting("cache.maxBytes", settings.maxBytes, { least: 1, unbounded: true });
    this.#eviction = eviction(settings.eviction, entries);
    this.expiresMs = new Float64Array(entries);
    this.loadMs = new Float64Array(entries);
    this.negative = new Uint8Array(entries);
    this.#bytesOf = new Float64Array(entries);
    this.#free = Int32Array.from({ length: entries }, (_, slot) => entries - 1 - slot);
    this.#freeCount = entries;
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** The key's slot, -1 when it is not in. */
  find(key: K): number {
    return this.#slotOf.get(key) ?? -1;
  }

  hit(slot: number): void {
    this.#eviction.hit(slot);
  }

  /** The slot of the new entry, which replaces the key's old one; -1 when it is larger than all bytes (the old one is gone all the same). */
  put(key: K, bytes: number): number {
    this.remove(key);
    if (!(bytes <= this.#maxBytes)) return -1;
    while (this.#freeCount === 0 || this.bytes + bytes > this.#maxBytes) this.#evict();
    const slot = this.#free[--this.#freeCount]!;
    this.#slotOf.set(key, slot);
    this.#keyOf[slot] = key;
    this.#bytesOf[slot] = bytes;
    this.bytes += bytes;
    this.#eviction.add(slot, key);
    return slot;
  }

  remove(key: K): void {
    const slot = this.#slotOf.get(key);
    if (slot !== undefined) this.#release(slot, key, false);
  }

  clear(): void {
    for (const key of this.#slotOf.keys()) this.remove(key);
  }

  #evict(): void {
    const slot = this.#eviction.victim();
    this.evictions++;
    this.#release(slot, this.#keyOf[slot]!, true);
  }

  #release(slot: number, key: K, evicted: boolean): void {
    this.#eviction.remove(slot, key, evicted);
    this.#slotOf.delete(key);
    this.#keyOf[slot] = undefined;
    this.bytes -= this.#bytesOf[slot]!;
    this.#free[this.#freeCount++] = slot;
  }
}

/** The eviction of that name. */
export function evictionOf<K>(name: EvictionName, entries: number): Eviction<K> {
  if (name === "lru") return new Lru(entries);
  return name === "lfu" ? new Lfu(entries) : new S3Fifo<K>(entries);
}
