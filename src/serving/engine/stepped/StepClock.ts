import type { TimeGrid } from "../../../kernel/TimeGrid.ts";
import type { EngineSpec } from "../../ServingSpec.ts";
import type { StepLoad, StepModel } from "../../steptime/StepModel.ts";
import { StepTime } from "../StepTime.ts";
import type { Batch } from "./Batch.ts";

/** Tokens that an idle data-parallel rank computes in a step, for nobody. */
export const DUMMY_ROWS = 1;

/** Duration of a planned step in ms on the time grid: the step itself, drafting, and copies between GPU and host. */
export class StepClock {
  declare private readonly engine: EngineSpec;
  declare private readonly grid: TimeGrid;
  private readonly table: StepModel | undefined;
  /** Each sequence is one row: the step's own formula holds, host included. */
  declare private readonly plain: boolean;
  declare private readonly hosted: boolean;
  declare private stepTime: StepTime;
  /** Without host time. */
  declare private bare: StepTime;
  private factor = 1;
  /** What verifying a drafted token takes beyond a row of the decode part: no less than computing a token of a prompt. */
  declare private readonly verifyMs: number;
  private readonly dummy: StepLoad = {
    sequences: DUMMY_ROWS,
    rows: DUMMY_ROWS,
    kvTokens: 0,
    prefillTokens: 0,
    attention: 0,
    prefillContext: 0,
    chunks: 0,
    rankRows: 0.5,
  };

  constructor(engine: EngineSpec, grid: TimeGrid) {
    this.engine = engine;
    this.grid = grid;
    this.table = engine.stepTable;
    this.plain = engine.stepTable === undefined && engine.scheduling?.speculative === undefined;
    this.verifyMs = Math.max(0, engine.step.d - engine.step.b);
    this.hosted = engine.host !== undefined;
    this.stepTime = new StepTime(engine.step, grid, 1, engine.host);
    this.bare = new StepTime(engine.step, grid);
  }

  /** From now on every step takes `factor` times as long; copies do not. */
  slowDown(factor: number): void {
    this.factor = factor;
    this.stepTime = new StepTime(this.engine.step, this.grid, factor, this.engine.host);
    this.bare = new StepTime(this.engine.step, this.grid, factor);
  }

  /** Duration of the batch's step where the mean rank has `rankRows`; notes its host time. */
  stepMs(batch: Batch, rankRows: number): number {
    const { load } = batch;
    load.rankRows = rankRows;
    const baseMs = this.baseMs(load);
    if (this.hosted) this.noteHost(batch);
    const extraMs = this.draftMs(load, baseMs) + batch.copyMs;
    return extraMs > 0 ? baseMs + this.grid.round(extraMs) : baseMs;
  }

  /** Duration of an idle rank's step. */
  dummyMs(rankRows: number): number {
    this.dummy.rankRows = rankRows;
    return this.baseMs(this.dummy);
  }

  private baseMs(load: StepLoad): number {
    if (this.plain) return this.stepTime.stepMs(load.rows, load.kvTokens, load.prefillTokens, load.attention, load.rankRows);
    const gpuMs = this.gpuMs(load);
    const hostMs = this.stepTime.hostMs(load.sequences);
    const ms = this.stepTime.overlapped ? Math.max(gpuMs, hostMs) : gpuMs + hostMs;
    return ms > 0 ? ms : this.grid.spacingMs;
  }

  private gpuMs(load: StepLoad): number {
    if (this.table !== undefined) return this.grid.round(this.table.stepMs(load) * this.factor);
    const verifyMs = this.grid.round((load.rows - load.sequences) * this.verifyMs * this.factor);
    return this.bare.unoverlappedMs(load.rows, load.kvTokens, load.prefillTokens, load.attention, load.rankRows) + verifyMs;
  }

  private noteHost(batch: Batch): void {
    batch.hostMs = this.stepTime.hostMs(batch.load.sequences);
    batch.gpuIdleMs = this.stepTime.overlapped ? Math.max(0, batch.hostMs - this.gpuMs(batch.load)) : batch.hostMs;
  }

  private draftMs(load: StepLoad, baseMs: number): number {
    const speculative = this.engine.scheduling?.speculative;
    if (speculative === undefined || load.rows === load.sequences) return 0;
    return speculative.tokens * ((speculative.draftMs ?? 0) * this.factor + (speculative.draftRatio ?? 0) * baseMs);
  }
}
