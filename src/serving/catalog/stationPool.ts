import type { PoolSpec } from "../ServingSpec.ts";
import type { StationSpec } from "../station/StationSpec.ts";

export interface StationPoolRequest {
  readonly name: string;
  readonly station: StationSpec;
  readonly replicas: number;
  readonly weight: number;
  readonly backup: boolean;
  /** Price of one replica. */
  readonly usdPerHour: number;
}

/** A pool of stations; what is said of GPUs stands for nothing. */
export const stationPool = (request: StationPoolRequest): PoolSpec => ({
  name: request.name,
  gpu: "none",
  model: "station",
  dtype: "none",
  tensorParallel: 1,
  gpusPerReplica: 1,
  replicas: request.replicas,
  weight: request.weight,
  backup: request.backup,
  station: request.station,
  engine: {
    maxBatchedTokens: 1,
    maxSequences: Number.isFinite(request.station.servers) ? request.station.servers : 2 ** 30,
    maxModelTokens: Infinity,
    blockTokens: 1,
    kvBlocks: Number.isFinite(request.station.servers) ? request.station.servers : 1,
    prefixCache: false,
    reserveFullPrompt: false,
    maxWaiting: request.station.maxWaiting,
    step: { a: 0, b: 0, c: 0, d: 0, e: 0, h: 0 },
  },
  usdPerGpuHour: request.usdPerHour,
  stepSource: "service time given in the scenario",
  warnings: [],
});
