import { Context, Effect, Layer } from "effect";
import { Redis } from "ioredis";
import type { RedisOptions } from "ioredis";
import { HashedScripts } from "./HashedScripts.ts";
import { StoreGuard } from "./StoreGuard.ts";
import type { StoreGuardSettings } from "./StoreGuard.ts";

export interface RedisStoreSettings extends StoreGuardSettings {
  readonly connection: RedisOptions;
  /** Longest that the layer waits for the first connection; without one it starts all the same and its users are in their failure modes. */
  readonly connectMs: number;
}

/** A guarded connection to Redis that belongs to a scope: closed when that ends. */
export class RedisStore extends Context.Service<RedisStore, StoreGuard>()("spillway/RedisStore") {
  /** The layer dies with SettingFault. It never fails for want of a server. */
  static readonly layer = (settings: RedisStoreSettings): Layer.Layer<RedisStore> =>
    Layer.effect(
      RedisStore,
      Effect.gen(function* () {
        const connect = Effect.sync(() => connected(settings.connection));
        const redis = yield* Effect.acquireRelease(connect, (client) => Effect.sync(() => client.disconnect()));
        yield* ready(redis).pipe(Effect.timeoutOption(settings.connectMs));
        return new StoreGuard(new HashedScripts(redis), settings);
      }),
    );
}

/** Commands fail at once without a connection, so none waits in a queue to take effect after its caller decided otherwise. */
function connected(connection: RedisOptions): Redis {
  const redis = new Redis({
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => Math.min(1000, 20 * times),
    ...connection,
  });
  redis.on("error", () => undefined);
  return redis;
}

const ready = (redis: Redis): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (redis.status === "ready") return resume(Effect.void);
    const seen = (): void => resume(Effect.void);
    redis.once("ready", seen);
    return Effect.sync(() => void redis.off("ready", seen));
  });
