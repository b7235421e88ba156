import { RedisLeasedCache } from "../../live/redis/RedisLeasedCache.ts";
import { LeasedCache } from "../../policy/caching/LeasedCache.ts";
import type { Leased, LeaseSettings } from "../../policy/caching/LeasedCache.ts";
import type { CacheAdapter, CacheSpec, CacheUnderTest } from "../cache/CacheAdapter.ts";
import type { Laboratory } from "../Laboratory.ts";
import { StoreLost } from "../StoreConnection.ts";
import { scriptStore, through } from "./scriptStore.ts";

/** How often those who wait ask whether the load is done. */
const POLL_MS = 200;
/** Where a law asks for none: longer than any history. */
const NO_LEASE_MS = 30 * 86_400_000;
/** How often a command is sent again until its answer is known. */
const MOST_SENDS = 5;
/** Of the time to live: no jitter. */
const DRAW = 0.5;

const SPEC: CacheSpec = { ttlMs: 1000, negativeTtlMs: 0, staleMs: 300, answersWithinMs: POLL_MS };

/** The steps of a cache whose loads are leased to one owner at a time. */
export interface LeaseSteps {
  readonly request: (key: string, owner: string) => Promise<Leased<string>>;
  readonly store: (key: string, owner: string, value: string) => Promise<boolean>;
  readonly release: (key: string, owner: string) => Promise<boolean>;
  readonly invalidate: (key: string) => Promise<void>;
}

/** Spillway's cache with leases, in one process; `changed` replaces steps of it. */
export const spillwayLeasedCache = (changed: (steps: LeaseSteps) => Partial<LeaseSteps> = () => ({})): CacheAdapter =>
  adapter("spillway-leased-cache", (settings, laboratory) => {
    const cache = new LeasedCache<string>({ ...settings, maxEntries: 1000 });
    const now = (): number => laboratory.elapsedMs;
    const steps: LeaseSteps = {
      request: async (key, owner) => cache.request(key, owner, now()),
      store: async (key, owner, value) => cache.store(key, owner, value, DRAW, now()),
      release: async (key, owner) => cache.release(key, owner, now()),
      invalidate: async (key) => cache.invalidate(key),
    };
    return { ...steps, ...changed(steps) };
  });

/** The same shared through Redis, on the store's clock: every read asks there, as if each came from a process of its own. */
export const spillwayRedisLeasedCache = async (): Promise<CacheAdapter> => {
  const { redis, version, close } = await scriptStore();
  const shared = adapter("spillway-redis-leased-cache", (settings, laboratory) => {
    const cache = new RedisLeasedCache(through(laboratory, redis), { ...settings, prefix: laboratory.uniqueKey("cache") });
    const now = (): number => laboratory.time.trueMs;
    return {
      request: (key, owner) => cache.request(key, owner, now()),
      store: (key, owner, value) => cache.store(key, owner, value, DRAW, now()),
      release: (key, owner) => cache.release(key, owner, now()),
      invalidate: (key) => cache.invalidate(key),
    };
  });
  return {
    ...shared,
    version,
    laboratory: { answering: "io", turns: 3 },
    features: { ...shared.features, store: true, slow: true },
    ...(close === undefined ? {} : { close }),
  };
};

const adapter = (name: string, stepsOf: (settings: LeaseSettings, laboratory: Laboratory) => LeaseSteps): CacheAdapter => ({
  family: "cache",
  name,
  laboratory: { answering: "turn" },
  features: { aborting: true, invalidating: true, leasing: true },
  spec: SPEC,
  make: (load, spec, laboratory) => {
    const { ttlMs, staleMs = 0, leaseMs = NO_LEASE_MS } = spec;
    return new LeasedLoading(load, stepsOf({ ttlMs, ttlJitterRatio: 0, staleMs, leaseMs }, laboratory), laboratory);
  },
});

/** Whoever holds the lease loads; whoever does not waits and asks again. */
class LeasedLoading implements CacheUnderTest {
  declare private readonly load: (key: string) => Promise<unknown>;
  declare private readonly steps: LeaseSteps;
  declare private readonly laboratory: Laboratory;
  private owners = 0;

  constructor(load: (key: string) => Promise<unknown>, steps: LeaseSteps, laboratory: Laboratory) {
    this.load = load;
    this.steps = steps;
    this.laboratory = laboratory;
  }

  get(key: string, { signal }: { readonly signal: AbortSignal }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      this.value(key, `owner ${++this.owners}`, signal).then(resolve, reject);
    });
  }

  async invalidate(key: string): Promise<void> {
    await known(() => this.steps.invalidate(key));
  }

  private async value(key: string, owner: string, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const reply = await known(() => this.steps.request(key, owner));
      if (reply.answer === "lead") return this.lead(key, owner);
      if (reply.answer === "staleLead") this.lead(key, owner).catch(() => undefined);
      if (reply.answer !== "wait") return reply.value;
      await new Promise<void>((resolve) => void this.laboratory.time.after(POLL_MS, resolve));
      if (signal.aborted) throw new Error("aborted");
    }
  }

  /** Loads, and keeps the value unless another has taken over meanwhile. */
  private async lead(key: string, owner: string): Promise<unknown> {
    let value: unknown;
    try {
      value = await this.load(key);
    } catch (error) {
      await known(() => this.steps.release(key, owner));
      throw error;
    }
    await known(() => this.steps.store(key, owner, String(value)));
    return value;
  }
}

const known = async <A>(send: () => Promise<A>): Promise<A> => {
  for (let sent = 1; ; sent++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof StoreLost) || sent === MOST_SENDS) throw error;
    }
  }
};
