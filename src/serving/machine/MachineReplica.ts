import type { Histogram } from "../../kernel/Histogram.ts";
import type { Actor, Kernel } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { Attempts } from "../Attempts.ts";
import { AttemptState } from "../Attempts.ts";
import type { Engine, EngineListener } from "../engine/Engine.ts";
import { EngineWrapper } from "../engine/EngineWrapper.ts";
import { Machine } from "./Machine.ts";
import type { MachineSpec } from "./MachineSpec.ts";

/** What the machines of a fleet remember of each attempt. */
export class MachineTable {
  declare readonly stage: Column<Int32Array>;
  declare readonly ticket: Column<Float64Array>;
  declare readonly firstTicket: Column<Float64Array>;

  constructor(attempts: Attempts) {
    this.stage = attempts.int32();
    this.ticket = attempts.float64();
    this.firstTicket = attempts.float64();
  }
}

export interface MachineReplicaOptions {
  readonly spec: MachineSpec;
  readonly table: MachineTable;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  /** Attempts that may wait, in the machine and in the engine. */
  readonly maxWaiting: number;
  readonly listener: EngineListener;
  readonly build: (listener: EngineListener) => Engine;
}

const NONE = -1;
const OP_ENTER = 0;
const OP_FIRST = 1;
const OP_LEAVE = 2;
const OP_REFUSED = 3;
/** Where an attempt is: on its way through the port, the disk and the front end, in the engine, or on its way out. */
const Stage = { Gone: 0, Port: 1, Disk: 2, Frontend: 3, Inside: 4, Leaving: 5, Refused: 6 } as const;

/**
 * An engine behind its API server, network port and disk. Prompts wait for the port, for their temporary file and for tokenization before
 * they reach the engine. Streamed tokens queue for detokenization and the port: when they come faster than these can take them, first
 * tokens and ends reach the user later by the backlog, while the engine goes on. The end also waits for its log line.
 *
 * Tokens count as streamed evenly between two events of the replica: what a step brings at once is spread over the step.
 */
export class MachineReplica extends EngineWrapper implements Engine, EngineListener, Actor {
  declare readonly machine: Machine;
  declare protected readonly inner: Engine;
  declare private readonly table: MachineTable;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  declare private readonly listener: EngineListener;
  declare private readonly maxWaiting: number;
  declare private readonly actor: number;
  /** Attempts that are here, but not in the engine. */
  private readonly outside = new Set<number>();
  private entering = 0;
  private streamedTokens = 0;

  constructor(options: MachineReplicaOptions) {
    super();
    this.machine = new Machine(options.spec);
    this.table = options.table;
    this.kernel = options.kernel;
    this.attempts = options.attempts;
    this.listener = options.listener;
    this.maxWaiting = options.maxWaiting;
    this.actor = options.kernel.join(this);
    this.inner = options.build(this);
  }

  get up(): boolean {
    return this.inner.up;
  }

  get waitingCount(): number {
    return this.inner.waitingCount + this.entering;
  }

  get runningCount(): number {
    return this.inner.runningCount + this.outside.size - this.entering;
  }

  submit(attempt: number): boolean {
    const { attempts, kernel, table } = this;
    const prompt = attempts.promptTokens.at[attempt]!;
    if (!this.inner.up || prompt >= this.inner.maxTokens || this.waitingCount >= this.maxWaiting) return false;
    attempts.state.at[attempt] = AttemptState.Gateway;
    attempts.total.at[attempt] = prompt;
    attempts.cachedTokens.at[attempt] = 0;
    attempts.admittedMs.at[attempt] = NaN;
    attempts.firstTokenMs.at[attempt] = NaN;
    table.firstTicket.at[attempt] = NONE;
    table.ticket.at[attempt] = NONE;
    this.outside.add(attempt);
    this.entering++;
    if (!this.machine.reserve()) {
      table.stage.at[attempt] = Stage.Refused;
      table.ticket.at[attempt] = kernel.post(kernel.now, this.actor, OP_REFUSED, attempt, Phase.Boundary);
      return true;
    }
    this.sync();
    table.stage.at[attempt] = Stage.Port;
    if (this.comeIn(attempt)) return true;
    this.drop(attempt);
    return false;
  }

  cancel(attempt: number): void {
    const { table, attempts } = this;
    const stage = table.stage.at[attempt]!;
    if (stage === Stage.Gone) return;
    if (stage === Stage.Inside) {
      this.forgetFirst(attempt);
      this.inner.cancel(attempt);
      return;
    }
    const generated = stage === Stage.Leaving ? attempts.total.at[attempt]! - attempts.promptTokens.at[attempt]! : 0;
    this.drop(attempt);
    this.listener.released(attempt, generated);
  }

  fail(): void {
    this.sync();
    this.inner.fail();
    this.machine.clear();
    for (const attempt of this.outside) {
      const leaving = this.table.stage.at[attempt] === Stage.Leaving;
      this.drop(attempt);
      this.listener.failed(attempt, leaving ? this.attempts.total.at[attempt]! - this.attempts.promptTokens.at[attempt]! : 0);
    }
  }

  recover(): void {
    this.sync();
    this.inner.recover();
  }

  syncMeter(): void {
    this.sync();
  }

