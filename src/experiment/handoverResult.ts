import type { PoolResult } from "../metric/Result.ts";
import type { Replication } from "./runReplication.ts";

/** What left a prefill pool, over all replications; nothing for other pools. */
export const handoverResult = (pool: number, runs: ReadonlyArray<Replication>): Pick<PoolResult, "handover"> => {
  const parts = runs.flatMap(({ fleet }) =>
    [...fleet.poolOf].flatMap((of, replica) => (of === pool ? (fleet.disaggregation?.handovers(replica) ?? []) : [])),
  );
  if (parts.length === 0) return {};
  const total = (of: (part: (typeof parts)[number]) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  const transfers = total((part) => part.transfers);
  return { handover: { transfers, bytes: total((part) => part.bytes), recomputed: total((part) => part.recomputed) } };
};
