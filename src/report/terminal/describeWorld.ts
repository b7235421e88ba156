import type { World } from "../../scenario/World.ts";
import { formatCount } from "../../units/Count.ts";
import { formatDuration } from "../../units/Duration.ts";
import type { ArrivalSpec, RateSpec, TrafficClassSpec } from "../../workload/TrafficSpec.ts";
import { overheadText } from "./overheadText.ts";

/** What a scenario file says, in a few lines: for `spillway check`. */
export const describeWorld = (world: World, file: string): string => {
  const lines = [
    `${file}: ok`,
    `  ${world.name}, digest ${world.digest}, seed ${world.seed}, horizon ${formatDuration(world.horizonMs)}, warm-up ${formatDuration(world.warmupMs)}`,
    ...world.traffic.map((spec) => `  traffic ${spec.name}: ${describeTraffic(spec)}`),
    `  gateway: router ${world.gateway.router.kind}, ${describeQueue(world)}`,
    ...world.fleet.map((pool) => `  fleet ${pool.name}: ${pool.station === undefined ? describeEngines(pool) : describeStations(pool)}`),
    ...world.fleet.flatMap((pool) => pool.warnings.map((warning) => `  warning: ${pool.name}: ${warning}`)),
    ...world.faults.map(
      (fault) =>
        `  fault ${fault.kind}: ${"pool" in fault ? `${fault.replicas} of ${fault.pool}` : `the ${fault.part}`} at ${formatDuration(fault.atMs)} for ${formatDuration(fault.durationMs)}`,
    ),
    ...world.gates.map((gate) => `  gate ${gate.expression}`),
  ];
  return `${lines.join("\n")}\n`;
};

type Pool = World["fleet"][number];

const describeEngines = (pool: Pool): string => {
  const dtype = `${pool.dtype}${pool.dtypeAsPublished === true ? " as published" : ""}`;
  const kvTokens = formatCount(pool.engine.kvBlocks * pool.engine.blockTokens);
  const overhead = pool.requestOverhead === undefined ? "" : `; prompts reach the engine after ${overheadText(pool.requestOverhead)}`;
  return `${describeReplicas(pool)} x ${pool.gpusPerReplica} ${pool.gpu} for ${pool.model} ${dtype}, ${kvTokens} KV tokens per replica; ${pool.stepSource}${overhead}`;
};

const describeStations = (pool: Pool): string => {
  const { servers, maxWaiting } = pool.station!;
  const room = Number.isFinite(servers)
    ? `${formatCount(servers)} ${servers === 1 ? "server" : "servers"} and room for ${formatCount(maxWaiting)} that wait`
    : "a server for everybody";
  return `${describeReplicas(pool)} x station of ${room}; ${pool.stepSource}`;
};

/** As "2 (autoscale 1 to 12: horizontal, scheduled)" where the number changes by itself. */
const describeReplicas = ({ replicas, initial = replicas, autoscale }: Pool): string => {
  if (autoscale === undefined) return String(replicas);
  const scalers = (["horizontal", "scheduled", "predictive"] as const).filter((scaler) => autoscale[scaler] !== undefined);
  return `${initial} (autoscale ${autoscale.minReplicas} to ${autoscale.maxReplicas}: ${scalers.join(", ")})`;
};

const describeTraffic = (spec: TrafficClassSpec): string => {
  if (spec.trace !== undefined) return `recorded trace ${spec.trace.path}`;
  const spikes = spec.spikes.length > 0 ? `, ${spec.spikes.length} spike${spec.spikes.length > 1 ? "s" : ""}` : "";
  return `${describeArrivals(spec.arrivals!)}${spikes}${spec.session === undefined ? "" : ", conversations"}`;
};

const describeArrivals = (arrivals: ArrivalSpec): string => {
  if (arrivals.kind === "closed") return `closed loop, ${arrivals.users} users`;
  if (arrivals.kind === "mmpp") return `MMPP with ${arrivals.states.length} states`;
  return `${arrivals.kind}, ${describeRate(arrivals.rate)}`;
};

const describeRate = (rate: RateSpec): string => {
  if (rate.kind === "constant") return `${rate.perSecond}/s`;
  return rate.kind === "diurnal" ? "by hour of the day" : `by a curve of ${rate.points.length} points`;
};

const describeQueue = ({ gateway }: World): string => {
  const queue = gateway.queue === undefined ? "no queue" : `queue of ${gateway.queue.rules.requests}`;
  const limit = gateway.responseTimeLimitMs;
  return limit === undefined ? queue : `${queue}, cut after ${formatDuration(limit)} (engine: ${gateway.onDisconnect})`;
};
