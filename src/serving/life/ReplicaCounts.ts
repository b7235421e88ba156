import type { Kernel } from "../../kernel/Kernel.ts";
import { TimeAverage } from "../../kernel/TimeAverage.ts";
import type { LifeState } from "./LivingReplica.ts";

/** How many replicas of a pool are in which part of their life, over time. */
export class ReplicaCounts {
  declare readonly ready: TimeAverage;
  /** On their way to ready. */
  declare readonly booting: TimeAverage;
  /** Not off: paid for. */
  declare readonly rented: TimeAverage;
  /** Fewest that were ready since the start or the last restart, levels that lasted no time included. */
  minReady = 0;
  declare private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.ready = new TimeAverage(kernel.now);
    this.booting = new TimeAverage(kernel.now);
    this.rented = new TimeAverage(kernel.now);
  }

  /** A replica of the pool exists from the beginning. */
  add(state: LifeState): void {
    this.count(state, 1);
    this.restart();
  }

  moved(before: LifeState, after: LifeState): void {
    this.count(before, -1);
    this.count(after, 1);
    this.minReady = Math.min(this.minReady, this.ready.level);
  }

  /** Forgets the past: the warm-up is over. */
  restart(): void {
    const { now } = this.kernel;
    this.ready.restart(now);
    this.booting.restart(now);
    this.rented.restart(now);
    this.minReady = this.ready.level;
  }

  private count(state: LifeState, change: number): void {
    if (state === "off") return;
    const { now } = this.kernel;
    this.rented.set(now, this.rented.level + change);
    if (state === "ready") this.ready.set(now, this.ready.level + change);
    else if (state !== "draining" && state !== "down") this.booting.set(now, this.booting.level + change);
  }
}
