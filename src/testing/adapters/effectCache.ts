import * as Cache from "effect/Cache";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { CacheAdapter } from "../cache/CacheAdapter.ts";

/** Effect's own Cache. Keeps failures as long as values unless told otherwise. */
export const effectCache = (): CacheAdapter => ({
  family: "cache",
  name: "effect-cache",
  version: "effect 4.1.0",
  laboratory: { answering: "turn", turns: 3 },
  features: { aborting: true, invalidating: true },
  spec: { ttlMs: 1000, negativeTtlMs: 1000 },
  make: (load, spec) => {
    const cache = Effect.runSync(
      Cache.make({
        capacity: 100,
        timeToLive: Duration.millis(spec.ttlMs),
        lookup: (key: string) => Effect.tryPromise({ try: () => load(key), catch: (error) => error }),
      }),
    );
    return {
      get: (key, { signal }) => Effect.runPromise(Cache.get(cache, key), { signal }),
      invalidate: (key) => Effect.runPromise(Cache.invalidate(cache, key)),
    };
  },
});
