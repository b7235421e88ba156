import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { FleetService } from "./Fleet.ts";
import { Fleet } from "./Fleet.ts";
import type { GatewayService } from "./Gateway.ts";
import { Gateway } from "./Gateway.ts";
import type { Lifecycle } from "./Lifecycle.ts";
import type { PolicyFactories } from "./Policies.ts";
import { Policies } from "./Policies.ts";
import type { RecorderService } from "./Recorder.ts";
import { Recorder } from "./Recorder.ts";
import { PoolScaler } from "./scaling/PoolScaler.ts";
import { PoolWatch } from "./scaling/PoolWatch.ts";
import type { PoolSpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";

/** Another number of replicas is wanted from now on. */
export interface ScaleEvent {
  readonly atMs: number;
  readonly pool: string;
  readonly from: number;
  readonly to: number;
}

export interface ScalingService {
  /** Since the start of the measurement; at most one for each pool and interval. */
  readonly events: ReadonlyArray<ScaleEvent>;
  /** Called right before replicas and gateway forget what they counted: the warm-up is over. */
  startMeasuring(): void;
}

/** Changes the number of replicas by what it sees. Replace it in a scenario file by a Layer that calls `lifecycle.start` and `lifecycle.drain` of the fleet. */
export class Scaling extends Context.Service<Scaling, ScalingService>()("spillway/Scaling") {
  /** Pools with `autoscale`; the others stay as they are. */
  static readonly layer: Layer.Layer<Scaling, never, Simulation | Fleet | Gateway | Recorder> = Layer.effect(
    Scaling,
    Effect.gen(function* () {
      return new AutoscaledPools(yield* Simulation, yield* Fleet, yield* Gateway, yield* Recorder, yield* Policies);
    }),
  );
}

class AutoscaledPools implements ScalingService {
  readonly events: Array<ScaleEvent> = [];
  private readonly watches: Array<PoolWatch> = [];
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly fleet: FleetService;
  declare private readonly gateway: GatewayService;
  declare private readonly recorder: RecorderService;
  declare private readonly autoscalerOf: PolicyFactories["autoscaler"];

  constructor(
    simulation: typeof Simulation.Service,
    fleet: FleetService,
    gateway: GatewayService,
    recorder: RecorderService,
    { autoscaler }: PolicyFactories,
  ) {
    this.autoscalerOf = autoscaler;
    this.simulation = simulation;
    this.fleet = fleet;
    this.gateway = gateway;
    this.recorder = recorder;
    const { lifecycle } = fleet;
    if (lifecycle !== undefined) fleet.pools.forEach((pool, index) => this.scale(pool, index, lifecycle));
  }

  startMeasuring(): void {
    this.events.length = 0;
    for (const watch of this.watches) watch.beforeReset();
  }

  private scale(pool: PoolSpec, index: number, lifecycle: Lifecycle): void {
    const { autoscale: spec } = pool;
    if (spec === undefined) return;
    const { kernel } = this.simulation;
    const replicas = this.fleet.replicas.map((_, replica) => replica).filter((replica) => this.fleet.poolOf[replica] === index);
    const watch = new PoolWatch({
      kernel,
      lifecycle,
      replicas,
      engines: replicas.map((replica) => this.fleet.replicas[replica]!),
      gatewayQueue: this.gateway.queueLength,
      offered: () => this.recorder.attempts,
    });
    this.watches.push(watch);
    const decided = (from: number, to: number): void => void this.events.push({ atMs: kernel.now, pool: pool.name, from, to });
    const initial = pool.initial ?? pool.replicas;
    new PoolScaler({ spec, initial, autoscaler: this.autoscalerOf(spec), watch, kernel, lifecycle, replicas, decided }).begin();
  }
}
