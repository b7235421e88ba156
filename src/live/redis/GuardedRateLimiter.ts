import { Gcra, KeyedLimiter, SlidingCounter, SlidingLog, TokenBucket } from "../../policy/limiter/index.ts";
import type { RateLimiter } from "../../policy/limiter/index.ts";
import { requireSetting } from "../../policy/SettingFault.ts";
import { orElse } from "./FailureMode.ts";
import type { Decided, LimitFailureMode, LocalShare } from "./FailureMode.ts";
import { RedisRateLimiter } from "./RedisRateLimiter.ts";
import type { RedisRateLimiterSettings } from "./RedisRateLimiter.ts";
import { RedisWindowLimiter } from "./RedisWindowLimiter.ts";
import type { RedisWindowLimiterSettings } from "./RedisWindowLimiter.ts";
import type { StoreGuard } from "./StoreGuard.ts";

export type SharedLimiterSettings = (RedisRateLimiterSettings | RedisWindowLimiterSettings) & { readonly onStoreFault: LimitFailureMode };

export interface TakeDecision extends Decided {
  /** As RateLimiter.take. */
  readonly waitMs: number;
}

/**
 * A limiter in Redis that always decides within the guard's deadline. While the store gives no answers, mode `local` admits in each process at most what a
 * limiter with `shareRatio` of the capacity (rounded down, at least 1) and of the rate admits, on top of what the store admitted before.
 */
export class GuardedRateLimiter {
  readonly #shared: RedisRateLimiter | RedisWindowLimiter;
  readonly #local: KeyedLimiter<any> | undefined;
  readonly #mode: LimitFailureMode;
  readonly #nowMs: () => number;

  /** Throws SettingFault. `nowMs` is a monotone clock of the process. */
  constructor(store: StoreGuard, settings: SharedLimiterSettings, nowMs: () => number = () => performance.now()) {
    this.#shared = isWindow(settings) ? new RedisWindowLimiter(store, settings) : new RedisRateLimiter(store, settings);
    this.#mode = settings.onStoreFault;
    this.#nowMs = nowMs;
    if (this.#mode.kind === "local") {
      this.#local = new KeyedLimiter(localLimiter(settings, this.#mode), { maxKeys: this.#mode.maxKeys, whenFull: "refuse" });
    }
  }

  /** Throws PolicyFault for a wrong cost, and nothing else. */
  async take(key: string, attempt: string, cost: number): Promise<TakeDecision> {
    const answer = this.#shared.take(key, attempt, cost).then((waitMs): TakeDecision => ({ waitMs, by: "store" }));
    return orElse(answer, (fault) => ({ waitMs: this.#alone(key, cost), by: this.#mode.kind, fault }));
  }

  #alone(key: string, cost: number): number {
    if (this.#mode.kind === "closed") return this.#mode.retryAfterMs;
    return this.#local?.take(key, cost, this.#nowMs()) ?? 0;
  }
}

function isWindow(settings: SharedLimiterSettings): settings is RedisWindowLimiterSettings & { readonly onStoreFault: LimitFailureMode } {
  return settings.algorithm === "slidingCounter" || settings.algorithm === "slidingLog";
}

function localLimiter(settings: SharedLimiterSettings, { shareRatio }: LocalShare): RateLimiter<any> {
  requireSetting("redis.onStoreFault.shareRatio", shareRatio, { above: 0, most: 1 });
  if (isWindow(settings)) {
    const share = { ...settings, limit: Math.max(1, Math.floor(settings.limit * shareRatio)) };
    return settings.algorithm === "slidingLog" ? new SlidingLog(share) : new SlidingCounter(share);
  }
  const share = { ...settings, ...shareOf(settings, shareRatio) };
  return settings.algorithm === "gcra" ? new Gcra(share) : new TokenBucket(share);
}

/** A share of a refill: the burst in whole permits, at least one; the rate by a longer time, rounded up to microseconds. */
export function shareOf(refill: { readonly perMs: number; readonly burst: number }, shareRatio: number) {
  return { perMs: Math.ceil((refill.perMs * 1000) / shareRatio) / 1000, burst: Math.max(1, Math.floor(refill.burst * shareRatio)) };
}
