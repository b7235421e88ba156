import { leaseNumbers } from "../../policy/caching/LeasedCache.ts";
import type { Leased, LeaseNumbers, LeaseSettings } from "../../policy/caching/LeasedCache.ts";
import { CACHE_SCRIPT } from "./CacheScript.ts";
import { scriptTime, stateKey } from "./ScriptClient.ts";
import type { ScriptClient } from "./ScriptClient.ts";

export interface RedisLeasedCacheSettings extends LeaseSettings {
  readonly prefix: string;
}

/**
 * LeasedCache of texts shared through Redis: one round trip per step, on Redis' own clock, decided exactly as the pure machine decides. Owners are attempt
 * ids, used once: a step that is resent takes effect once. A key lives until its value may no more be served stale and its lease has ended.
 */
export class RedisLeasedCache {
  readonly #client: ScriptClient;
  readonly #prefix: string;
  readonly #numbers: LeaseNumbers;

  /** Throws SettingFault. */
  constructor(client: ScriptClient, settings: RedisLeasedCacheSettings) {
    this.#client = client;
    this.#prefix = settings.prefix;
    this.#numbers = leaseNumbers(settings);
  }

  /** As LeasedCache.request. Rejects with what the client rejects with, and then the lease may be the owner's: ask again to know. */
  async request(key: string, owner: string, nowMs?: number): Promise<Leased<string>> {
    const reply = await this.#run(key, "request", owner, [], nowMs);
    const [answer, left, value] = cut(reply);
    return { answer, value, leftMs: Number(left) / 1000 } as Leased<string>;
  }

  /** As LeasedCache.store. */
  async store(key: string, owner: string, value: string, draw: number, nowMs?: number): Promise<boolean> {
    const times = [this.#numbers.ttlUs(draw), this.#numbers.staleUs].map(String);
    return (await this.#run(key, "store", owner, [...times, value], nowMs)) === "1";
  }

  /** As LeasedCache.release. */
  async release(key: string, owner: string, nowMs?: number): Promise<boolean> {
    return (await this.#run(key, "release", owner, [], nowMs)) === "1";
  }

  /** As LeasedCache.invalidate. */
  async invalidate(key: string): Promise<void> {
    await this.#run(key, "invalidate", "", [], undefined);
  }

  async #run(key: string, step: string, owner: string, args: ReadonlyArray<string>, nowMs: number | undefined): Promise<string> {
    const state = stateKey(this.#prefix, "cache", key);
    const first = ["0", scriptTime(nowMs), step, owner, String(this.#numbers.leaseUs)];
    return String(await this.#client.eval(CACHE_SCRIPT, 2, `${state}:s`, `${state}:a`, ...first, ...args));
  }
}

/** Two words and the rest, which may hold anything. */
function cut(reply: string): ReadonlyArray<string | undefined> {
  const [answer, left] = reply.split(" ", 2);
  const start = answer!.length + left!.length + 2;
  return [answer, left, ...(reply.length >= start ? [reply.slice(start)] : [])];
}
