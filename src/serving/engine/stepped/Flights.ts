import { Batch } from "./Batch.ts";

/** One step on its way through the stages of a pipeline: a batch per data-parallel rank. */
export interface Flight {
  readonly batches: ReadonlyArray<Batch>;
  startMs: number;
  endMs: number;
}

/**
 * Steps in flight, at most one per stage. They pass the stages in order (a flow shop): a step enters a stage when it has left the one before
 * and the step before it has left this one. With one stage there is one step at a time.
 */
export class Flights {
  declare readonly stages: number;
  count = 0;
  declare private readonly ring: ReadonlyArray<Flight>;
  declare private readonly freeMs: Float64Array;
  private head = 0;

  constructor(stages: number, ranks: number) {
    this.stages = stages;
    this.freeMs = new Float64Array(stages);
    this.ring = Array.from({ length: stages }, () => ({
      batches: Array.from({ length: ranks }, () => new Batch()),
      startMs: 0.5,
      endMs: 0.5,
    }));
  }

  /** The step that ends next. */
  get oldest(): Flight {
    return this.ring[this.head]!;
  }

  /** When the first stage is free, in ms. */
  get openMs(): number {
    return this.freeMs[0]!;
  }

  isOpen(nowMs: number): boolean {
    return this.count < this.stages && this.freeMs[0]! <= nowMs;
  }

  /** The flight that `launch` sends off. */
  next(): Flight {
    return this.ring[(this.head + this.count) % this.stages]!;
  }

  /** Sends the next flight off; each stage takes `stageMs`. */
  launch(nowMs: number, stageMs: number): void {
    const flight = this.next();
    const { freeMs } = this;
    let atMs = nowMs;
    for (let stage = 0; stage < this.stages; stage++) {
      atMs = (freeMs[stage]! > atMs ? freeMs[stage]! : atMs) + stageMs;
      freeMs[stage] = atMs;
    }
    flight.startMs = nowMs;
    flight.endMs = atMs;
    this.count++;
  }

  land(): Flight {
    const flight = this.oldest;
    this.head = (this.head + 1) % this.stages;
    this.count--;
    return flight;
  }

  /** All steps are lost. */
  clear(): void {
    this.count = 0;
    this.freeMs.fill(0);
  }
}
