import * as Effect from "effect/Effect";
import { StoreConnection } from "./StoreConnection.ts";
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

interface NodeClock {
  /** At `sinceMs` of true time. */
  readonly aheadMs: number;
  readonly driftPpm: number;
  readonly sinceMs: number;
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
  /** An adapter whose component has a store sends every command through this. */
  readonly store = new StoreConnection(this.time);
  readonly timeline: Array<TimelineEntry> = [];
  /** How far the next reading of the monotone clock is behind, in ms: readings may overtake each other on their way. */
  lagMs = 0;
  private readonly clocks: Array<NodeClock> = [];
  declare private readonly options: LaboratoryOptions;
  private selected = 0;
  declare private readonly serial: number;

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
    return this.time.trueMs + this.aheadMs(node);
  }

  /** What the store's own clock reads, in ms since 1970. */
  get storeNowMs(): number {
    return this.time.trueMs + this.store.aheadMs;
  }

  /** A name that no other history of this process uses: stores that outlive a history start with a fresh key. */
  uniqueKey(key: string): string {
    return `h${this.serial}:${key}`;
  }

  /** What follows is done by this node: `Date` reads its clock. */
  selectNode(node: number): void {
    this.selected = node;
    this.time.wallAheadMs = () => this.aheadMs(node);
  }

  /** One node's wall clock jumps by so many ms; true time and timers do not. */
  stepClock(node: number, byMs: number): void {
    this.setClock(node, byMs, this.clocks[node]?.driftPpm ?? 0);
  }

  /** From now on one node's wall clock gains so many microseconds per second, or loses them. */
  drift(node: number, driftPpm: number): void {
    this.setClock(node, 0, driftPpm);
  }

  /** The process is frozen for so long; then all timers that are due fire, late, in order. */
  async pause(ms: number): Promise<void> {
    this.time.trueMs += ms;
    while (this.time.nextDueMs <= this.time.trueMs) {
      this.time.fireNextAt(this.time.trueMs);
      await this.drain();
    }
  }

  /** A reading of the monotone clock, in ms since the history began; older than now where `lagMs` says so. */
  get readingMs(): number {
    return Math.max(0, this.elapsedMs - this.lagMs);
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
    const waited = this.store.inFlight > 0;
    for (let turn = 0; turn < turns || this.store.inFlight > 0; turn++) await nextTurn();
    if (waited) for (let turn = 0; turn < turns; turn++) await nextTurn();
  }

  /** Waits for an answer: a value, a promise or an Effect. */
  async answer<A>(value: A | PromiseLike<A> | Effect.Effect<A, unknown>): Promise<A> {
    return (await (Effect.isEffect(value) ? Effect.runPromise(value as Effect.Effect<A, unknown>) : value)) as A;
  }

  private aheadMs(node: number): number {
    const clock = this.clocks[node];
    return clock === undefined ? 0 : clock.aheadMs + Math.trunc(((this.time.trueMs - clock.sinceMs) * clock.driftPpm) / 1e6);
  }

  private setClock(node: number, byMs: number, driftPpm: number): void {
    this.clocks[node] = { aheadMs: this.aheadMs(node) + byMs, driftPpm, sinceMs: this.time.trueMs };
    this.selectNode(this.selected);
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
