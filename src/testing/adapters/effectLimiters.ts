import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { RateLimiter } from "effect/persistence";
import * as Scope from "effect/Scope";
import type { RefusingAdapter, WaitingAdapter } from "../limiter/RateLimiterAdapter.ts";
import type { LimiterSettings, RateLimiterSpec } from "../limiter/RateLimiterSpec.ts";

type Algorithm = "fixed-window" | "token-bucket";

/** Effect's own limiter over its memory store; nodes are fibers of processes whose clocks differ. */
export const effectLimiters = (): ReadonlyArray<RefusingAdapter | WaitingAdapter> => [
  refusing("effect-token-bucket", "token-bucket", bucketSpec(1, 1000)),
  refusing("effect-fixed-window", "fixed-window", {
    limit: 5,
    windowMs: 5000,
    bound: { window: { limit: 5, ms: 5000 } },
    declaredBound: { edge: { limit: 5, ms: 5000 } },
    fullAfterMs: 5000,
  }),
  delaying("effect-delay", bucketSpec(1, 10_000)),
];

const bucketSpec = (limit: number, windowMs: number): RateLimiterSpec => ({
  limit,
  windowMs,
  bound: { bucket: { capacity: limit, perSecond: (limit * 1000) / windowMs } },
  fullAfterMs: windowMs,
  exact: true,
});

const refusing = (name: string, algorithm: Algorithm, spec: RateLimiterSpec): RefusingAdapter => ({
  family: "limiter",
  behavior: "refuses",
  name,
  version: "effect 4.1.0",
  laboratory: { answering: "turn", turns: 2 },
  features: { costs: true, hints: true, nodes: 2, countsKeys: true },
  spec,
  make: (settings) => {
    const { limiter, liveKeys } = counted();
    return {
      consume: ({ key, cost }) =>
        limiter
          .consume({ algorithm, key: `${PREFIX}${key}`, tokens: cost, limit: settings.limit, window: Duration.millis(settings.windowMs) })
          .pipe(
            Effect.map(() => ({ admitted: true })),
            Effect.catchTag("RateLimiterError", (error) =>
              error.reason._tag === "RateLimitExceeded"
                ? Effect.succeed({ admitted: false, waitMs: Duration.toMillis(error.reason.retryAfter) })
                : Effect.fail(error),
            ),
          ),
      liveKeys,
    };
  },
});

const delaying = (name: string, spec: RateLimiterSpec): WaitingAdapter => ({
  family: "limiter",
  behavior: "waits",
  name,
  version: "effect 4.1.0",
  laboratory: { answering: "turn", turns: 2 },
  features: { aborting: true },
  spec,
  make: (settings: LimiterSettings) => {
    const { limiter } = counted();
    return {
      submit: (job, { signal }) =>
        Effect.runPromise(
          RateLimiter.sleep(limiter, {
            algorithm: "token-bucket",
            key: "k",
            limit: settings.limit,
            window: Duration.millis(settings.windowMs),
          }).pipe(Effect.andThen(Effect.promise(job))),
          { signal },
        ),
    };
  },
});

const PREFIX = "conformance/";

/** The memory store keeps its keys to itself, so the maps that it makes are watched. */
const counted = (): { readonly limiter: RateLimiter.RateLimiter; readonly liveKeys: () => number } => {
  const maps: Array<Map<unknown, unknown>> = [];
  const RealMap = globalThis.Map;
  globalThis.Map = class<K, V> extends RealMap<K, V> {
    constructor(entries?: Iterable<readonly [K, V]> | null) {
      super(entries);
      maps.push(this);
    }
  } as MapConstructor;
  try {
    const scope = Effect.runSync(Scope.make());
    const context = Effect.runSync(Layer.buildWithScope(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory)), scope));
    const limiter = Effect.runSync(Effect.provideContext(RateLimiter.RateLimiter, context));
    const isOurs = (key: unknown): boolean => typeof key === "string" && key.startsWith(PREFIX);
    return { limiter, liveKeys: () => maps.reduce((sum, map) => sum + [...map.keys()].filter(isOurs).length, 0) };
  } finally {
    globalThis.Map = RealMap;
  }
};
