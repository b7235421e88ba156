import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Streams } from "../../kernel/Streams.ts";
import { ArrivalTimes, classPath } from "../ArrivalTimes.ts";
import { Surges } from "../rate/Surges.ts";
import { emptyDraft } from "../RequestDraft.ts";
import type { ArrivalSource, RequestDraft } from "../RequestDraft.ts";
import { FileFeed } from "./FileFeed.ts";
import { Replay, ReplayBuffer } from "./Replay.ts";
import type { RowFeed, RowPass } from "./RowFeed.ts";
import { ServeGenFeed } from "./ServeGenFeed.ts";
import { TraceFault } from "./TraceFault.ts";
import type { TraceRow } from "./TraceRow.ts";
import type { TraceSpec, TrafficClassSpec } from "../TrafficSpec.ts";

/** Requests that are read ahead at most, besides the rows of one piece of the file. */
export const LOOK_AHEAD = 8192;
/** Rows after which refill() returns even if it found nothing to keep, so that its caller can be interrupted. */
const ROWS_PER_REFILL = 1_000_000;
const MAX_EMPTY_PASSES = 100;
const MAX_COPIES = 1_000_000;

/** How to open the trace of a class. */
export interface TraceOptions {
  /** Count malformed rows instead of failing on them. */
  readonly skipBadRows: boolean;
  /** Folder that a relative path starts from; the working folder where absent. */
  readonly baseFolder?: string;
}

/**
 * The arrivals of a recorded trace. next() is synchronous and gives NaN when the look-ahead is used up: await refill(), and
 * call it again. Prompt, output, prefix and session of the class are not used. The class's arrivals are used for files
 * without times only; spikes must be factors: they repeat rows.
 *
 * Time 0 of the run is `fromMs` after the first row. In a loop the recording follows itself after its window, or after its
 * last row and one mean gap. Streams of the class: "spread" (within a recorder's steps), "copies" (rate scale).
 */
export class TraceArrivals implements ArrivalSource {
  readonly draft: RequestDraft = emptyDraft();
  declare private readonly file: string;
  declare private readonly trace: TraceSpec;
  declare private readonly className: string;
  declare private readonly feed: RowFeed;
  private readonly buffer = new ReplayBuffer();
  declare private readonly replay: Replay;
  private passNumber = 0;
  declare private pass: RowPass;
  declare private readonly firstPass: RowPass;
  private batch: ReadonlyArray<TraceRow> = [];
  private index = 0;
  private keptRows = 0;
  private lastMs = 0;
  private pastWindow = false;
  private ended = false;
  private lastGivenMs = 0;
  private isOver = false;
  private closed = false;
  private refilling: Promise<void> | undefined;
  private failure: { readonly cause: unknown } | undefined;
  private emptyPasses = 0;

  /** Opens nothing yet. Throws RangeError for scales and windows that cannot be, TraceFault for spikes that are not factors. */
  constructor(spec: TrafficClassSpec, streams: Streams, options: TraceOptions) {
    if (spec.trace === undefined) throw new RangeError(`class ${spec.name} has no trace`);
    this.trace = spec.trace;
    this.file = fileOf(spec.trace, options);
    this.className = spec.name;
    this.feed = feedOf(spec, streams, this.file, options.skipBadRows);
    this.replay = new Replay(replayOptions(spec, streams, this.file, this.feed.scalesRate), this.buffer);
    if (this.replay.copies > MAX_COPIES) throw new RangeError(`trace: a row would be repeated ${this.replay.copies} times`);
    this.pass = this.feed.open(0);
    this.firstPass = this.pass;
  }

  /** Rows of the recording that were read well so far, each once even in a loop (ServeGen: windows). */
  get rows(): number {
    return this.firstPass.rows;
  }

  /** Malformed rows that were left out, each once. */
  get skippedRows(): number {
    return this.firstPass.skippedRows;
  }

  /** Rows that are well formed and nothing to replay: failed requests, other classes, conversations without an answer. */
  get ignoredRows(): number {
    return this.firstPass.ignoredRows;
  }

  /** Requests that can be taken before the next refill. */
  get ready(): number {
    return this.buffer.length;
  }

  /** Time of the last arrival, once next() has said that there is none after it. */
  get endedAtMs(): number | undefined {
    return this.isOver ? this.lastGivenMs : undefined;
  }

  next(): number {
    if (this.buffer.length > 0) return (this.lastGivenMs = this.buffer.shift(this.draft));
    this.isOver = this.ended;
    return this.ended ? Infinity : Number.NaN;
  }

  /** Reads ahead. Rejects with TraceFault when the trace cannot be read. */
  refill(): Promise<void> {
    this.refilling ??= this.readAhead()
      .catch((cause: unknown) => {
        // A broken reading must not look like the end of the file when it is asked again.
        this.failure ??= { cause };
      })
      .then(() => {
        this.refilling = undefined;
        if (this.failure !== undefined) throw this.failure.cause;
      });
    return this.refilling;
  }

  /** Closes the file; next() then gives what was read ahead. */
  async close(): Promise<void> {
    this.closed = true;
    await this.refilling?.catch(() => undefined);
    this.ended = true;
    await this.pass.batches.return(undefined);
  }

