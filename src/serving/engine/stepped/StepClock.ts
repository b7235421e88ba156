import type { TimeGrid } from "../../../kernel/TimeGrid.ts";
import type { EngineSpec } from "../../ServingSpec.ts";
import type { StepLoad, StepModel } from "../../steptime/StepModel.ts";
import { StepTime } from "../StepTime.ts";
import type { Batch } from "./Batch.ts";

/** An idle data-parallel rank computes one token for nobody. */
const DUMMY: StepLoad = { sequences: 1, rows: 1, kvTokens: 0, prefillTokens: 0, attention: 0, prefillContext: 0, chunks: 0 };

/** Duration of a planned step in ms on the time grid: the step itself, drafting, and copies between GPU and host. */
export class StepClock {
  private readonly engine: EngineSpec;
  private readonly grid: TimeGrid;
  private readonly table: StepModel | undefined;
  private stepTime: StepTime;
  private factor = 1;

  constructor(engine: EngineSpec, grid: TimeGrid) {
    this.engine = engine;
    this.grid = grid;
    this.table = engine.stepTable;
    this.stepTime = new StepTime(engine.step, grid, 1, engine.host);
  }

  /** From now on every step takes `factor` times as long; copies do not. */
  slowDown(factor: number): void {
    this.factor = factor;
    this.stepTime = new StepTime(this.engine.step, this.grid, factor, this.engine.host);
  }

  stepMs(batch: Batch): number {
    const baseMs = this.baseMs(batch.load);
    const extraMs = this.draftMs(batch.load, baseMs) + batch.copyMs;
    return extraMs > 0 ? baseMs + this.grid.round(extraMs) : baseMs;
  }

  /** Work of the engine core on the CPU in a step. */
  hostMs(load: StepLoad): number {
    return this.stepTime.hostMs(load.rows);
  }

  /** The part of a step in which the GPU waits for the host. */
  gpuIdleMs(load: StepLoad): number {
    const hostMs = this.stepTime.hostMs(load.rows);
    if (!this.stepTime.overlapped) return hostMs;
    const { rows, kvTokens, prefillTokens, attention } = load;
    const gpuMs =
      this.table === undefined
        ? this.stepTime.unoverlappedMs(rows, kvTokens, prefillTokens, attention)
        : this.table.stepMs(load) * this.factor;
    return Math.max(0, hostMs - gpuMs);
  }

  dummyMs(): number {
    return this.baseMs(DUMMY);
  }

  private baseMs(load: StepLoad): number {
    if (this.table === undefined) return this.stepTime.stepMs(load.rows, load.kvTokens, load.prefillTokens, load.attention);
    const gpuMs = this.grid.round(this.table.stepMs(load) * this.factor);
    const hostMs = this.stepTime.hostMs(load.rows);
    const ms = this.stepTime.overlapped ? Math.max(gpuMs, hostMs) : gpuMs + hostMs;
    return ms > 0 ? ms : this.grid.spacingMs;
  }

  private draftMs(load: StepLoad, baseMs: number): number {
    const speculative = this.engine.scheduling?.speculative;
    if (speculative === undefined || load.rows === load.sequences) return 0;
    return speculative.tokens * ((speculative.draftMs ?? 0) * this.factor + (speculative.draftRatio ?? 0) * baseMs);
  }
}
