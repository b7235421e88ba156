import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { Histogram } from "../../kernel/Histogram.ts";
import type { HedgeSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd, isAnswer } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { copyResult, twinOf } from "./Twins.ts";

/** What the stage asks and tells of its surroundings. */
export interface HedgeHooks {
  /** May one more copy of the attempt be sent? A yes is paid for. */
  allows(attempt: number): boolean;
  /** One more copy is sent. */
  sent(attempt: number): void;
  /** The attempt is over, answered or not; so many copies had been paid for. */
  over(attempt: number, succeeded: boolean, paid: number): void;
}

const NONE = -1;
/** Attempt times between two looks at the quantile. */
const RELEARN_EVERY = 50;

/**
 * Hedged requests (Dean and Barroso, The Tail at Scale, CACM 2013; rules of gRPC A6): copies of an attempt that takes long. The first
 * success wins and the others are hung up; a failure starts the next copy at once; the attempt fails when all copies have failed.
 */
export class HedgeStage implements Door, GatewayListener, Actor {
  private readonly specs: ReadonlyArray<HedgeSpec | undefined>;
  private readonly simulation: typeof Simulation.Service;
  private readonly hooks: HedgeHooks;
  private readonly next: Door;
  private readonly actor: number;
  private readonly learned: ReadonlyArray<LearnedDelay | undefined>;
  /** Of a copy: whom it stands for, -1 when detached. */
  private readonly original: Column<Int32Array>;
  /** Of an attempt: its first live copy; of a copy: the next one. */
  private readonly copies: Column<Int32Array>;
  private readonly started: Column<Int32Array>;
  private readonly ticket: Column<Float64Array>;
  private readonly startMs: Column<Float64Array>;
  private listener!: GatewayListener;

  constructor(specs: ReadonlyArray<HedgeSpec | undefined>, simulation: typeof Simulation.Service, hooks: HedgeHooks, next: Door) {
    this.specs = specs;
    this.simulation = simulation;
    this.hooks = hooks;
    this.next = next;
    const { kernel, attempts } = simulation;
    this.actor = kernel.join(this);
    this.learned = specs.map((spec) => (spec !== undefined && "quantile" in spec.after ? new LearnedDelay(spec.after) : undefined));
    this.original = attempts.pool.int32();
    this.copies = attempts.pool.int32();
    this.started = attempts.pool.int32();
    this.ticket = attempts.pool.float64();
    this.startMs = attempts.pool.float64();
    next.connect(this);
  }

  connect(listener: GatewayListener): void {
    this.listener = listener;
  }

  submit(attempt: number): void {
    const { attempts, kernel } = this.simulation;
    const spec = this.specs[attempts.classIndex.at[attempt]!];
    if (spec === undefined) {
      this.original.at[attempt] = attempt;
      return this.next.submit(attempt);
    }
    this.original.at[attempt] = NONE;
    this.copies.at[attempt] = NONE;
    this.started.at[attempt] = 0;
    this.ticket.at[attempt] = NONE;
    this.startMs.at[attempt] = kernel.now;
    this.send(attempt, spec);
  }

  hangUp(attempt: number): void {
    if (this.original.at[attempt] === attempt) return this.next.hangUp(attempt);
    this.stopTimer(attempt);
    this.dropCopies(attempt);
    this.hooks.over(attempt, false, this.started.at[attempt]! - 1);
    this.simulation.attempts.pool.give(attempt);
  }

  /** The attempt takes long. */
  wake(_op: number, attempt: number): void {
    this.ticket.at[attempt] = NONE;
    this.sendFurther(attempt);
  }

  firstToken(copy: number): void {
    const attempt = this.original.at[copy]!;
    if (attempt === NONE) return;
    this.listener.firstToken(attempt);
  }

