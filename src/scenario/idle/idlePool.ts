import type { PoolSpec } from "../../serving/ServingSpec.ts";
import type { World } from "../World.ts";
import type { IdleNotes } from "./IdleNotes.ts";

/** Faults after which a replica starts, or drains. */
const STARTS = ["replicaDown", "restart", "drain"];

/** Settings of a pool that change nothing. */
export const idlePool = (notes: IdleNotes, pool: PoolSpec, { faults }: World): void => {
  const path = ["fleet", pool.name];
  idleEngine(notes, [...path, "engine"], pool);
  const struck = faults.filter((fault) => "pool" in fault && fault.pool === pool.name).map(({ kind }) => kind as string);
  const scaled = pool.autoscale !== undefined;
  const starts = scaled || (pool.initial ?? pool.replicas) < pool.replicas || struck.some((kind) => STARTS.includes(kind));
  notes.note([...path, "startup"], !starts, "no replica starts", "add autoscale, or a fault such as restart");
  const drains = scaled || struck.includes("drain");
  notes.note([...path, "startup", "drainTimeout"], starts && !drains, "no replica drains", "add autoscale, or the fault drain");
  const weights = [...path, "startup", "weightBandwidth"];
  notes.note([...path, "startup", "weightSize"], !notes.has(weights), "weights are read in no time", 'add weightBandwidth, as "2GB/s"');
  notes.note(
    [...path, "kvBytesPerToken"],
    pool.role !== "prefill",
    "the pool sends no KV",
    "use engine.kvBytesPerToken for swap and offload",
  );
  const unscheduled = pool.autoscale?.scheduled === undefined;
  for (const key of ["startHour", "startDay"]) {
    notes.note([...path, "autoscale", key], unscheduled, "nothing is scheduled", 'add scheduled, as [{ at: "08:00", replicas: 8 }]');
  }
};

const idleEngine = (notes: IdleNotes, path: ReadonlyArray<string>, { engine }: PoolSpec): void => {
  const { scheduling = {} } = engine;
  const given = notes.has([...path, "kvBlocks"]);
  notes.note([...path, "gpuMemoryUtilization"], given, "kvBlocks says what there is", "leave kvBlocks out");
  const copied = scheduling.swap !== undefined || scheduling.offload !== undefined;
  notes.note([...path, "kvBytesPerToken"], !copied, "no KV is copied", "add preemption: { swap: ... } or offload");
  const chunked = (scheduling.scheduler ?? "continuous") === "continuous" && scheduling.chunkedPrefill !== false;
  for (const key of ["longPrefillThreshold", "maxPartialPrefills", "maxLongPartialPrefills"]) {
    notes.note([...path, key], !chunked, "prompts are computed whole", "leave out what turns chunked prefill off");
  }
  const anyLong = scheduling.longPrefillThreshold !== undefined;
  const longHint = 'say from when on a prompt is long, as longPrefillThreshold: "2k"';
  notes.note([...path, "maxLongPartialPrefills"], chunked && !anyLong, "no prompt is long", longHint);
};
