import type { Actor } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import { Histogram } from "../../kernel/Histogram.ts";
import { HedgePlan, HedgeStep } from "../../policy/retry/HedgePlan.ts";
import type { RetryBudget } from "../../policy/retry/RetryBudget.ts";
import type { HedgeSpec } from "../../workload/TrafficSpec.ts";
import type { GatewayListener } from "../Gateway.ts";
import { AttemptEnd, isAnswer } from "../Gateway.ts";
import type { Simulation } from "../Simulation.ts";
import type { Door } from "./Door.ts";
import { copyResult, twinOf } from "./Twins.ts";
import { ObjectColumn } from "../../kernel/SlotPool.ts";

/** What the stage asks and tells of its surroundings. */
export interface HedgeHooks {
  /** May one more copy of the attempt be sent? A yes is paid for. */
  allows(attempt: number): boolean;
  /** One more copy is sent. */
  sent(attempt: number): void;
  /** A copy that was paid for is over. */
  copyEnded(attempt: number, succeeded: boolean): void;
}

const NONE = -1;
/** Number of the copy that nothing is paid for. */
const FIRST = 0;
/** Attempt times between two looks at the quantile. */
const RELEARN_EVERY = 50;

/**
 * Hedged requests (Dean and Barroso, The Tail at Scale, CACM 2013): copies of an attempt that takes long, as `HedgePlan` decides. The first
 * success wins and the others are hung up.
 */
export class HedgeStage implements Door, GatewayListener, Actor {
  declare private readonly specs: ReadonlyArray<HedgeSpec | undefined>;
  declare private readonly simulation: typeof Simulation.Service;
  declare private readonly hooks: HedgeHooks;
  declare private readonly next: Door;
  declare private readonly actor: number;
  declare private readonly learned: ReadonlyArray<LearnedDelay | undefined>;
  /** Of a copy: whom it stands for, -1 when detached. */
  declare private readonly original: Column<Int32Array>;
  /** Of an attempt: its first live copy; of a copy: the next one. */
  declare private readonly copies: Column<Int32Array>;
  private readonly plans = new ObjectColumn<HedgePlan>();
  declare private readonly ticket: Column<Float64Array>;
  declare private readonly startMs: Column<Float64Array>;
  declare private listener: GatewayListener;

  constructor(specs: ReadonlyArray<HedgeSpec | undefined>, simulation: typeof Simulation.Service, hooks: HedgeHooks, next: Door) {
    this.specs = specs;
    this.simulation = simulation;
    this.hooks = hooks;
    this.next = next;
    const { kernel, attempts } = simulation;
    this.actor = kernel.join(this);
    this.learned = specs.map((spec) => (spec !== undefined && "quantile" in spec.after ? new LearnedDelay(spec.after) : undefined));
    this.original = attempts.int32();
    this.copies = attempts.int32();
    this.ticket = attempts.float64();
    this.startMs = attempts.float64();
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
    this.ticket.at[attempt] = NONE;
    this.startMs.at[attempt] = kernel.now;
    const plan = new HedgePlan({ delayMs: this.delayMs(attempt, spec), maxAttempts: spec.attempts }, new CopyBudget(this.hooks, attempt));
    this.plans.set(attempt, plan);
    plan.begin(kernel.now);
    this.send(attempt, plan, FIRST);
  }

  hangUp(attempt: number): void {
    if (this.original.at[attempt] === attempt) return this.next.hangUp(attempt);
    this.plans.get(attempt)!.cancel(this.simulation.kernel.now);
    this.close(attempt);
    this.simulation.attempts.give(attempt);
  }

  /** The attempt takes long. */
  wake(_op: number, attempt: number): void {
    this.ticket.at[attempt] = NONE;
    const plan = this.plans.get(attempt)!;
    if (plan.hedge(this.simulation.kernel.now)) this.sendFurther(attempt, plan);
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
    const { attempts, kernel } = this.simulation;
    copyResult(attempts, copy, attempt);
    const plan = this.plans.get(attempt)!;
    // A refusal of what can never fit is final.
    const step = plan.ended(isAnswer(how), how === AttemptEnd.Refused, attempts.copy.at[copy] !== FIRST, kernel.now);
    if (step === HedgeStep.StartNow) this.sendFurther(attempt, plan);
    else if (step !== HedgeStep.Wait) this.win(attempt, how);
  }

  wasted(copy: number, tokens: number): void {
    this.listener.wasted(copy, tokens);
  }

  /** The attempt is over: its other copies are hung up, and it is reported. */
  private win(attempt: number, how: number): void {
    const { attempts, kernel } = this.simulation;
    this.close(attempt);
    if (isAnswer(how)) {
      this.learned[attempts.classIndex.at[attempt]!]?.record(kernel.now - this.startMs.at[attempt]!);
    }
    this.listener.ended(attempt, how);
    attempts.give(attempt);
  }

  private close(attempt: number): void {
    this.plans.set(attempt, undefined);
    this.stopTimer(attempt);
    this.dropCopies(attempt);
  }

  private sendFurther(attempt: number, plan: HedgePlan): void {
    this.stopTimer(attempt);
    this.hooks.sent(attempt);
    this.send(attempt, plan, plan.started - 1);
  }

  /** Sends a copy and waits for the time of the next one. */
  private send(attempt: number, plan: HedgePlan, number: number): void {
    const { attempts, kernel } = this.simulation;
    const copy = twinOf(attempts, attempt);
    attempts.copy.at[copy] = number;
    this.original.at[copy] = attempt;
    this.copies.at[copy] = this.copies.at[attempt]!;
    this.copies.at[attempt] = copy;
    if (plan.nextMs < Infinity) this.ticket.at[attempt] = kernel.post(plan.nextMs, this.actor, 0, attempt, Phase.Timeout);
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
  declare delayMs: number;
  declare private readonly quantile: number;
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

/** What further copies of one attempt are paid from; of the request itself its client tells. */
class CopyBudget implements RetryBudget {
  readonly name = "copies";
  declare private readonly hooks: HedgeHooks;
  declare private readonly attempt: number;

  constructor(hooks: HedgeHooks, attempt: number) {
    this.hooks = hooks;
    this.attempt = attempt;
  }

  requested(): void {}

  take(): boolean {
    return this.hooks.allows(this.attempt);
  }

  ended(succeeded: boolean, retried: boolean): void {
    if (retried) this.hooks.copyEnded(this.attempt, succeeded);
  }

  finished(): void {}
}
