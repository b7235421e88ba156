import type { Histogram } from "../../kernel/Histogram.ts";
import type { Actor, Kernel } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import { TimeAverage } from "../../kernel/TimeAverage.ts";
import type { Engine, EngineListener } from "../engine/Engine.ts";
import { EngineWrapper } from "../engine/EngineWrapper.ts";
import type { StartupSpec } from "./StartupSpec.ts";

/** down: struck by a fault; its machine is still paid for. */
export type LifeState = "off" | "pulling" | "loading" | "warming" | "ready" | "draining" | "down";

export interface LivingReplicaOptions {
  readonly startup: StartupSpec;
  readonly kernel: Kernel;
  /** Ready at time 0; else off. */
  readonly ready: boolean;
  readonly listener: EngineListener;
  readonly build: (listener: EngineListener) => Engine;
  /** It takes attempts from now on, or no longer. */
  readonly changed: () => void;
  /** Its state has changed. */
  readonly entered: (before: LifeState, after: LifeState) => void;
}

const NO_TICKET = -1;
const OP_NEXT = 0;
const OP_DRAIN_LIMIT = 1;
const STARTING = ["pulling", "loading", "warming"] as const;
const LOADING = 1;

/**
 * A replica that can be off. On its way to ready it pulls its image, loads the weights and warms up; it comes back from off and from faults
 * with empty caches. Draining, it takes nothing new, finishes what it has, and is off.
 */
export class LivingReplica extends EngineWrapper implements Engine, EngineListener, Actor {
  declare state: LifeState;
  declare protected readonly inner: Engine;
  declare private readonly kernel: Kernel;
  declare private readonly startup: StartupSpec;
  declare private readonly listener: EngineListener;
  declare private readonly changed: () => void;
  declare private readonly entered: (before: LifeState, after: LifeState) => void;
  declare private readonly actor: number;
  declare private readonly durations: ReadonlyArray<number>;
  private ticket = NO_TICKET;
  private readonly held = new TimeAverage();
  private paidBeforeMs = 0;
  private paidSinceMs = 0;

  constructor(options: LivingReplicaOptions) {
    super();
    const { startup } = options;
    this.kernel = options.kernel;
    this.startup = startup;
    this.listener = options.listener;
    this.changed = options.changed;
    this.entered = options.entered;
    this.durations = [startup.pullMs, startup.loadMs, startup.warmMs];
    this.actor = options.kernel.join(this);
    this.inner = options.build(this);
    this.state = options.ready ? "ready" : "off";
    if (!options.ready) this.inner.fail();
  }

  get up(): boolean {
    return this.state === "ready" && this.inner.up;
  }

  get waitingCount(): number {
    return this.inner.waitingCount;
  }

  get runningCount(): number {
    return this.inner.runningCount;
  }

  /** Time since the start of the measurement in which the machine was rented: from the start of the pull until it is off. */
  get paidMs(): number {
    return this.paidBeforeMs + (this.state === "off" ? 0 : this.kernel.now - this.paidSinceMs);
  }

  /** Attempts that it held, integrated over time in ms since the beginning. */
  get heldTime(): number {
    return this.held.area(this.kernel.now);
  }

  /** Begins to start if it is off. */
  start(): void {
    if (this.state !== "off") return;
    this.paidSinceMs = this.kernel.now;
    this.startFrom(0);
  }

  /** Takes nothing new; off when it has finished what it holds, or at the time limit, when the rest fails. A replica that is not ready is off at once. */
  drain(timeoutMs = this.startup.drainTimeoutMs): void {
    if (this.state === "off" || this.state === "draining") return;
    if (this.state !== "ready") return this.stop();
    this.enter("draining");
    if (this.held.level === 0) return this.stop();
    this.ticket = this.kernel.post(this.kernel.now + timeoutMs, this.actor, OP_DRAIN_LIMIT, 0, Phase.Control);
    this.changed();
  }

  /** Off at once: what it holds fails. */
  stop(): void {
    if (this.state === "off") return;
    this.paidBeforeMs = this.paidMs;
    this.enter("off");
    this.forgetTicket();
    this.inner.fail();
    this.changed();
  }

  submit(attempt: number): boolean {
    if (!this.up || !this.inner.submit(attempt)) return false;
    this.hold(1);
    return true;
  }

  cancel(attempt: number): void {
    this.inner.cancel(attempt);
  }

  fail(): void {
    if (this.state === "draining") return this.stop();
    if (this.state === "off") return;
    this.enter("down");
    this.forgetTicket();
    this.inner.fail();
  }

  /** The image is on the machine already: the replica loads and warms up. */
  recover(): void {
    if (this.state === "down") this.startFrom(LOADING);
  }

  syncMeter(): void {
    this.inner.syncMeter();
  }

  startMeasuring(itlMs: ReadonlyArray<Histogram>): void {
    this.inner.startMeasuring(itlMs);
    this.paidBeforeMs = 0;
    this.paidSinceMs = this.kernel.now;
  }

  generated(attempt: number): number {
    return this.inner.generated(attempt);
  }

  wake(op: number, stage: number): void {
    this.ticket = NO_TICKET;
    if (op === OP_DRAIN_LIMIT) this.stop();
    else this.startFrom(stage + 1);
  }

  firstToken(attempt: number): void {
    this.listener.firstToken(attempt);
  }

  finished(attempt: number): void {
    this.hold(-1);
    this.listener.finished(attempt);
    this.offWhenDrained();
  }

  released(attempt: number, generatedTokens: number): void {
    this.hold(-1);
    this.listener.released(attempt, generatedTokens);
    this.offWhenDrained();
  }

  failed(attempt: number, generatedTokens: number): void {
    this.hold(-1);
    this.listener.failed(attempt, generatedTokens);
  }

  /** Looks again when the engine has done with this instant. */
  private offWhenDrained(): void {
    if (this.state !== "draining" || this.held.level > 0) return;
    this.forgetTicket();
    this.ticket = this.kernel.post(this.kernel.now, this.actor, OP_DRAIN_LIMIT, 0, Phase.Control);
  }

  private startFrom(first: number): void {
    for (let stage = first; stage < STARTING.length; stage++) {
      this.enter(STARTING[stage]!);
      if (this.durations[stage]! <= 0) continue;
      this.ticket = this.kernel.post(this.kernel.now + this.durations[stage]!, this.actor, OP_NEXT, stage, Phase.Fault);
      return;
    }
    this.enter("ready");
    this.inner.recover();
    this.changed();
  }

  private enter(state: LifeState): void {
    const before = this.state;
    this.state = state;
    this.entered(before, state);
  }

  private hold(change: number): void {
    this.held.set(this.kernel.now, this.held.level + change);
  }

  private forgetTicket(): void {
    if (this.ticket !== NO_TICKET) this.kernel.revoke(this.ticket);
    this.ticket = NO_TICKET;
  }
}
