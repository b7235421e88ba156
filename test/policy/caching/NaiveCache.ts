import type { ResultCacheSettings } from "../../../src/policy/caching/index.ts";
import { Answer, Left, Loaded, refreshesEarly, Settled } from "../../../src/policy/caching/index.ts";

/** A load in flight; `id` is what the cache under test calls it now. */
export interface Load {
  id: number;
  readonly key: string;
  startedMs: number;
  /** Callers, oldest first. */
  readonly waiters: Array<number>;
  leader: number | undefined;
  /** Goes on though nobody waits. */
  background: boolean;
  /** Later callers may join. */
  joinable: boolean;
  /** The key was written since. */
  doomed: boolean;
}

interface Entry {
  readonly key: string;
  readonly expiresMs: number;
  readonly loadMs: number;
  readonly negative: boolean;
  touched: number;
}

/** The rules of a result cache over lists that are searched from end to end; evicts the least recently used, counts every entry as one byte. */
export class NaiveCache {
  readonly settings: ResultCacheSettings;
  entries: Array<Entry> = [];
  loads: Array<Load> = [];
  readonly counts = {
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
  /** Of the last call that began a load or gave it to another owner. */
  load: Load | undefined;
  nowMs = -Infinity;
  turn = 0;

  constructor(settings: ResultCacheSettings) {
    this.settings = settings;
  }

  request(key: string, caller: number, draw: number): number {
    this.counts.requests++;
    const entry = this.usable(key);
    if (entry === undefined) return this.miss(key, caller);
    if (entry.negative) {
      this.counts.negative++;
      return Answer.Negative;
    }
    if (this.nowMs >= entry.expiresMs + this.settings.staleWhileRevalidateMs) return this.miss(key, caller);
    entry.touched = ++this.turn;
    if (this.nowMs >= entry.expiresMs) {
      this.counts.stale++;
      return this.refresh(key) ? Answer.StaleAndLoad : Answer.Stale;
    }
    this.counts.hits++;
    const scaleMs = this.settings.earlyRefresh * entry.loadMs;
    return scaleMs > 0 && refreshesEarly(entry.expiresMs, scaleMs, draw, this.nowMs) && this.refresh(key) ? Answer.HitAndLoad : Answer.Hit;
  }

  prefetch(key: string): boolean {
    const entry = this.usable(key);
    return (entry === undefined || this.nowMs >= entry.expiresMs) && this.refresh(key);
  }

  settle(id: number, how: number, draw: number): number {
    const load = this.loads.find((one) => one.id === id);
    if (load === undefined) {
      this.counts.late++;
      return Settled.Late;
    }
    this.loads = this.loads.filter((one) => one !== load);
    const { key, doomed } = load;
    if (how === Loaded.Unkept || (how === Loaded.Value && doomed)) return Settled.Served;
    const { ttlMs, ttlJitterRatio, staleIfErrorMs, negativeTtlMs } = this.settings;
    if (how === Loaded.Value) {
      this.put(key, this.nowMs + ttlMs * (1 + ttlJitterRatio * (2 * draw - 1)), this.nowMs - load.startedMs, false);
      return Settled.Stored;
    }
    const entry = this.usable(key);
    const old = entry !== undefined && !entry.negative;
    if (how === Loaded.Failed && old && this.nowMs < entry.expiresMs + staleIfErrorMs) return Settled.StaleOnError;
    if (!doomed && (!old || how === Loaded.Absent)) {
      this.remove(key);
      if (negativeTtlMs > 0) this.put(key, this.nowMs + negativeTtlMs, 0, true);
    }
    return Settled.Negative;
  }

  cancel(caller: number): number {
    const load = this.loads.find(({ waiters }) => waiters.includes(caller));
    if (load === undefined) return Left.Unknown;
    load.waiters.splice(load.waiters.indexOf(caller), 1);
    if (load.waiters.length === 0 && !load.background) {
      this.loads = this.loads.filter((one) => one !== load);
      this.counts.cancelled++;
      return Left.Cancelled;
    }
    if (load.leader !== caller) return Left.Gone;
    load.leader = undefined;
    if (load.waiters.length === 0 || this.settings.onLeaderCancel === "keep") return Left.Gone;
    this.dethrone(load);
    this.lead(load, load.waiters[0]!);
    return Left.HandedOver;
  }

  /** The caller who must load now; -1: the owner still owns it, or nobody waits. */
  leaseEnded(id: number): number {
    const load = this.loads.find((one) => one.id === id);
    if (load === undefined || !this.isOverdue(load)) return -1;
    this.dethrone(load);
    if (load.waiters.length === 0) {
      this.loads = this.loads.filter((one) => one !== load);
      return -1;
    }
    this.lead(load, load.waiters[0]!);
    return load.leader!;
  }

  write(matches: (key: string) => boolean): void {
    this.entries = this.entries.filter(({ key }) => !matches(key));
    for (const load of this.loads.filter(({ key }) => matches(key))) [load.doomed, load.joinable] = [true, false];
  }

  usable(key: string): Entry | undefined {
    const { staleWhileRevalidateMs, staleIfErrorMs } = this.settings;
    const entry = this.entries.find((one) => one.key === key);
    if (entry === undefined) return undefined;
    const keepMs = entry.negative ? 0 : Math.max(staleWhileRevalidateMs, staleIfErrorMs);
    if (this.nowMs < entry.expiresMs + keepMs) return entry;
    this.remove(key);
    return undefined;
  }

  remove(key: string): void {
    this.entries = this.entries.filter((one) => one.key !== key);
  }

  put(key: string, expiresMs: number, loadMs: number, negative: boolean): void {
    this.remove(key);
    if (this.entries.length === this.settings.maxEntries) {
      const oldest = Math.min(...this.entries.map(({ touched }) => touched));
      this.entries = this.entries.filter(({ touched }) => touched !== oldest);
    }
    this.entries.push({ key, expiresMs, loadMs, negative, touched: ++this.turn });
  }

  running(key: string): Load | undefined {
    return this.settings.coalesce ? this.loads.find((load) => load.key === key && load.joinable) : undefined;
  }

  isOverdue(load: Load): boolean {
    return this.nowMs - load.startedMs >= this.settings.leaseMs;
  }

  miss(key: string, caller: number): number {
    const running = this.running(key);
    const waiters = this.loads.reduce((sum, load) => sum + load.waiters.length, 0);
    if (waiters === this.settings.maxWaiters || (running === undefined && this.loads.length === this.settings.maxLoads)) {
      this.counts.refused++;
      return Answer.Refused;
    }
    if (running !== undefined && !this.isOverdue(running)) {
      running.waiters.push(caller);
      this.counts.coalesced++;
      return Answer.Follow;
    }
    const load = this.begin(key, running);
    load.waiters.push(caller);
    this.lead(load, caller);
    this.counts.misses++;
    return Answer.Lead;
  }

  refresh(key: string): boolean {
    if (this.loads.length === this.settings.maxLoads) return false;
    const running = this.running(key);
    if (running !== undefined && !this.isOverdue(running)) return false;
    const load = this.begin(key, running);
    load.background = true;
    this.counts.loads++;
    return true;
  }

  begin(key: string, running: Load | undefined): Load {
    if (running !== undefined) this.dethrone(running);
    const fresh = { id: -1, key, startedMs: this.nowMs, waiters: [], leader: undefined, background: false, joinable: true, doomed: false };
    if (running === undefined) this.loads.push(fresh);
    return (this.load = running ?? fresh);
  }

  /** Its owner no longer waits. */
  dethrone(load: Load): void {
    if (load.leader !== undefined && load.waiters.includes(load.leader)) load.waiters.splice(load.waiters.indexOf(load.leader), 1);
    load.leader = undefined;
    load.startedMs = this.nowMs;
    this.load = load;
  }

  lead(load: Load, caller: number): void {
    load.leader = caller;
    this.counts.loads++;
  }
}