  startMeasuring(itlMs: ReadonlyArray<Histogram>): void {
    this.sync();
    this.inner.startMeasuring(itlMs);
    this.streamedTokens = this.inner.meter.decodeTokens;
    this.machine.startMeasuring();
  }

  generated(attempt: number): number {
    const stage = this.table.stage.at[attempt];
    if (stage === Stage.Inside) return this.inner.generated(attempt);
    return stage === Stage.Leaving ? this.attempts.total.at[attempt]! - this.attempts.promptTokens.at[attempt]! : 0;
  }

  wake(op: number, attempt: number): void {
    if (op === OP_FIRST) {
      this.table.firstTicket.at[attempt] = NONE;
      this.listener.firstToken(attempt);
      return;
    }
    this.table.ticket.at[attempt] = NONE;
    if (op === OP_LEAVE) return this.leave(attempt);
    this.sync();
    if (op === OP_ENTER) {
      this.table.stage.at[attempt]!++;
      if (this.comeIn(attempt)) return;
    }
    // Nothing was written of a refused attempt, and nothing was held for it.
    if (op === OP_REFUSED) this.table.stage.at[attempt] = Stage.Gone;
    this.drop(attempt);
    this.listener.failed(attempt, 0);
  }

  firstToken(attempt: number): void {
    this.sync();
    const delayMs = this.machine.streamDelayMs;
    if (delayMs <= 0) return this.listener.firstToken(attempt);
    const { kernel } = this;
    const atMs = kernel.grid.round(kernel.now + delayMs);
    this.attempts.firstTokenMs.at[attempt] = atMs;
    this.table.firstTicket.at[attempt] = kernel.post(atMs, this.actor, OP_FIRST, attempt, Phase.Boundary);
  }

  finished(attempt: number): void {
    this.sync();
    const { machine, kernel } = this;
    const logMs = machine.disk?.job(machine.spec.disk!.logBytes) ?? 0;
    const delayMs = Math.max(machine.streamDelayMs, logMs);
    this.outside.add(attempt);
    this.table.stage.at[attempt] = Stage.Leaving;
    if (delayMs <= 0) return this.leave(attempt);
    this.table.ticket.at[attempt] = kernel.post(kernel.now + delayMs, this.actor, OP_LEAVE, attempt, Phase.Boundary);
  }

  released(attempt: number, generatedTokens: number): void {
    this.sync();
    this.drop(attempt);
    this.listener.released(attempt, generatedTokens);
  }

  failed(attempt: number, generatedTokens: number): void {
    this.drop(attempt);
    this.listener.failed(attempt, generatedTokens);
  }

  /** The way in from its present stage on, until one takes time; false when the engine does not take the attempt. */
  private comeIn(attempt: number): boolean {
    const { table, kernel } = this;
    for (; table.stage.at[attempt]! < Stage.Inside; table.stage.at[attempt]!++) {
      const delayMs = this.wayIn(table.stage.at[attempt]!, this.attempts.promptTokens.at[attempt]!);
      if (delayMs <= 0) continue;
      table.ticket.at[attempt] = kernel.post(kernel.now + delayMs, this.actor, OP_ENTER, attempt, Phase.Arrival);
      return true;
    }
    this.outside.delete(attempt);
    this.entering--;
    if (this.inner.submit(attempt)) return true;
    this.outside.add(attempt);
    this.entering++;
    table.stage.at[attempt] = Stage.Frontend;
    return false;
  }

  private wayIn(stage: number, promptTokens: number): number {
    const { machine } = this;
    const { frontend, port, disk } = machine.spec;
    if (stage === Stage.Port) return machine.inbound?.job(promptTokens * port!.perPromptTokenBytes) ?? 0;
    if (stage === Stage.Disk) return machine.disk?.job(disk!.temporaryBytes) ?? 0;
    return machine.frontend?.job(frontend!.perRequestMs + promptTokens * frontend!.perPromptTokenMs) ?? 0;
  }

  private leave(attempt: number): void {
    const { table } = this;
    if (table.firstTicket.at[attempt] !== NONE) {
      this.forgetFirst(attempt);
      this.attempts.firstTokenMs.at[attempt] = this.kernel.now;
      this.listener.firstToken(attempt);
    }
    this.drop(attempt);
    this.listener.finished(attempt);
  }

  /** The attempt is no longer here. */
  private drop(attempt: number): void {
    const { table, kernel } = this;
    const stage = table.stage.at[attempt]!;
    if (stage !== Stage.Gone && stage !== Stage.Refused) this.machine.free();
    if (stage < Stage.Inside || stage === Stage.Refused) this.entering--;
    if (table.ticket.at[attempt] !== NONE) kernel.revoke(table.ticket.at[attempt]!);
    table.ticket.at[attempt] = NONE;
    this.forgetFirst(attempt);
    this.outside.delete(attempt);
    table.stage.at[attempt] = Stage.Gone;
  }

  private forgetFirst(attempt: number): void {
    const { firstTicket } = this.table;
    if (firstTicket.at[attempt] !== NONE) this.kernel.revoke(firstTicket.at[attempt]!);
    firstTicket.at[attempt] = NONE;
  }

  private sync(): void {
    this.inner.syncMeter();
    const { decodeTokens } = this.inner.meter;
    this.machine.advance(this.kernel.now, decodeTokens - this.streamedTokens);
    this.streamedTokens = decodeTokens;
  }
}
