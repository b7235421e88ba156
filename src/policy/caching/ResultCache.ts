import { requireSetting } from "../SettingFault.ts";
import { refreshesEarly } from "./EarlyRefresh.ts";
import type { EntryStoreSettings, EvictionName } from "./EntryStore.ts";
import type { Eviction } from "./Eviction.ts";
import { EntryStore, evictionOf } from "./EntryStore.ts";
import type { FlightSettings } from "./Flights.ts";
import { Flights, Left } from "./Flights.ts";

export interface ResultCacheSettings extends EntryStoreSettings, FlightSettings {
  readonly ttlMs: number;
  /** Each entry lives ttlMs * (1 +- this), 0 <= it < 1. */
  readonly ttlJitterRatio: number;
  /** XFetch's beta: 1 is the source's value, more refreshes earlier, 0 never. */
  readonly earlyRefresh: number;
  /** For so long after expiry the old value is served while one load runs. */
  readonly staleWhileRevalidateMs: number;
  /** For so long after expiry the old value is served when the load fails. */
  readonly staleIfErrorMs: number;
  /** For so long "absent" or "failed" is served without a load. */
  readonly negativeTtlMs: number;
  /** Whether callers wait for a load that runs for their key, instead of loading too. */
  readonly coalesce: boolean;
}

/** What a caller does next. */
export const Answer = {
  /** Serve the entry. */
  Hit: 0,
  /** Serve the entry, and load again in the background (`flight`). */
  HitAndLoad: 1,
  /** Serve the entry, which is stale; a load runs already. */
  Stale: 2,
  StaleAndLoad: 3,
  /** Answer that there is nothing, or that the load failed. */
  Negative: 4,
  /** Load (`flight`), and wait for it (`waiter`). */
  Lead: 5,
  /** Wait (`waiter`). */
  Follow: 6,
  /** As many loads or callers as may be. */
  Refused: 7,
} as const;

/** How a load ended. `Unkept`: with a value that is good for those who wait, and not for the cache. */
export const Loaded = { Value: 0, Absent: 1, Failed: 2, Unkept: 3 } as const;

/** What became of a load, and what its callers get. */
export const Settled = {
  /** The owner lost its flight: nothing is stored, nobody waits. */
  Late: 0,
  /** The value, which is in the cache now. */
  Stored: 1,
  /** The value, which is not in the cache: the key was written meanwhile, it is too large, or not to be kept. */
  Served: 2,
  /** Absent or failed. */
  Negative: 3,
  /** The old value, since the load failed. */
  StaleOnError: 4,
} as const;

/** requests = hits + stale + negative + misses + coalesced + refused. Loads are counted apart. */
export interface CacheCounts {
  requests: number;
  hits: number;
  stale: number;
  negative: number;
  misses: number;
  coalesced: number;
  refused: number;
  loads: number;
  late: number;
  cancelled: number;
}

/**
 * A cache of results by key (numbers in a simulation, strings in a live process) with coalescing, as a state machine: it holds no values, starts no loads and
 * sets no timers. `request` says what a caller does; `settle` ends a load, after which `nextCaller` names those who waited until it answers -1.
 * The user ends waits at their deadlines with `cancel`, and calls `leaseEnded` when `leaseMs` have passed. Time never runs back: older readings count as the latest.
 */
export class ResultCache<K> {
  readonly counts: CacheCounts = {
    requests: 0,
    hits: 0,
    stale: 0,
    negative: 0,
    misses: 0,
    coalesced: 0,
    refused: 0,
    loads: 0,
    late: 0,
    cancelled: 0,
  };
  declare readonly entries: EntryStore<K>;
  /** Set by `request` where its answer says so; by `cancel` and `leaseEnded` on a hand-over. */
  flight = -1;
  waiter = -1;
  /** The slot of the entry that is served or was stored. */
  slot = -1;
  readonly #settings: ResultCacheSettings;
  readonly #flights: Flights<K>;
  readonly #keepMs: number;
  #nowMs = -Infinity;

