import type { PoolResult } from "./Result.ts";

/** What one replica did and used, as `PoolResult` says it of its pool. */
export interface ReplicaUse extends Pick<PoolResult, "utilization" | "waiting" | "batch" | "kv" | "resources"> {
  /** Pool and number in it: `gpu/0`. */
  readonly name: string;
  /** Time that it was rented, per replication. */
  readonly rentedMs: number;
}
