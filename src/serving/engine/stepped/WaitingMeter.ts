import type { Kernel } from "../../../kernel/Kernel.ts";
import type { ReplicaMeter } from "../ReplicaMeter.ts";

/** Counts who waits at all ranks of a replica, and integrates it over time. */
export class WaitingMeter {
  count = 0;
  private sinceMs = 0.5;
  declare private readonly kernel: Kernel;
  declare private readonly meter: ReplicaMeter;

  constructor(kernel: Kernel, meter: ReplicaMeter) {
    this.kernel = kernel;
    this.meter = meter;
    this.sinceMs = 0;
  }

  change(by: number): void {
    this.sync();
    this.count += by;
    if (this.count > this.meter.maxWaiting) this.meter.maxWaiting = this.count;
  }

  /** Brings the meter up to now. */
  sync(): void {
    const now = this.kernel.now;
    this.meter.waitingTime += this.count * (now - this.sinceMs);
    this.sinceMs = now;
  }
}
