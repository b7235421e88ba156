import type { PoolResult } from "../metric/Result.ts";
import type { ReplicaMeter } from "../serving/engine/ReplicaMeter.ts";
import type { PoolSpec } from "../serving/ServingSpec.ts";

/** What the meters of a pool, or of one of its replicas, say of `replicaMs` of rented time, all replications together. */
export const meteredUse = (
  pool: PoolSpec,
  meters: ReadonlyArray<ReplicaMeter>,
  replicaMs: number,
): Pick<PoolResult, "utilization" | "waiting" | "batch" | "kv"> => {
  const total = (of: (meter: ReplicaMeter) => number): number => meters.reduce((sum, meter) => sum + of(meter), 0);
  const most = (of: (meter: ReplicaMeter) => number): number => Math.max(...meters.map(of));
  const busyMs = total((meter) => meter.busyMs);
  const ranks = pool.engine.scheduling?.dataParallel?.ranks ?? 1;
  const kvTokens = pool.engine.kvBlocks * pool.engine.blockTokens * ranks;
  return {
    utilization: replicaMs > 0 ? Math.min(1, busyMs / replicaMs) : 0,
    waiting: {
      mean: replicaMs > 0 ? total((meter) => meter.waitingTime) / replicaMs : 0,
      max: most((meter) => meter.maxWaiting),
    },
    batch: { mean: busyMs > 0 ? total((meter) => meter.batchTime) / busyMs : 0, max: most((meter) => meter.maxBatch) },
    kv:
      pool.station === undefined
        ? {
            meanRatio: replicaMs > 0 ? total((meter) => meter.kvTokenTime) / (replicaMs * kvTokens) : 0,
            maxRatio: most((meter) => meter.maxBlocks) / (pool.engine.kvBlocks * ranks),
          }
        : null,
  };
};
