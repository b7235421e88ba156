import * as Effect from "effect/Effect";
import { VirtualTime } from "./VirtualTime.ts";

/** A whole number of hours and days, so that windows aligned to the clock are aligned to the history too. */
const START_MS = 1_699_999_200_000;

/** How a component answers: before the call returns, within a few turns of the event loop, or after real input and output. */
export type Answering = "sync" | "turn" | "io";

export interface LaboratoryOptions {
  readonly answering: Answering;
  /** Turns of the event loop that a call may need until everything it does now is done (default 1). */
  readonly turns?: number;
}

/** One line of a history: when, what was done, what came of it. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly operation: string;
  readonly outcomes: Array<string>;
}

/**
 * The place where one history runs: true time, one clock per node, timers, and the log. Libraries that read the machine's clock see virtual time;
 * a component with an injected clock reads `nowMs(node)`.
 */
export class Laboratory {
  readonly time = new VirtualTime(START_MS);
  readonly timeline: Array<TimelineEntry> = [];
  private readonly offsetsMs: Array<number> = [];
  private readonly options: LaboratoryOptions;
  private selected = 0;
  private readonly serial: number;

  constructor(options: LaboratoryOptions, serial = 0) {
    this.options = options;
    this.serial = serial;
  }

  /** True time since the history began, in ms. */
  get elapsedMs(): number {
    return this.time.trueMs - START_MS;
  }

  /** What this node's wall clock reads, in ms since 1970. */
  nowMs(node = this.selected): number {
    return this.time.trueMs + (this.offsetsMs[node] ?? 0);
  }

  /** A name that no other history of this process uses: stores that outlive a history start with a fresh key. */
  uniqueKey(key: string): string {
    return `h${this.serial}:${key}`;
  }

  /** What follows is done by this node: `Date` reads its clock. */
  selectNode(node: number): void {
    this.selected = node;
    this.time.wallOffsetMs = this.offsetsMs[node] ?? 0;
  }

  /** One node's wall clock jumps by so many ms; true time and timers do not. */
  stepClock(node: number, byMs: number): void {
    this.offsetsMs[node] = (this.offsetsMs[node] ?? 0) + byMs;
    this.selectNode(this.selected);
  }

  /** Moves true time and all clocks, firing timers in order, each with its consequences. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.time.trueMs + ms;
    for (let dueMs = this.time.nextDueMs; dueMs <= untilMs; dueMs = this.time.nextDueMs) {
      this.time.fireNextAt(Math.max(dueMs, this.time.trueMs));
      await this.drain();
    }
    this.time.trueMs = untilMs;
  }

  /** Lets everything happen that can happen without time moving. */
  async drain(): Promise<void> {
    if (this.options.answering === "sync") return;
    const turns = this.options.turns ?? 1;
    for (let turn = 0; turn < turns; turn++) await nextTurn();
  }

  /** Waits for an answer: a value, a promise or an Effect. */
  async answer<A>(value: A | PromiseLike<A> | Effect.Effect<A, unknown>): Promise<A> {
    return (await (Effect.isEffect(value) ? Effect.runPromise(value as Effect.Effect<A, unknown>) : value)) as A;
  }

  /** Begins a line of the timeline. */
  begin(operation: string): void {
    this.timeline.push({ atMs: this.elapsedMs, operation, outcomes: [] });
  }

  /** Adds what happened to the line that was begun last. */
  note(outcome: string): void {
    this.timeline.at(-1)?.outcomes.push(outcome);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
