import { Kernel, Phase } from "../../src/kernel/Kernel.ts";
import type { Actor } from "../../src/kernel/Kernel.ts";
import { exponential } from "../../src/kernel/Sampler.ts";
import { Streams } from "../../src/kernel/Streams.ts";
import { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { measure } from "./Benchmark.ts";
import type { Measurement } from "./Benchmark.ts";

/** Delays are drawn beforehand, so that the queue is measured and not the logarithm. */
const DELAYS = 65_536;

/** Each event posts its successor: the number of pending events stays the same. */
class Holder implements Actor {
  private readonly kernel: Kernel;
  private readonly delaysMs: Float64Array;
  private readonly id: number;
  private drawn = 0;

  constructor(kernel: Kernel, delaysMs: Float64Array) {
    this.kernel = kernel;
    this.delaysMs = delaysMs;
    this.id = kernel.join(this);
  }

  wake(op: number, ref: number): void {
    const delayMs = this.delaysMs[this.drawn++ & (DELAYS - 1)]!;
    this.kernel.post(this.kernel.now + delayMs, this.id, op, ref, Phase.Boundary);
  }
}

/** Pop the earliest event, post one an exponential time later, through the whole kernel. */
export const holdModel = (options: { readonly pending: number; readonly events: number }): Measurement => {
  const kernel = new Kernel({ grid: TimeGrid.forHorizon(1e8) });
  const source = new Streams(1).open("hold", "delay").sequence();
  const delay = exponential(1);
  const holder = new Holder(
    kernel,
    Float64Array.from({ length: DELAYS }, () => delay.sample(source)),
  );
  for (let ref = 0; ref < options.pending; ref++) holder.wake(0, ref);
  return measure(
    () => void kernel.runFor(options.pending + 500_000, Infinity),
    () => {
      kernel.runFor(options.events, Infinity);
      return options.events;
    },
  );
};
