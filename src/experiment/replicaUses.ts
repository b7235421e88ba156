import type { ReplicaUse } from "../metric/ReplicaUse.ts";
import type { PoolSpec } from "../serving/ServingSpec.ts";
import { meteredUse } from "./meteredUse.ts";
import { poolResources } from "./poolResources.ts";
import type { Replication } from "./runReplication.ts";

/** What each replica used of its resources, pool after pool, means over replications: shows a straggler that the mean of its pool hides. */
export const replicaUses = (
  pools: ReadonlyArray<PoolSpec>,
  warmupMs: number,
  runs: ReadonlyArray<Replication>,
): ReadonlyArray<ReplicaUse> => {
  const poolOf = [...runs[0]!.fleet.poolOf];
  return poolOf.map((index, replica) => {
    const pool = pools[index]!;
    const meters = runs.map(({ fleet }) => fleet.replicas[replica]!.meter);
    const replicaMs = runs.reduce(
      (sum, { fleet, simulatedMs }) => sum + (fleet.lifecycle?.paidMs(replica) ?? Math.max(0, simulatedMs - warmupMs)),
      0,
    );
    const use = meteredUse(pool, meters, replicaMs);
    const measured = { runs, index, replica, replicaMs, meters, kv: use.kv, waitingMean: use.waiting.mean };
    return {
      name: `${pool.name}/${replica - poolOf.indexOf(index)}`,
      rentedMs: replicaMs / runs.length,
      ...use,
      resources: poolResources(pool, measured),
    };
  });
};
