import type { Histogram } from "../../kernel/Histogram.ts";
import type { Actor, Kernel } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { Attempts } from "../Attempts.ts";
import { AttemptState } from "../Attempts.ts";
import type { Engine, EngineListener } from "../engine/Engine.ts";
import { EngineWrapper } from "../engine/EngineWrapper.ts";
import { SlotList } from "../engine/SlotList.ts";
import type { RequestOverhead } from "./RequestOverhead.ts";
import { overheadMs } from "./RequestOverhead.ts";

export interface DelayedReplicaOptions {
  readonly overhead: RequestOverhead;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  /** Tickets of the arrivals to come, shared by all replicas. */
  readonly tickets: Column<Float64Array>;
  /** Attempts that may wait, here and in the engine. */
  readonly maxWaiting: number;
  /** The engine's own. */
  readonly listener: EngineListener;
  readonly engine: Engine;
}

const NONE = -1;

/**
 * An engine that prompts reach late, each by its overhead. Meanwhile they count as waiting, though not in the engine's meter, and need nothing:
 * an attempt whose user hangs up leaves at once, and a dying replica takes all of them with it.
 */
export class DelayedReplica extends EngineWrapper implements Engine, Actor {
  declare protected readonly inner: Engine;
  declare private readonly options: DelayedReplicaOptions;
  declare private readonly delayed: SlotList;
  declare private readonly actor: number;

  constructor(options: DelayedReplicaOptions) {
    super();
    this.inner = options.engine;
    this.options = options;
    this.delayed = new SlotList(options.attempts);
    this.actor = options.kernel.join(this);
  }

  get up(): boolean {
    return this.inner.up;
  }

  get waitingCount(): number {
    return this.inner.waitingCount + this.delayed.length;
  }

  get runningCount(): number {
    return this.inner.runningCount;
  }

  submit(attempt: number): boolean {
    const { attempts, kernel, overhead, tickets, maxWaiting } = this.options;
    const prompt = attempts.promptTokens.at[attempt]!;
    if (!this.inner.up || prompt >= this.inner.maxTokens || this.waitingCount >= maxWaiting) return false;
    attempts.state.at[attempt] = AttemptState.Gateway;
    attempts.total.at[attempt] = prompt;
    attempts.cachedTokens.at[attempt] = 0;
    attempts.admittedMs.at[attempt] = NaN;
    attempts.firstTokenMs.at[attempt] = NaN;
    this.delayed.pushBack(attempt);
    tickets.at[attempt] = kernel.post(kernel.now + overheadMs(overhead, prompt), this.actor, 0, attempt, Phase.Arrival);
    return true;
  }

  cancel(attempt: number): void {
    if (!this.isDelayed(attempt)) return this.inner.cancel(attempt);
    this.leave(attempt);
    this.options.listener.released(attempt, 0);
  }

  fail(): void {
    this.inner.fail();
    while (this.delayed.length > 0) {
      const attempt = this.delayed.first;
      this.leave(attempt);
      this.options.listener.failed(attempt, 0);
    }
  }

  recover(): void {
    this.inner.recover();
  }

  syncMeter(): void {
    this.inner.syncMeter();
  }

  startMeasuring(itlMs: ReadonlyArray<Histogram>): void {
    this.inner.startMeasuring(itlMs);
  }

  generated(attempt: number): number {
    return this.isDelayed(attempt) ? 0 : this.inner.generated(attempt);
  }

  /** The prompt has reached the engine. */
  wake(_op: number, attempt: number): void {
    this.options.tickets.at[attempt] = NONE;
    this.delayed.remove(attempt);
    this.options.attempts.takenMs.at[attempt] = this.options.kernel.now;
    if (!this.inner.submit(attempt)) this.options.listener.failed(attempt, 0);
  }

  private isDelayed(attempt: number): boolean {
    return this.options.tickets.at[attempt] !== NONE;
  }

  private leave(attempt: number): void {
    const { kernel, tickets } = this.options;
    kernel.revoke(tickets.at[attempt]!);
    tickets.at[attempt] = NONE;
    this.delayed.remove(attempt);
  }
}