  /** Throws SettingFault. */
  constructor(settings: ResultCacheSettings, eviction: (name: EvictionName, entries: number) => Eviction<K> = evictionOf) {
    requireSetting("cache.ttlMs", settings.ttlMs, { above: 0, unbounded: true });
    requireSetting("cache.ttlJitterRatio", settings.ttlJitterRatio, { least: 0, most: 0.999 });
    requireSetting("cache.earlyRefresh", settings.earlyRefresh, { least: 0 });
    requireSetting("cache.staleWhileRevalidateMs", settings.staleWhileRevalidateMs, { least: 0 });
    requireSetting("cache.staleIfErrorMs", settings.staleIfErrorMs, { least: 0 });
    requireSetting("cache.negativeTtlMs", settings.negativeTtlMs, { least: 0 });
    this.#settings = settings;
    this.entries = new EntryStore(settings, eviction);
    this.#flights = new Flights(settings);
    this.#keepMs = Math.max(settings.staleWhileRevalidateMs, settings.staleIfErrorMs);
  }

  get loadsInFlight(): number {
    return this.#flights.active;
  }

  /** An Answer. `caller` is the user's integer; `draw` is uniform in [0, 1). */
  request(key: K, caller: number, draw: number, nowMs: number): number {
    const now = this.#advance(nowMs);
    this.counts.requests++;
    this.slot = this.#usable(key, now);
    if (this.slot < 0) return this.#miss(key, caller, now);
    const expiresMs = this.entries.expiresMs[this.slot]!;
    if (this.entries.negative[this.slot] === 1) {
      this.counts.negative++;
      return Answer.Negative;
    }
    if (now >= expiresMs + this.#settings.staleWhileRevalidateMs) return this.#miss(key, caller, now);
    this.entries.hit(this.slot);
    if (now >= expiresMs) {
      this.counts.stale++;
      return this.#refreshes(key, now) ? Answer.StaleAndLoad : Answer.Stale;
    }
    this.counts.hits++;
    const scaleMs = this.#settings.earlyRefresh * this.entries.loadMs[this.slot]!;
    return scaleMs > 0 && refreshesEarly(expiresMs, scaleMs, draw, now) && this.#refreshes(key, now) ? Answer.HitAndLoad : Answer.Hit;
  }

  /** A Settled. `how` is a Loaded; `bytes` the size of a value; `draw` is uniform in [0, 1). */
  settle(flight: number, how: number, bytes: number, draw: number, nowMs: number): number {
    const now = this.#advance(nowMs);
    if (!this.#flights.owns(flight)) {
      this.counts.late++;
      return Settled.Late;
    }
    const key = this.#flights.keyOf(flight);
    const doomed = this.#flights.isDoomed(flight);
    this.#flights.land(flight);
    if (how === Loaded.Unkept) return Settled.Served;
    if (how === Loaded.Value) return doomed ? Settled.Served : this.#store(key, bytes, draw, now - this.#flights.startedMs(flight));
    this.slot = this.#usable(key, now);
    const old = this.slot >= 0 && this.entries.negative[this.slot] === 0;
    if (how === Loaded.Failed && old && now < this.entries.expiresMs[this.slot]! + this.#settings.staleIfErrorMs)
      return Settled.StaleOnError;
    if (!doomed && (!old || how === Loaded.Absent)) this.#storeNegative(key, now);
    return Settled.Negative;
  }

  /** After `settle` (unless Late): the callers that waited, oldest first, then -1 once. */
  nextCaller(flight: number): number {
    return this.#flights.next(flight);
  }

  /** Whether the caller must load the key as `flight`, for whoever will ask: there is no fresh entry and nothing loads it. Counts no request. */
  prefetch(key: K, nowMs: number): boolean {
    const now = this.#advance(nowMs);
    const slot = this.#usable(key, now);
    return (slot < 0 || now >= this.entries.expiresMs[slot]!) && this.#refreshes(key, now);
  }

  /** The flight that a waiter waits for; -1 when it does not wait any more. */
  flightOf(waiter: number): number {
    return this.#flights.flightOf(waiter);
  }

  /** A caller gives up. A Left; on HandedOver `newLeader` must load `flight`. */
  cancel(waiter: number, nowMs: number): number {
    const left = this.#flights.leave(waiter, this.#advance(nowMs));
    if (left === Left.Cancelled) this.counts.cancelled++;
    if (left === Left.HandedOver) this.#handOver(this.#flights.newFlight);
    return left;
  }

  /** The caller who must load after a hand-over. */
  get newLeader(): number {
    return this.#flights.newLeader;
  }

  /** The owner of a load has not ended it within its lease: the caller who must load `flight` instead; -1 when it still owns it, or nobody waits. */
  leaseEnded(flight: number, nowMs: number): number {
    const now = this.#advance(nowMs);
    if (!this.#flights.owns(flight) || !this.#flights.leaseEnded(flight, now)) return -1;
    const next = this.#flights.dethrone(flight, now);
    const leader = this.#flights.promote(next);
    this.#flights.newLeader = leader;
    if (leader >= 0) this.#handOver(next);
    return leader;
  }

  /** The key was written: its entry goes, and loads that began before do not store. */
  invalidate(key: K, nowMs: number): void {
    this.#advance(nowMs);
    this.entries.remove(key);
    this.#flights.detach((other) => other === key);
  }

  flush(nowMs: number): void {
    this.#advance(nowMs);
    this.entries.clear();
    this.#flights.detach(() => true);
  }

  #advance(nowMs: number): number {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    return this.#nowMs;
  }

  /** The key's slot if its entry may still be served in any way; what is past that goes. */
  #usable(key: K, now: number): number {
    const slot = this.entries.find(key);
    if (slot < 0) return -1;
    const keepMs = this.entries.negative[slot] === 1 ? 0 : this.#keepMs;
    if (now < this.entries.expiresMs[slot]! + keepMs) return slot;
    this.entries.remove(key);
    return -1;
  }

  #miss(key: K, caller: number, now: number): number {
    const flights = this.#flights;
    const running = this.#settings.coalesce ? flights.current(key) : -1;
    if (!flights.roomForWaiter || (running < 0 && !flights.roomForLoad)) {
      this.counts.refused++;
      return Answer.Refused;
    }
    if (running >= 0 && !flights.leaseEnded(running, now)) {
      this.waiter = flights.join(running, caller, false);
      this.counts.coalesced++;
      return Answer.Follow;
    }
    this.flight = running < 0 ? flights.open(key, this.#settings.coalesce, now) : flights.dethrone(running, now);
    this.waiter = flights.join(this.flight, caller, true);
    this.counts.misses++;
    this.counts.loads++;
    return Answer.Lead;
  }

  #refreshes(key: K, now: number): boolean {
    if (!this.#flights.roomForLoad) return false;
    const running = this.#settings.coalesce ? this.#flights.current(key) : -1;
    if (running >= 0 && !this.#flights.leaseEnded(running, now)) return false;
    this.flight = running < 0 ? this.#flights.open(key, this.#settings.coalesce, now) : this.#flights.dethrone(running, now);
    this.#flights.keep(this.flight);
    this.counts.loads++;
    return true;
  }

  #store(key: K, bytes: number, draw: number, loadMs: number): number {
    this.slot = this.entries.put(key, bytes);
    if (this.slot < 0) return Settled.Served;
    const { ttlMs, ttlJitterRatio } = this.#settings;
    this.entries.expiresMs[this.slot] = this.#nowMs + ttlMs * (1 + ttlJitterRatio * (2 * draw - 1));
    this.entries.loadMs[this.slot] = loadMs;
    this.entries.negative[this.slot] = 0;
    return Settled.Stored;
  }

  #storeNegative(key: K, now: number): void {
    this.entries.remove(key);
    if (this.#settings.negativeTtlMs === 0) return;
    const slot = this.entries.put(key, 0);
    this.entries.expiresMs[slot] = now + this.#settings.negativeTtlMs;
    this.entries.negative[slot] = 1;
  }

  #handOver(flight: number): void {
    this.flight = flight;
    this.counts.loads++;
  }
}
