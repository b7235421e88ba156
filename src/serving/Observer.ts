import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { Actor } from "../kernel/Kernel.ts";
import { Phase } from "../kernel/Kernel.ts";
import type { TimelinePoint } from "../metric/Result.ts";
import type { EntranceService } from "./Entrance.ts";
import { Entrance } from "./Entrance.ts";
import type { FleetService } from "./Fleet.ts";
import { Fleet } from "./Fleet.ts";
import type { GatewayService } from "./Gateway.ts";
import { Gateway } from "./Gateway.ts";
import type { RecorderService } from "./Recorder.ts";
import { Recorder } from "./Recorder.ts";
import type { ScalingService } from "./Scaling.ts";
import { Scaling } from "./Scaling.ts";
import { Simulation } from "./Simulation.ts";

export interface ObserverOptions {
  readonly intervalMs: number;
  readonly warmupMs: number;
}

/** Looks at the world at fixed intervals: the timeline; and starts the measurement at the end of the warm-up. */
export class Observer extends Context.Service<Observer, { readonly timeline: ReadonlyArray<TimelinePoint> }>()("spillway/Observer") {
  static readonly layer = (
    options: ObserverOptions,
  ): Layer.Layer<Observer, never, Simulation | Fleet | Gateway | Entrance | Recorder | Scaling> =>
    Layer.effect(
      Observer,
      Effect.gen(function* () {
        return new SimulatedObserver({
          ...options,
          simulation: yield* Simulation,
          fleet: yield* Fleet,
          gateway: yield* Gateway,
          entrance: yield* Entrance,
          recorder: yield* Recorder,
          scaling: yield* Scaling,
        });
      }),
    );
}

const OP_SAMPLE = 0;
const OP_WARM = 1;

interface Watched extends ObserverOptions {
  readonly simulation: typeof Simulation.Service;
  readonly fleet: FleetService;
  readonly gateway: GatewayService;
  readonly entrance: EntranceService;
  readonly recorder: RecorderService;
  readonly scaling: ScalingService;
}

class SimulatedObserver implements Actor {
  readonly timeline: Array<TimelinePoint> = [];
  declare private readonly of: Watched;
  declare private readonly actor: number;
  private lastBusyMs = 0;
  private lastRentedMs = 0;

  constructor(of: Watched) {
    this.of = of;
    const { kernel } = of.simulation;
    this.actor = kernel.join(this);
    kernel.post(of.warmupMs, this.actor, OP_WARM, 0, Phase.Fault);
    kernel.post(of.intervalMs, this.actor, OP_SAMPLE, 1, Phase.Control);
  }

  wake(op: number, count: number): void {
    if (op === OP_WARM) return this.startMeasuring();
    this.timeline.push(this.point());
    this.of.recorder.nextInterval();
    this.of.simulation.kernel.post((count + 1) * this.of.intervalMs, this.actor, OP_SAMPLE, count + 1, Phase.Control);
  }

  private startMeasuring(): void {
    const { fleet, gateway, entrance, recorder, scaling } = this.of;
    const gaps = recorder.classes.map((meter) => meter.itlMs);
    scaling.startMeasuring();
    for (const replica of fleet.replicas) replica.startMeasuring(gaps);
    this.lastBusyMs = 0;
    this.lastRentedMs = 0;
    fleet.lifecycle?.startMeasuring();
    fleet.disaggregation?.startMeasuring();
    gateway.startMeasuring();
    entrance.startMeasuring();
  }

  private point(): TimelinePoint {
    const { recorder, gateway, simulation, intervalMs } = this.of;
    const { interval } = recorder;
    const seconds = intervalMs / 1000;
    return {
      atMs: simulation.kernel.now,
      offeredPerSecond: interval.offered / seconds,
      throughputPerSecond: interval.completed / seconds,
      goodputPerSecond: interval.good / seconds,
      failedPerSecond: interval.failed / seconds,
      ttftP50Ms: interval.ttftMs.quantile(0.5) ?? null,
      ttftP99Ms: interval.ttftMs.quantile(0.99) ?? null,
      gatewayQueue: gateway.waiting,
      ...this.fleetNow(),
      ...this.replicasNow(),
    };
  }

  /** Machines that are off neither have memory nor time to be busy. */
  private fleetNow(): Pick<TimelinePoint, "engineWaiting" | "running" | "kvRatio" | "utilization"> {
    const { fleet } = this.of;
    let engineWaiting = 0;
    let running = 0;
    let kvTokens = 0;
    let capacity = 0;
    let busyMs = 0;
    fleet.replicas.forEach((replica, i) => {
      replica.syncMeter();
      engineWaiting += replica.waitingCount;
      running += replica.runningCount;
      kvTokens += replica.kvTokensNow;
      if (fleet.lifecycle?.state(i) !== "off") capacity += replica.blocks.total * replica.blocks.blockTokens;
      busyMs += replica.meter.busyMs;
    });
    const rentedMs = this.rentedMs();
    const busy = rentedMs > 0 ? (busyMs - this.lastBusyMs) / rentedMs : 0;
    this.lastBusyMs = busyMs;
    // A step counts when it is over, so an interval may get a little more than its own time.
    return { engineWaiting, running, kvRatio: capacity > 0 ? kvTokens / capacity : 0, utilization: Math.min(1, busy) };
  }

  /** Time for which replicas were rented since the point before. */
  private rentedMs(): number {
    const { fleet, intervalMs, simulation } = this.of;
    const always = fleet.replicas.filter((_, replica) => fleet.lifecycle?.state(replica) === undefined).length;
    let sometimesMs = 0;
    fleet.pools.forEach((_, pool) => (sometimesMs += fleet.lifecycle?.counts(pool)?.rented.area(simulation.kernel.now) ?? 0));
    const rentedMs = always * intervalMs + sometimesMs - this.lastRentedMs;
    this.lastRentedMs = sometimesMs;
    return rentedMs;
  }

  private replicasNow(): Pick<TimelinePoint, "replicas"> {
    const { pools, lifecycle } = this.of.fleet;
    const replicas = pools.flatMap(({ name }, pool) => {
      const counts = lifecycle?.counts(pool);
      return counts === undefined ? [] : [{ pool: name, ready: counts.ready.level, booting: counts.booting.level }];
    });
    return replicas.length > 0 ? { replicas } : {};
  }
}
