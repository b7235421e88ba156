import type { WorldSpec } from "../../src/serving/worldLayer.ts";
import type { EngineSpec, GatewaySpec, PoolSpec } from "../../src/serving/ServingSpec.ts";
import type { ArrivalSpec, PrefixSpec, SamplerSpec } from "../../src/workload/TrafficSpec.ts";

/** Mean service time of every station, and the length of its steps. Both are dyadic: nothing is rounded on the time grid. */
export const SERVICE_MEAN_MS = 128;
export const STEP_MS = 2 ** -5;
/** Steps of a mean service: 4,096. Engines count steps in 32 bits, so a run has room for 2^31 steps, about 500,000 services. */
export const STEPS_MEAN = SERVICE_MEAN_MS / STEP_MS;

const WARMUP_RATIO = 0.2;
const UNLIMITED = 2 ** 30;
const BLOCK_TOKENS = 16;

/**
 * A replica as a station of a queueing model: `servers` sequences run at once, each step takes `stepMs` whatever runs in it, and a request
 * takes one step per output token (the first one comes with its one-token prompt). So the service time is `stepMs` times the output length.
 */
export interface Station {
  /** Names the random streams: stations of different names are independent. */
  readonly name: string;
  readonly arrivals: ArrivalSpec;
  /** Output tokens = steps of service. */
  readonly steps: SamplerSpec;
  readonly stepMs?: number;
  /** Sequences that each replica runs at once; 1 unless told. */
  readonly servers?: number;
  readonly replicas?: number;
  readonly gateway?: Partial<GatewaySpec>;
  readonly engine?: Partial<EngineSpec>;
  readonly prefix?: PrefixSpec;
  readonly horizonMs: number;
}

export const stationWorld = (station: Station): WorldSpec => ({
  horizonMs: station.horizonMs,
  warmupMs: WARMUP_RATIO * station.horizonMs,
  traffic: [
    {
      name: station.name,
      arrivals: station.arrivals,
      spikes: [],
      prompt: { kind: "fixed", value: 1 },
      output: station.steps,
      ...(station.prefix === undefined ? {} : { prefix: station.prefix }),
      priority: 0,
      weight: 1,
      tenant: "default",
      slo: {},
      client: {},
    },
  ],
  gateway: {
    maxInFlightPerReplica: UNLIMITED,
    onDisconnect: "cancel",
    router: { kind: "roundRobin" },
    ...station.gateway,
  },
  fleet: [poolOf(station)],
  faults: [],
});

const poolOf = (station: Station): PoolSpec => ({
  name: "station",
  gpu: "none",
  model: "none",
  dtype: "none",
  tensorParallel: 1,
  gpusPerReplica: 1,
  replicas: station.replicas ?? 1,
  weight: 1,
  backup: false,
  engine: {
    maxBatchedTokens: 8192,
    maxSequences: station.servers ?? 1,
    maxModelTokens: UNLIMITED,
    blockTokens: BLOCK_TOKENS,
    kvBlocks: UNLIMITED,
    prefixCache: false,
    reserveFullPrompt: true,
    maxWaiting: UNLIMITED,
    step: { a: station.stepMs ?? STEP_MS, b: 0, c: 0, d: 0, e: 0, h: 0 },
    ...station.engine,
  },
  usdPerGpuHour: 0,
  stepSource: "validation",
  warnings: [],
});

/** Poisson arrivals that keep `servers` servers busy for the share `utilization` of the time. */
export const arrivalsPerSecond = (load: { readonly utilization: number; readonly servers: number }): number =>
  (1000 * load.utilization * load.servers) / SERVICE_MEAN_MS;

export const poisson = (perSecond: number): ArrivalSpec => ({
  kind: "poisson",
  rate: { kind: "constant", perSecond },
});

/** Geometric steps: the second moment is below that of exponential service by the ratio 1 / (2 * 4,096). */
export const exponentialSteps: SamplerSpec = { kind: "geometric", mean: STEPS_MEAN };

/**
 * How far a closed form moves when every service lasts a step longer. That bounds what steps change against continuous time: with
 * several servers an arrival that finds one free waits for the end of the running step, and geometric steps replace exponential service.
 */
export const stepAllowance = (closedForm: (serviceMeanMs: number) => number): number =>
  Math.abs(closedForm(SERVICE_MEAN_MS + STEP_MS) - closedForm(SERVICE_MEAN_MS));
