import type { PoolResources, PoolResult, ResourceName } from "../metric/Result.ts";
import type { ReplicaMeter } from "../serving/engine/ReplicaMeter.ts";
import type { FluidServer } from "../serving/machine/FluidServer.ts";
import type { Machine } from "../serving/machine/Machine.ts";
import type { PoolSpec } from "../serving/ServingSpec.ts";
import type { Replication } from "./runReplication.ts";

export interface ResourcesMeasured {
  readonly runs: ReadonlyArray<Replication>;
  /** Of the pool. */
  readonly index: number;
  /** One replica of it, by its number in the fleet; all of them if absent. */
  readonly replica?: number;
  /** Time in which replicas were rented, all replications together. */
  readonly replicaMs: number;
  readonly meters: ReadonlyArray<ReplicaMeter>;
  readonly kv: PoolResult["kv"];
  /** Attempts in the engines' queues, mean over time. */
  readonly waitingMean: number;
}

/**
 * Below this, another resource is not what the GPU waits for. Above, it is: an engine always runs a step while it has work, so that its GPU
 * looks full long before it is.
 */
const SATURATED = 0.98;
/**
 * KV memory is what requests wait for when they do wait, all blocks were in use at some time, and at least this share of them on average: blocks
 * that are too few for one more prompt stay free (assumed).
 */
const KV_SATURATED = 0.8;

/** What a pool, or one replica of it, used of its resources. */
export const poolResources = (pool: PoolSpec, measured: ResourcesMeasured): PoolResources => {
  const { meters, replicaMs } = measured;
  const ratio = (ms: number): number => (replicaMs > 0 ? Math.min(1, ms / replicaMs) : 0);
  const busyMs = sum(meters.map((meter) => meter.busyMs - meter.gpuIdleMs));
  const machines = measured.runs.flatMap(({ fleet }) =>
    [...(fleet.machines ?? [])].filter(([replica]) => isMeasured(measured, fleet.poolOf, replica)).map(([, machine]) => machine),
  );
  const used = {
    gpu: { busyRatio: pool.station === undefined ? ratio(busyMs) : null },
    gpuMemory: memoryOf(pool, measured.kv?.meanRatio ?? 0),
    cpu: {
      engineCoreRatio: pool.engine.host === undefined ? null : ratio(sum(meters.map((meter) => meter.hostMs))),
      frontendRatio: shareOf(machines, replicaMs, (machine) => machine.frontend),
    },
    network: networkOf(machines, replicaMs),
    disk: diskOf(pool, machines, replicaMs),
    kvLinkRatio: linkOf(measured),
  };
  return { ...used, bottleneck: bottleneckOf(used, kvFull(pool, measured)) };
};

const memoryOf = (pool: PoolSpec, kvMeanRatio: number): PoolResources["gpuMemory"] => {
  const { memory } = pool;
  if (memory === undefined) return null;
  const { gpuBytes, weightBytes, reserveBytes, kvBytes } = memory;
  return {
    totalBytes: gpuBytes,
    weightBytes,
    reserveBytes,
    kvBytes,
    kvUsedBytes: kvBytes * kvMeanRatio,
    usedRatio: (weightBytes + reserveBytes + kvBytes) / gpuBytes,
  };
};

const networkOf = (machines: ReadonlyArray<Machine>, replicaMs: number): PoolResources["network"] => {
  const inRatio = shareOf(machines, replicaMs, (machine) => machine.inbound);
  const outRatio = shareOf(machines, replicaMs, (machine) => machine.outbound);
  if (inRatio === null || outRatio === null) return null;
  const perSecond = (of: (machine: Machine) => FluidServer | undefined): number =>
    replicaMs > 0 ? (sum(machines.map((machine) => of(machine)!.done)) / replicaMs) * 1000 : 0;
  return {
    inBytesPerSecond: perSecond((machine) => machine.inbound),
    outBytesPerSecond: perSecond((machine) => machine.outbound),
    inRatio,
    outRatio,
  };
};

const diskOf = (pool: PoolSpec, machines: ReadonlyArray<Machine>, replicaMs: number): PoolResources["disk"] => {
  const writeRatio = shareOf(machines, replicaMs, (machine) => machine.disk);
  if (writeRatio === null) return null;
  return {
    writtenBytes: sum(machines.map((machine) => machine.disk!.done)),
    writeRatio,
    maxUsedBytes: Math.max(...machines.map((machine) => machine.diskPeakBytes)),
    capacityBytes: pool.machine!.disk!.capacityBytes,
    refused: sum(machines.map((machine) => machine.refused)),
  };
};

const isMeasured = ({ index, replica }: ResourcesMeasured, poolOf: Int32Array, one: number): boolean =>
  poolOf[one] === index && (replica === undefined || replica === one);

const linkOf = (measured: ResourcesMeasured): number | null => {
  const { runs, replicaMs } = measured;
  const busy = runs.flatMap(({ fleet }) =>
    [...fleet.poolOf.keys()].flatMap((replica) =>
      isMeasured(measured, fleet.poolOf, replica) ? (fleet.disaggregation?.handovers(replica)?.linkBusyMs ?? []) : [],
    ),
  );
  if (busy.length === 0) return null;
  return replicaMs > 0 ? Math.min(1, sum(busy) / replicaMs) : 0;
};

const shareOf = (machines: ReadonlyArray<Machine>, replicaMs: number, of: (machine: Machine) => FluidServer | undefined): number | null => {
  const servers = machines.map(of).filter((server) => server !== undefined);
  if (servers.length === 0) return null;
  const done = sum(servers.map((server) => server.done / server.ratePerMs));
  return replicaMs > 0 ? Math.min(1, done / replicaMs) : 0;
};

/** The share of KV blocks in use where requests wait for them, else null; what a watermark keeps free is no room. */
const kvFull = ({ engine }: PoolSpec, { kv, waitingMean }: ResourcesMeasured): number | null => {
  if (kv === null) return null;
  const usable = 1 - (engine.scheduling?.watermarkRatio ?? 0);
  return waitingMean >= 1 && kv.maxRatio > SATURATED * usable && kv.meanRatio > KV_SATURATED * usable ? kv.meanRatio : null;
};

const bottleneckOf = (
  { gpu, cpu, network, disk, kvLinkRatio }: Omit<PoolResources, "bottleneck">,
  fullKvRatio: number | null,
): PoolResources["bottleneck"] => {
  const ratios: ReadonlyArray<readonly [ResourceName, number | null | undefined]> = [
    ["engine core CPU", cpu.engineCoreRatio],
    ["front-end CPU", cpu.frontendRatio],
    ["network in", network?.inRatio],
    ["network out", network?.outRatio],
    ["KV link", kvLinkRatio],
    ["disk writes", disk?.writeRatio],
    ["disk space", disk === null ? null : disk.refused > 0 ? 1 : disk.maxUsedBytes / disk.capacityBytes],
  ];
  let found: { resource: ResourceName; ratio: number } | null = null;
  for (const [resource, ratio] of ratios) {
    if (ratio !== null && ratio !== undefined && (found === null || ratio > found.ratio)) found = { resource, ratio };
  }
  if (fullKvRatio !== null && (found === null || found.ratio <= SATURATED)) return { resource: "KV memory", ratio: fullKvRatio };
  if (gpu.busyRatio === null || (found !== null && (found.ratio > SATURATED || found.ratio > gpu.busyRatio))) return found;
  return { resource: "GPU", ratio: gpu.busyRatio };
};

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0);
