import type { Kernel } from "../../kernel/Kernel.ts";
import type { TimeAverage } from "../../kernel/TimeAverage.ts";
import type { ScaleObservation } from "../../policy/scaling/Autoscaler.ts";
import type { Engine } from "../engine/Engine.ts";
import type { Lifecycle } from "../Lifecycle.ts";

export interface PoolWatchOptions {
  readonly kernel: Kernel;
  readonly lifecycle: Lifecycle;
  /** Numbers of the pool's replicas in the fleet, and their engines. */
  readonly replicas: ReadonlyArray<number>;
  readonly engines: ReadonlyArray<Engine>;
  /** Attempts that wait at the gateway. */
  readonly gatewayQueue: TimeAverage;
  /** Attempts offered so far. */
  readonly offered: () => number;
}

/**
 * Means over the time since the last look, as a controller gets them from its metrics. Replicas that are off or drain are not seen; one that
 * has not been ready for the whole time counts as starting; one that is down reports nothing. O(replicas) for each look.
 */
export class PoolWatch {
  declare readonly seen: ScaleObservation;
  declare private readonly of: PoolWatchOptions;
  /** 1: was ready at the last look. */
  declare private readonly wasReady: Uint8Array;
  declare private readonly busyMs: Float64Array;
  declare private readonly heldTime: Float64Array;
  declare private readonly tokens: Float64Array;
  declare private readonly waitingTime: Float64Array;
  private queueTime = 0;
  private offered = 0;
  private lookedMs = 0;

  constructor(of: PoolWatchOptions) {
    const size = of.replicas.length;
    this.of = of;
    this.wasReady = new Uint8Array(size);
    this.busyMs = new Float64Array(size);
    this.heldTime = new Float64Array(size);
    this.tokens = new Float64Array(size);
    this.waitingTime = new Float64Array(size);
    this.seen = {
      replicas: 0,
      count: 0,
      ready: new Uint8Array(size),
      utilization: new Float64Array(size),
      concurrency: new Float64Array(size),
      tokensPerSecond: new Float64Array(size),
      queueLength: 0,
      offeredPerSecond: 0,
    };
    this.remember();
  }

  /** What there is to see, when so many replicas are wanted; the same object each time. */
  look(wanted: number): ScaleObservation {
    const { seen, of } = this;
    const lastedMs = of.kernel.now - this.lookedMs;
    seen.replicas = wanted;
    seen.count = 0;
    let waitingTime = of.gatewayQueue.area(of.kernel.now) - this.queueTime;
    for (let i = 0; i < of.engines.length; i++) {
      const { meter } = of.engines[i]!;
      of.engines[i]!.syncMeter();
      waitingTime += meter.waitingTime - this.waitingTime[i]!;
      this.add(i, lastedMs);
    }
    seen.queueLength = waitingTime / lastedMs;
    seen.offeredPerSecond = ((of.offered() - this.offered) * 1000) / lastedMs;
    return seen;
  }

  /** The next look is for the time from now on. */
  remember(): void {
    const { of } = this;
    this.lookedMs = of.kernel.now;
    this.queueTime = of.gatewayQueue.area(of.kernel.now);
    this.offered = of.offered();
    of.engines.forEach((engine, i) => {
      engine.syncMeter();
      this.wasReady[i] = of.lifecycle.state(of.replicas[i]!) === "ready" ? 1 : 0;
      this.busyMs[i] = engine.meter.busyMs;
      this.tokens[i] = engine.meter.decodeTokens;
      this.waitingTime[i] = engine.meter.waitingTime;
      this.heldTime[i] = of.lifecycle.heldTime(of.replicas[i]!) ?? 0;
    });
  }

  /** The meters begin again at zero right after this. */
  beforeReset(): void {
    const { of } = this;
    this.queueTime -= of.gatewayQueue.area(of.kernel.now);
    of.engines.forEach((engine, i) => {
      engine.syncMeter();
      const { meter } = engine;
      this.busyMs[i]! -= meter.busyMs;
      this.tokens[i]! -= meter.decodeTokens;
      this.waitingTime[i]! -= meter.waitingTime;
    });
  }

  private add(i: number, lastedMs: number): void {
    const { seen, of } = this;
    const state = of.lifecycle.state(of.replicas[i]!);
    if (state === "off" || state === "draining") return;
    const { meter } = of.engines[i]!;
    const at = seen.count++;
    const reports = state === "ready" && this.wasReady[i] === 1;
    seen.ready[at] = reports || state === "down" ? 1 : 0;
    // A step counts when it is over, so an interval may get a little more than its own time.
    seen.utilization[at] = reports ? Math.min(1, (meter.busyMs - this.busyMs[i]!) / lastedMs) : NaN;
    seen.concurrency[at] = reports ? ((of.lifecycle.heldTime(of.replicas[i]!) ?? 0) - this.heldTime[i]!) / lastedMs : NaN;
    seen.tokensPerSecond[at] = reports ? ((meter.decodeTokens - this.tokens[i]!) * 1000) / lastedMs : NaN;
  }
}
