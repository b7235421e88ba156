import { Answer, Loaded, ResultCache, Settled } from "../../policy/caching/ResultCache.ts";
import { Left } from "../../policy/caching/Flights.ts";
import type { CacheAdapter, CacheSpec, CacheUnderTest } from "../cache/CacheAdapter.ts";
import type { Laboratory } from "../Laboratory.ts";

/** Spillway's result cache around a loader: as it is plainest, and with old values served while they are loaded anew or when that fails. */
export const spillwayCaches = (): ReadonlyArray<CacheAdapter> => [
  adapter("spillway-cache", { ttlMs: 1000, negativeTtlMs: 200 }, "keep"),
  adapter("spillway-cache-stale", { ttlMs: 1000, negativeTtlMs: 0, staleMs: 300, earlyRefresh: 1 }, "handOver"),
];

const adapter = (name: string, spec: CacheSpec, onLeaderCancel: "keep" | "handOver"): CacheAdapter => ({
  family: "cache",
  name,
  laboratory: { answering: "turn" },
  features: { aborting: true, invalidating: true, bounded: true, flushing: true, earlyRefresh: true, counting: true, leasing: true },
  spec,
  make: (load, given, laboratory) => new LoadingCache(load, given, laboratory, onLeaderCancel),
});

interface Caller {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Holds the values, starts the loads and sets the timers that ResultCache asks for. */
class LoadingCache implements CacheUnderTest {
  declare private readonly cache: ResultCache<string>;
  private readonly values: Array<unknown> = [];
  private readonly failures = new Map<string, unknown>();
  private readonly callers = new Map<number, Caller>();
  /** Who started a load, by flight. */
  private readonly owners = new Map<number, number>();
  private readonly seen = new Set<string>();
  declare private readonly load: (key: string) => Promise<unknown>;
  declare private readonly spec: CacheSpec;
  declare private readonly laboratory: Laboratory;
  private asked = 0;

  constructor(load: (key: string) => Promise<unknown>, spec: CacheSpec, laboratory: Laboratory, onLeaderCancel: "keep" | "handOver") {
    this.load = load;
    this.spec = spec;
    this.laboratory = laboratory;
    this.cache = new ResultCache({
      eviction: "lru",
      maxEntries: spec.maxEntries ?? 250,
      maxBytes: spec.maxBytes ?? Infinity,
      ttlMs: spec.ttlMs,
      ttlJitterRatio: 0,
      earlyRefresh: spec.earlyRefresh ?? 0,
      staleWhileRevalidateMs: spec.staleMs ?? 0,
      staleIfErrorMs: spec.staleMs ?? 0,
      negativeTtlMs: spec.negativeTtlMs,
      coalesce: true,
      maxLoads: spec.maxLoads ?? 250,
      maxWaiters: 1000,
      leaseMs: spec.leaseMs ?? Infinity,
      onLeaderCancel,
    });
  }

  get(key: string, { signal }: { readonly signal: AbortSignal }): Promise<unknown> {
    this.seen.add(key);
    const caller = ++this.asked;
    const answer = this.cache.request(key, caller, this.spec.draw?.() ?? 0.5, this.now);
    const { flight, waiter, slot } = this.cache;
    if (answer === Answer.Refused) return Promise.reject(new Error("as many loads or callers as may be"));
    if (answer === Answer.Negative) return Promise.reject(this.failures.get(key) as Error);
    if (answer < Answer.Negative) {
      const value = this.values[slot];
      if (answer === Answer.HitAndLoad || answer === Answer.StaleAndLoad) this.begin(flight, key, -1);
      return Promise.resolve(value);
    }
    return new Promise((resolve, reject) => {
      this.callers.set(caller, { resolve, reject });
      signal.addEventListener("abort", () => this.leave(key, caller, waiter));
      if (answer === Answer.Lead) this.begin(flight, key, caller);
    });
  }

  invalidate(key: string): void {
    this.cache.invalidate(key, this.now);
  }

  flush(): void {
    this.cache.flush(this.now);
  }

  held(): ReadonlyArray<string> {
    return [...this.seen].filter((key) => this.cache.entries.find(key) >= 0);
  }

  counts(): ReturnType<NonNullable<CacheUnderTest["counts"]>> {
    const { requests, hits, stale, negative, misses, coalesced, refused, loads } = this.cache.counts;
    return { requests, answered: hits + stale + negative + misses + coalesced + refused, loads };
  }

  private get now(): number {
    return this.laboratory.readingMs;
  }

  private begin(flight: number, key: string, owner: number): void {
    this.owners.set(flight, owner);
    this.load(key).then(
      (value) => this.end(flight, key, Loaded.Value, value),
      (error: unknown) => this.end(flight, key, Loaded.Failed, error),
    );
    if (this.spec.leaseMs === undefined) return;
    this.laboratory.time.after(this.spec.leaseMs, () => {
      const leader = this.cache.leaseEnded(flight, this.now);
      if (leader >= 0) this.begin(this.cache.flight, key, leader);
    });
  }

  private end(flight: number, key: string, how: number, result: unknown): void {
    const settled = this.cache.settle(flight, how, this.spec.bytesOf?.(key) ?? 1, 0.5, this.now);
    const { slot } = this.cache;
    // Whoever was taken for dead still has what it loaded itself.
    if (settled === Settled.Late) return this.answer(this.owners.get(flight) ?? -1, how === Loaded.Value, result);
    if (settled === Settled.Stored) this.values[slot] = result;
    if (settled === Settled.Negative) this.failures.set(key, result);
    const value = settled === Settled.StaleOnError ? this.values[slot] : result;
    for (let caller = this.cache.nextCaller(flight); caller >= 0; caller = this.cache.nextCaller(flight))
      this.answer(caller, how === Loaded.Value || settled === Settled.StaleOnError, value);
  }

  private answer(caller: number, succeeded: boolean, value: unknown): void {
    const { resolve, reject } = this.callers.get(caller) ?? {};
    this.callers.delete(caller);
    if (succeeded) resolve?.(value);
    else reject?.(value);
  }

  private leave(key: string, caller: number, waiter: number): void {
    if (!this.callers.has(caller)) return;
    if (this.cache.cancel(waiter, this.now) === Left.HandedOver) this.begin(this.cache.flight, key, this.cache.newLeader);
    this.answer(caller, false, new Error("aborted"));
  }
}
