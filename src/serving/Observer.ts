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
import { Simulation } from "./Simulation.ts";

export interface ObserverOptions {
  readonly intervalMs: number;
  readonly warmupMs: number;
}

/** Looks at the world at fixed intervals: the timeline; and starts the measurement at the end of the warm-up. */
export class Observer extends Context.Service<Observer, { readonly timeline: ReadonlyArray<TimelinePoint> }>()("spillway/Observer") {
  static readonly layer = (options: ObserverOptions): Layer.Layer<Observer, never, Simulation | Fleet | Gateway | Entrance | Recorder> =>
    Layer.effect(
      Observer,
      Effect.gen(function* () {
        return new SimulatedObserver(options, yield* Simulation, yield* Fleet, yield* Gateway, yield* Entrance, yield* Recorder);
      }),
    );
}

const OP_SAMPLE = 0;
const OP_WARM = 1;

class SimulatedObserver implements Actor {
  readonly timeline: Array<TimelinePoint> = [];
  private readonly options: ObserverOptions;
  private readonly simulation: typeof Simulation.Service;
  private readonly fleet: FleetService;
  private readonly gateway: GatewayService;
  private readonly entrance: EntranceService;
  private readonly recorder: RecorderService;
  private readonly actor: number;
  private lastBusyMs = 0;

  constructor(
    options: ObserverOptions,
    simulation: typeof Simulation.Service,
    fleet: FleetService,
    gateway: GatewayService,
    entrance: EntranceService,
    recorder: RecorderService,
  ) {
    this.options = options;
    this.simulation = simulation;
    this.fleet = fleet;
    this.gateway = gateway;
    this.entrance = entrance;
    this.recorder = recorder;
    this.actor = simulation.kernel.join(this);
    simulation.kernel.post(options.warmupMs, this.actor, OP_WARM, 0, Phase.Fault);
    simulation.kernel.post(options.intervalMs, this.actor, OP_SAMPLE, 1, Phase.Control);
  }

  wake(op: number, count: number): void {
    if (op === OP_WARM) return this.startMeasuring();
    this.timeline.push(this.point());
    this.recorder.nextInterval();
    this.simulation.kernel.post((count + 1) * this.options.intervalMs, this.actor, OP_SAMPLE, count + 1, Phase.Control);
  }

  private startMeasuring(): void {
    const gaps = this.recorder.classes.map((meter) => meter.itlMs);
    for (const replica of this.fleet.replicas) replica.startMeasuring(gaps);
    this.lastBusyMs = 0;
    this.fleet.disaggregation?.startMeasuring();
    this.gateway.startMeasuring();
    this.entrance.startMeasuring();
  }

  private point(): TimelinePoint {
    const { interval } = this.recorder;
    const seconds = this.options.intervalMs / 1000;
    return {
      atMs: this.simulation.kernel.now,
      offeredPerSecond: interval.offered / seconds,
      throughputPerSecond: interval.completed / seconds,
      goodputPerSecond: interval.good / seconds,
      failedPerSecond: interval.failed / seconds,
      ttftP50Ms: interval.ttftMs.quantile(0.5) ?? null,
      ttftP99Ms: interval.ttftMs.quantile(0.99) ?? null,
      gatewayQueue: this.gateway.waiting,
      ...this.fleetNow(),
    };
  }

  private fleetNow(): Pick<TimelinePoint, "engineWaiting" | "running" | "kvRatio" | "utilization"> {
    let engineWaiting = 0;
    let running = 0;
    let kvTokens = 0;
    let capacity = 0;
    let busyMs = 0;
    for (const replica of this.fleet.replicas) {
      replica.syncMeter();
      engineWaiting += replica.waitingCount;
      running += replica.runningCount;
      kvTokens += replica.kvTokensNow;
      capacity += replica.blocks.total * replica.blocks.blockTokens;
      busyMs += replica.meter.busyMs;
    }
    const busy = (busyMs - this.lastBusyMs) / (this.options.intervalMs * this.fleet.replicas.length);
    this.lastBusyMs = busyMs;
    // A step counts when it is over, so an interval may get a little more than its own time.
    return { engineWaiting, running, kvRatio: kvTokens / capacity, utilization: Math.min(1, busy) };
  }
}