  ended(copy: number, how: number): void {
    const attempt = this.original.at[copy]!;
    if (attempt === copy) return this.listener.ended(copy, how);
    if (attempt === NONE) return;
    this.unlink(attempt, copy);
    copyResult(this.simulation.attempts, copy, attempt);
    if (isAnswer(how)) return this.win(attempt, how);
    // A refusal of what can never fit is final; so is a failure with nobody left and no further copy.
    if (how === AttemptEnd.Refused) return this.win(attempt, how);
    if (this.sendFurther(attempt)) return;
    if (this.copies.at[attempt] === NONE) this.win(attempt, how);
  }

  wasted(copy: number, tokens: number): void {
    this.listener.wasted(copy, tokens);
  }

  /** The attempt is over: its other copies are hung up, and it is reported. */
  private win(attempt: number, how: number): void {
    const { attempts, kernel } = this.simulation;
    this.stopTimer(attempt);
    this.dropCopies(attempt);
    if (isAnswer(how)) {
      this.learned[attempts.classIndex.at[attempt]!]?.record(kernel.now - this.startMs.at[attempt]!);
    }
    this.hooks.over(attempt, isAnswer(how), this.started.at[attempt]! - 1);
    this.listener.ended(attempt, how);
    attempts.pool.give(attempt);
  }

  /** Sends one more copy if the number and the budget allow it. */
  private sendFurther(attempt: number): boolean {
    const classIndex = this.simulation.attempts.classIndex.at[attempt]!;
    const spec = this.specs[classIndex]!;
    if (this.started.at[attempt]! >= spec.attempts || !this.hooks.allows(attempt)) return false;
    this.stopTimer(attempt);
    this.hooks.sent(attempt);
    this.send(attempt, spec);
    return true;
  }

  private send(attempt: number, spec: HedgeSpec): void {
    const { attempts, kernel } = this.simulation;
    const copy = twinOf(attempts, attempt);
    attempts.copy.at[copy] = this.started.at[attempt]!;
    this.original.at[copy] = attempt;
    this.copies.at[copy] = this.copies.at[attempt]!;
    this.copies.at[attempt] = copy;
    this.started.at[attempt]!++;
    if (this.started.at[attempt]! < spec.attempts) {
      this.ticket.at[attempt] = kernel.post(kernel.now + this.delayMs(attempt, spec), this.actor, 0, attempt, Phase.Timeout);
    }
    this.next.submit(copy);
  }

  private delayMs(attempt: number, { after }: HedgeSpec): number {
    return "delayMs" in after ? after.delayMs : this.learned[this.simulation.attempts.classIndex.at[attempt]!]!.delayMs;
  }

  private stopTimer(attempt: number): void {
    if (this.ticket.at[attempt] !== NONE) this.simulation.kernel.revoke(this.ticket.at[attempt]!);
    this.ticket.at[attempt] = NONE;
  }

  private unlink(attempt: number, copy: number): void {
    const { at } = this.copies;
    let holder = attempt;
    while (at[holder] !== copy) holder = at[holder]!;
    at[holder] = at[copy]!;
    this.original.at[copy] = NONE;
  }

  private dropCopies(attempt: number): void {
    let copy = this.copies.at[attempt]!;
    this.copies.at[attempt] = NONE;
    while (copy !== NONE) {
      const following = this.copies.at[copy]!;
      this.original.at[copy] = NONE;
      this.next.hangUp(copy);
      copy = following;
    }
  }
}

/** A quantile of the times of won attempts, looked up anew every so often. */
class LearnedDelay {
  delayMs: number;
  private readonly quantile: number;
  private readonly times = new Histogram();
  private left = RELEARN_EVERY;

  constructor(spec: { readonly quantile: number; readonly initialMs: number }) {
    this.quantile = spec.quantile;
    this.delayMs = spec.initialMs;
  }

  record(ms: number): void {
    this.times.record(ms);
    if (--this.left > 0) return;
    this.left = RELEARN_EVERY;
    this.delayMs = this.times.quantile(this.quantile) ?? this.delayMs;
  }
}
