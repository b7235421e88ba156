import { Context, Effect, Layer } from "effect";
import { PolicyFault } from "../../policy/PolicyFault.ts";
import type { Decided } from "./FailureMode.ts";
import { GuardedBreaker } from "./GuardedBreaker.ts";
import type { AdmitDecision, OutcomeDecision, Permit, SharedBreakerSettings } from "./GuardedBreaker.ts";
import { GuardedCache } from "./GuardedCache.ts";
import type { CacheDecision, SharedCacheSettings, StoreDecision } from "./GuardedCache.ts";
import { GuardedRateLimiter } from "./GuardedRateLimiter.ts";
import type { SharedLimiterSettings, TakeDecision } from "./GuardedRateLimiter.ts";
import { GuardedTokenBudgets } from "./GuardedTokenBudgets.ts";
import type { EndDecision, Reservation, ReserveDecision, SharedBudgetsSettings } from "./GuardedTokenBudgets.ts";
import { RedisStore } from "./RedisStore.ts";
import type { StoreFault } from "./StoreGuard.ts";

/** A call that throws nothing but PolicyFault. */
const calling = <A>(call: () => Promise<A>): Effect.Effect<A, PolicyFault> =>
  Effect.tryPromise({ try: call, catch: (fault) => fault }).pipe(
    Effect.catch((fault) => (fault instanceof PolicyFault ? Effect.fail(fault) : Effect.die(fault))),
  );

const surely = <A>(call: () => Promise<A>): Effect.Effect<A> => Effect.promise(call);

/** GuardedRateLimiter as a service. Layers die with SettingFault. */
export class SharedRateLimiter extends Context.Service<
  SharedRateLimiter,
  { readonly take: (key: string, attempt: string, cost: number) => Effect.Effect<TakeDecision, PolicyFault> }
>()("spillway/SharedRateLimiter") {
  static readonly layer = (settings: SharedLimiterSettings): Layer.Layer<SharedRateLimiter, never, RedisStore> =>
    Layer.effect(
      SharedRateLimiter,
      Effect.map(RedisStore, (store) => {
        const limiter = new GuardedRateLimiter(store, settings);
        return { take: (key, attempt, cost) => calling(() => limiter.take(key, attempt, cost)) };
      }),
    );
}

/** GuardedTokenBudgets as a service. */
export class SharedTokenBudgets extends Context.Service<
  SharedTokenBudgets,
  {
    readonly reserve: (...args: Parameters<GuardedTokenBudgets["reserve"]>) => Effect.Effect<ReserveDecision, PolicyFault>;
    readonly settle: (...args: Parameters<GuardedTokenBudgets["settle"]>) => Effect.Effect<EndDecision, PolicyFault>;
    readonly refund: (reservation: Reservation, attempt: string) => Effect.Effect<EndDecision>;
  }
>()("spillway/SharedTokenBudgets") {
  static readonly layer = (settings: SharedBudgetsSettings): Layer.Layer<SharedTokenBudgets, never, RedisStore> =>
    Layer.effect(
      SharedTokenBudgets,
      Effect.map(RedisStore, (store) => {
        const budgets = new GuardedTokenBudgets(store, settings);
        return {
          reserve: (...args) => calling(() => budgets.reserve(...args)),
          settle: (...args) => calling(() => budgets.settle(...args)),
          refund: (reservation, attempt) => surely(() => budgets.refund(reservation, attempt)),
        };
      }),
    );
}

/** GuardedBreaker as a service. */
export class SharedBreaker extends Context.Service<
  SharedBreaker,
  {
    readonly admit: (key: string, attempt: string) => Effect.Effect<AdmitDecision>;
    readonly settle: (
      permit: Permit,
      attempt: string,
      outcome: number,
      serverRetryAfterMs?: number,
    ) => Effect.Effect<OutcomeDecision, PolicyFault>;
  }
>()("spillway/SharedBreaker") {
  static readonly layer = (settings: SharedBreakerSettings): Layer.Layer<SharedBreaker, never, RedisStore> =>
    Layer.effect(
      SharedBreaker,
      Effect.map(RedisStore, (store) => {
        const breaker = new GuardedBreaker(store, settings);
        return {
          admit: (key, attempt) => surely(() => breaker.admit(key, attempt)),
          settle: (permit, attempt, outcome, hintMs) => calling(() => breaker.settle(permit, attempt, outcome, hintMs)),
        };
      }),
    );
}

/** GuardedCache as a service. */
export class SharedCache extends Context.Service<
  SharedCache,
  {
    readonly request: (key: string, owner: string) => Effect.Effect<CacheDecision>;
    readonly store: (by: Decided["by"], key: string, owner: string, value: string, draw: number) => Effect.Effect<StoreDecision>;
    readonly release: (by: Decided["by"], key: string, owner: string) => Effect.Effect<StoreDecision>;
    readonly invalidate: (key: string) => Effect.Effect<StoreFault | undefined>;
  }
>()("spillway/SharedCache") {
  static readonly layer = (settings: SharedCacheSettings): Layer.Layer<SharedCache, never, RedisStore> =>
    Layer.effect(
      SharedCache,
      Effect.map(RedisStore, (store) => {
        const cache = new GuardedCache(store, settings);
        return {
          request: (key, owner) => surely(() => cache.request(key, owner)),
          store: (by, key, owner, value, draw) => surely(() => cache.store(by, key, owner, value, draw)),
          release: (by, key, owner) => surely(() => cache.release(by, key, owner)),
          invalidate: (key) => surely(() => cache.invalidate(key)),
        };
      }),
    );
}
