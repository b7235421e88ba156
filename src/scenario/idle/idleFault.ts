import type { FaultSpec } from "../../serving/ServingSpec.ts";
import type { World } from "../World.ts";
import type { IdleNotes } from "./IdleNotes.ts";

/** A fault that changes nothing. */
export const idleFault = (notes: IdleNotes, fault: FaultSpec, index: number, { horizonMs, fleet }: World): void => {
  const path = ["faults", index, fault.kind];
  const late = fault.atMs >= horizonMs;
  notes.note([...path, "at"], late, "it begins after the end of the run", "raise horizon");
  const pool = "pool" in fault ? fleet.find(({ name }) => name === fault.pool) : undefined;
  const uncached = pool !== undefined && (pool.station !== undefined || !pool.engine.prefixCache);
  notes.note(path, fault.kind === "cacheWipe" && uncached, "the pool has no prefix cache", "set engine.prefixCache: true");
};
