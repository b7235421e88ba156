import { LeasedCache } from "../../policy/caching/index.ts";
import type { Leased } from "../../policy/caching/index.ts";
import { orElse } from "./FailureMode.ts";
import type { Decided, FailureMode } from "./FailureMode.ts";
import { RedisLeasedCache } from "./RedisLeasedCache.ts";
import type { RedisLeasedCacheSettings } from "./RedisLeasedCache.ts";
import type { StoreFault, StoreGuard } from "./StoreGuard.ts";

export type SharedCacheSettings = RedisLeasedCacheSettings & { readonly onStoreFault: FailureMode };

/** Load without a lease (mode `open`: what is loaded is not kept), or not at all (mode `closed`). */
export type CacheDecision = Decided &
  (Leased<string> | { readonly answer: "load" } | { readonly answer: "refused"; readonly leftMs: number });

export interface StoreDecision extends Decided {
  readonly stored: boolean;
}

/**
 * A cache in Redis that always decides within the guard's deadline. Mode `local`: each process has a cache of its own with the same lease, so there is at
 * most one load per key and process, and what was stored in one process is not seen by another.
 */
export class GuardedCache {
  readonly #shared: RedisLeasedCache;
  readonly #local: LeasedCache<string> | undefined;
  readonly #mode: FailureMode;
  readonly #nowMs: () => number;

  /** Throws SettingFault. `nowMs` is a monotone clock of the process. */
  constructor(store: StoreGuard, settings: SharedCacheSettings, nowMs: () => number = () => performance.now()) {
    this.#shared = new RedisLeasedCache(store, settings);
    this.#mode = settings.onStoreFault;
    this.#nowMs = nowMs;
    if (this.#mode.kind === "local") this.#local = new LeasedCache({ ...settings, maxEntries: this.#mode.maxKeys });
  }

  /** As RedisLeasedCache.request, but throws nothing. */
  async request(key: string, owner: string): Promise<CacheDecision> {
    const answer = this.#shared.request(key, owner).then((reply): CacheDecision => ({ ...reply, by: "store" }));
    return orElse(answer, (fault): CacheDecision => {
      const by = this.#mode.kind;
      if (this.#mode.kind === "closed") return { answer: "refused", leftMs: this.#mode.retryAfterMs, by, fault };
      if (this.#mode.kind === "open") return { answer: "load", by, fault };
      return { ...this.#local!.request(key, owner, this.#nowMs()), by, fault };
    });
  }

  /** As RedisLeasedCache.store, where the lease of `owner` is held; `by` is that of its request. */
  async store(by: Decided["by"], key: string, owner: string, value: string, draw: number): Promise<StoreDecision> {
    if (by === "local") return { stored: this.#local!.store(key, owner, value, draw, this.#nowMs()), by };
    return by === "store" ? ending(this.#shared.store(key, owner, value, draw)) : { stored: false, by };
  }

  /** As RedisLeasedCache.release, where the lease of `owner` is held. */
  async release(by: Decided["by"], key: string, owner: string): Promise<StoreDecision> {
    if (by === "local") return { stored: this.#local!.release(key, owner, this.#nowMs()), by };
    return by === "store" ? ending(this.#shared.release(key, owner)) : { stored: false, by };
  }

  /** Here and in the store; the answer is why the store could not be told, and may serve the old value until it expires. */
  async invalidate(key: string): Promise<StoreFault | undefined> {
    this.#local?.invalidate(key);
    return orElse(
      this.#shared.invalidate(key).then(() => undefined),
      (fault) => fault,
    );
  }
}

function ending(answer: Promise<boolean>): Promise<StoreDecision> {
  return orElse(
    answer.then((stored): StoreDecision => ({ stored, by: "store" })),
    (fault): StoreDecision => ({ stored: false, by: "store", fault }),
  );
}
