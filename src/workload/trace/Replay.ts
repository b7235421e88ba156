import type { Draws, UnitSource } from "../../kernel/Streams.ts";
import type { Surges } from "../rate/Surges.ts";
import type { ArrivalTimes } from "../ArrivalTimes.ts";
import type { RequestDraft } from "../RequestDraft.ts";
import type { TraceRow } from "./TraceRow.ts";

/** Repeated requests come at most this long after their row, in ms of the recording. */
const NEARBY_MS = 1000;
/** Ids as recorders number blocks, which stay in this range, and ids that are hashes. */
const SMALL_IDS = 2 ** 40;
const ALL_IDS = 2 ** 53;
/** An odd number near 2^40 / golden ratio: the ids of repetitions lie far apart. */
const ID_STEP = 679_535_556_991n;

/** Requests that wait to be taken, in order of time. */
export class ReplayBuffer {
  private readonly atMs: Array<number> = [];
  private readonly rows: Array<TraceRow> = [];
  private readonly hashes: Array<Float64Array | undefined> = [];
  private head = 0;

  get length(): number {
    return this.atMs.length - this.head;
  }

  push(atMs: number, row: TraceRow, hashes: Float64Array | undefined): void {
    this.atMs.push(atMs);
    this.rows.push(row);
    this.hashes.push(hashes);
  }

  /** Fills the draft with the first request and returns its time. The buffer must not be empty. */
  shift(draft: RequestDraft): number {
    const index = this.head++;
    const row = this.rows[index]!;
    const hashes = this.hashes[index];
    draft.promptTokens = row.promptTokens;
    draft.outputTokens = row.outputTokens;
    draft.blockHashes = hashes;
    draft.blockTokens = hashes === undefined ? 0 : row.blockTokens;
    return this.atMs[index]!;
  }

  /** Forgets what was taken. */
  compact(): void {
    this.atMs.splice(0, this.head);
    this.rows.splice(0, this.head);
    this.hashes.splice(0, this.head);
    this.head = 0;
  }
}

/** How recorded times become times of the run. */
export interface ReplayOptions {
  readonly rateScale: number;
  readonly timeScale: number;
  readonly surges: Surges;
  readonly draws: Draws;
  /** Times for recordings without any. */
  readonly times: ArrivalTimes | undefined;
}

/**
 * Turns rows into requests: scales the time, repeats or drops rows, gives repetitions ids of their own.
 *
 * A row is repeated so often on average as the rate scale (times the factor of a spike) says; repetitions lie uniformly
 * between the row and the next one, at most one recorded second after it. That keeps the bursts. What is kept at a lower
 * scale is kept at any higher one. Repetitions share block ids among those of the same number only, so that the ratio of
 * prefix-cache hits is that of the recording.
 */
export class Replay {
  declare private readonly options: ReplayOptions;
  declare private readonly buffer: ReplayBuffer;
  declare private readonly maxCopies: number;
  private pending: TraceRow | undefined;
  private pendingMs = 0;
  private number = -1;
  private pass = 0;
  private offsetMs = 0;
  /** Times are drawn by the arrival process of the class. */
  private drawn = false;
  /** The arrival process has no more times. */
  ended = false;

  constructor(options: ReplayOptions, buffer: ReplayBuffer) {
    this.options = options;
    this.buffer = buffer;
    this.maxCopies = Math.ceil(options.rateScale * options.surges.maxFactor);
  }

  /** The most requests that one row can become. */
  get copies(): number {
    return this.maxCopies;
  }

  /** Takes the next row, `windowMs` after the start of the window on the recording's clock. */
  push(row: TraceRow, windowMs: number, timed: boolean): void {
    this.emit(windowMs);
    this.drawn = !timed && this.options.times !== undefined;
    this.number = (this.number + 1) | 0;
    this.pending = row;
    this.pendingMs = windowMs;
  }

  /** Ends a pass over a window of so many recorded ms; the next one follows it. */
  endPass(windowMs: number): void {
    this.emit(windowMs);
    this.offsetMs += windowMs * this.options.timeScale;
    this.pass++;
  }

  private emit(nextMs: number): void {
    const row = this.pending;
    if (row === undefined) return;
    this.pending = undefined;
    const { timeScale, surges, draws, times } = this.options;
    const atMs = this.offsetMs + this.pendingMs * timeScale;
    const mean = this.options.rateScale * (this.drawn ? 1 : surges.factorAt(atMs));
    const luck = draws.at(this.number);
    const copies = Math.floor(mean) + (luck.unit() < mean % 1 ? 1 : 0);
    const gapMs = Math.min(nextMs - this.pendingMs, NEARBY_MS) * timeScale;
    const delays = delaysOf(copies - 1, gapMs, luck);
    for (let copy = 0; copy < copies; copy++) {
      const requestMs = this.drawn ? times!.next() : atMs + (copy === 0 ? 0 : delays[copy - 1]!);
      if (requestMs === Infinity) {
        this.ended = true;
        return;
      }
      this.buffer.push(requestMs, row, this.hashesOf(row, copy));
    }
  }

  private hashesOf(row: TraceRow, copy: number): Float64Array | undefined {
    const space = this.pass * this.maxCopies + copy;
    return row.blockHashes === undefined || space === 0 ? row.blockHashes : shifted(row.blockHashes, space);
  }
}

/** So many uniform delays in 0..gapMs, in order. */
const delaysOf = (count: number, gapMs: number, luck: UnitSource): ArrayLike<number> =>
  count <= 0 ? [] : Float64Array.from({ length: count }, () => luck.unit() * gapMs).toSorted();

/** The ids moved by a number of the space's own; small ids stay small. */
const shifted = (ids: Float64Array, space: number): Float64Array => {
  const small = offsetOf(space, SMALL_IDS);
  const large = offsetOf(space, ALL_IDS);
  return ids.map((id) => (id < SMALL_IDS ? (id + small) % SMALL_IDS : rotated(id, large, ALL_IDS)));
};

const offsetOf = (space: number, span: number): number => Number((BigInt(space) * ID_STEP) % BigInt(span));

/** (id + offset) modulo span, without a sum above 2^53. */
const rotated = (id: number, offset: number, span: number): number => (id >= span - offset ? id - (span - offset) : id + offset);
