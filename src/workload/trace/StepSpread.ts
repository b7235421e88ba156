import type { UnitSource } from "../../kernel/Streams.ts";
import type { TraceRow } from "./TraceRow.ts";

/** The step is looked for in so many rows. */
const SAMPLE_ROWS = 1024;
/** Finer steps distort nothing that matters. */
const MIN_STEP_MS = 100;
const MIN_STAMPS = 8;
/** Recorders round: Mooncake's steps of 3,000 ms have stamps of 2,997 to 3,003 ms. */
const TOLERANCE = 0.02;
const REQUIRED_SHARE = 0.95;
/** Rows of one stamp that are spread together. */
const MAX_RUN = 16_384;

/**
 * Spreads requests over the step of a recorder that stamped many of them with one time: left alone, every statistic of
 * bursts would be an artefact. The n rows of a stamp get the n times of a sorted uniform sample of the step after it, in
 * their recorded order. Stamps without a step pass unchanged.
 */
export class StepSpread {
  declare private readonly source: UnitSource;
  private readonly sample: Array<TraceRow> = [];
  private run: Array<TraceRow> = [];
  private decided = false;
  /** The step found in ms, 0 if there is none. */
  stepMs = 0;

  constructor(source: UnitSource) {
    this.source = source;
  }

  push(row: TraceRow, out: Array<TraceRow>): void {
    if (this.decided) {
      this.pass(row, out);
      return;
    }
    this.sample.push(row);
    if (this.sample.length >= SAMPLE_ROWS) this.decide(out);
  }

  finish(out: Array<TraceRow>): void {
    if (!this.decided) this.decide(out);
    this.spread(Infinity, out);
  }

  private decide(out: Array<TraceRow>): void {
    this.decided = true;
    this.stepMs = stepOf(this.sample);
    for (const row of this.sample) this.pass(row, out);
    this.sample.length = 0;
  }

  private pass(row: TraceRow, out: Array<TraceRow>): void {
    if (this.stepMs === 0) {
      out.push(row);
      return;
    }
    const stamp = this.run[0]?.atMs ?? row.atMs;
    if (row.atMs !== stamp || this.run.length >= MAX_RUN) this.spread(row.atMs, out);
    this.run.push(row);
  }

  private spread(nextMs: number, out: Array<TraceRow>): void {
    const [first] = this.run;
    if (first === undefined) return;
    const startMs = first.atMs;
    const widthMs = Math.min(this.stepMs, nextMs - startMs);
    const units = Float64Array.from(this.run, () => this.source.unit()).toSorted();
    this.run.forEach((row, index) => {
      row.atMs = startMs + widthMs * units[index]!;
      out.push(row);
    });
    this.run = [];
  }
}

/** The smallest or the middle gap between stamps, if nearly all gaps are multiples of it; else 0. */
const stepOf = (rows: ReadonlyArray<TraceRow>): number => {
  const gaps: Array<number> = [];
  for (let index = 1; index < rows.length; index++) {
    const gap = rows[index]!.atMs - rows[index - 1]!.atMs;
    if (gap > 0) gaps.push(gap);
  }
  if (gaps.length < MIN_STAMPS - 1) return 0;
  gaps.sort((a, b) => a - b);
  const candidates = [gaps[gaps.length >> 1]!, gaps[0]!];
  return candidates.find((step) => step >= MIN_STEP_MS && fits(gaps, step)) ?? 0;
};

const fits = (gaps: ReadonlyArray<number>, step: number): boolean => {
  const multiples = gaps.filter((gap) => Math.abs(gap / step - Math.round(gap / step)) <= TOLERANCE);
  return multiples.length >= REQUIRED_SHARE * gaps.length;
};