  private async readAhead(): Promise<void> {
    this.buffer.compact();
    let budget = ROWS_PER_REFILL;
    if (this.failure !== undefined) return;
    while (!this.ended && !this.closed && budget > 0 && this.hasRoom()) {
      if (this.index >= this.batch.length) {
        await this.readBatch();
        continue;
      }
      while (this.index < this.batch.length && this.hasRoom() && !this.pastWindow) {
        budget--;
        this.take(this.batch[this.index++]!);
      }
      if (this.pastWindow) await this.leaveWindow();
      this.ended ||= this.replay.ended;
    }
  }

  private hasRoom(): boolean {
    return this.buffer.length === 0 || this.buffer.length + this.replay.copies <= LOOK_AHEAD;
  }

  private async readBatch(): Promise<void> {
    const next = await this.pass.batches.next();
    this.index = 0;
    this.batch = next.done === true ? [] : next.value;
    if (next.done === true) this.endPass();
  }

  private take(row: TraceRow): void {
    const windowMs = row.atMs - this.pass.originMs - this.trace.fromMs;
    this.lastMs = Math.max(this.lastMs, windowMs);
    this.pastWindow = windowMs >= this.trace.toMs - this.trace.fromMs;
    if (!row.usable || windowMs < 0 || this.pastWindow) return;
    this.keptRows++;
    this.replay.push(row, windowMs, this.pass.timed);
  }

  /** Rows are in order of time: the rest of the file lies behind the window too. */
  private async leaveWindow(): Promise<void> {
    this.pastWindow = false;
    await this.pass.batches.return(undefined);
    this.endPass();
  }

  private endPass(): void {
    if (this.keptRows === 0 && this.isHopeless()) throw this.nothingKept();
    this.replay.endPass(this.windowMs());
    this.ended = !this.trace.loop || this.replay.ended;
    this.batch = [];
    this.index = 0;
    if (this.ended) return;
    this.keptRows = 0;
    this.lastMs = 0;
    this.pass = this.feed.open(++this.passNumber);
  }

  /** Sampled requests may be absent from a pass by chance, recorded ones are there or not. */
  private isHopeless(): boolean {
    const behind = this.trace.fromMs >= (this.pass.endMs ?? Infinity);
    return behind || !this.feed.scalesRate || ++this.emptyPasses >= MAX_EMPTY_PASSES;
  }

  /** Length of the window that was replayed, in ms of the recording. */
  private windowMs(): number {
    const { fromMs, toMs } = this.trace;
    const meanGapMs = this.pass.rows > 1 ? (this.lastMs + fromMs) / (this.pass.rows - 1) : 1000;
    const endMs = this.pass.endMs ?? this.lastMs + fromMs + meanGapMs;
    return Math.max(Math.min(toMs, endMs) - fromMs, this.lastKeptMs());
  }

  private lastKeptMs(): number {
    return Math.min(this.lastMs, this.trace.toMs - this.trace.fromMs);
  }

  private nothingKept(): TraceFault {
    const { fromMs, toMs } = this.trace;
    const allIgnored = this.pass.rows > 0 && this.pass.ignoredRows === this.pass.rows;
    return allIgnored
      ? new TraceFault({
          file: this.file,
          constraint: `trace must have a row to replay for class ${this.className}`,
          value: `${this.pass.rows} rows left out`,
        })
      : new TraceFault({
          file: this.file,
          constraint: "window must hold at least one row",
          value: `${fromMs} ms to ${toMs} ms`,
          hint: "times count from the first row, before scaling",
        });
  }
}

const fileOf = (trace: TraceSpec, { baseFolder }: TraceOptions): string =>
  baseFolder === undefined ? trace.path : resolve(baseFolder, trace.path);

/** A missing path is none: reading it reports the fault. */
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const feedOf = (spec: TrafficClassSpec, streams: Streams, file: string, skipBadRows: boolean): RowFeed => {
  const format = spec.trace!.format ?? (isFolder(file) ? "servegen" : undefined);
  const path = classPath(spec.name);
  if (format === "servegen") {
    const { rateScale, fromMs, toMs } = spec.trace!;
    return new ServeGenFeed({ folder: file, skipBadRows, streams, path, rateScale, fromMs, toMs });
  }
  return new FileFeed({
    file,
    format,
    className: spec.name,
    skipBadRows,
    spread: streams.open(path, "spread"),
  });
};

const replayOptions = (spec: TrafficClassSpec, streams: Streams, file: string, scalesRate: boolean) => {
  const trace = spec.trace!;
  const path = classPath(spec.name);
  requireTrace(trace);
  if (spec.spikes.some((spike) => spike.extraPerSecond !== undefined)) {
    throw new TraceFault({
      file,
      constraint: "spikes on a recorded trace must be factors",
      value: "extraPerSecond",
      hint: "use factor, or a second class",
    });
  }
  const open = spec.arrivals === undefined || spec.arrivals.kind === "closed" ? undefined : spec.arrivals;
  return {
    rateScale: scalesRate ? 1 : trace.rateScale,
    timeScale: trace.timeScale,
    surges: new Surges(spec.spikes),
    draws: streams.open(path, "copies"),
    times: open && new ArrivalTimes(open, spec.spikes, streams, path),
  };
};

const requireTrace = ({ rateScale, timeScale, fromMs, toMs }: TraceSpec): void => {
  if (!(rateScale > 0 && rateScale < Infinity)) throw new RangeError(`trace: rateScale ${rateScale} is not above 0`);
  if (!(timeScale > 0 && timeScale < Infinity)) throw new RangeError(`trace: timeScale ${timeScale} is not above 0`);
  if (!(fromMs >= 0 && toMs > fromMs)) throw new RangeError(`trace: window ${fromMs} ms to ${toMs} ms is empty`);
};
