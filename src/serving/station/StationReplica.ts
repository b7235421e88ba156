import type { Histogram } from "../../kernel/Histogram.ts";
import type { Actor, Kernel } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Sampler } from "../../kernel/Sampler.ts";
import type { Column } from "../../kernel/SlotPool.ts";
import type { Draws, Streams } from "../../kernel/Streams.ts";
import type { FixedWindowState } from "../../policy/limiter/FixedWindow.ts";
import { FixedWindow } from "../../policy/limiter/FixedWindow.ts";
import { samplerOf } from "../../workload/SamplerOf.ts";
import type { Attempts } from "../Attempts.ts";
import { AttemptState } from "../Attempts.ts";
import type { Blocks } from "../engine/Blocks.ts";
import { CountedBlocks } from "../engine/CountedBlocks.ts";
import type { Engine, EngineListener } from "../engine/Engine.ts";
import { ReplicaMeter } from "../engine/ReplicaMeter.ts";
import { SlotList } from "../engine/SlotList.ts";
import type { Requests } from "../Requests.ts";
import type { StationSpec } from "./StationSpec.ts";

const NONE = -1;
/** Draws of one turn's tries: more tries than this share their luck with the next turn. */
const TRIES_SPAN = 1024;

/** Randomness and columns that the replicas of one station pool share. Draws belong to the request and its try, not to the replica. */
export class StationTable {
  declare readonly service: Sampler;
  declare readonly serviceDraws: Draws;
  declare readonly failureDraws: Draws;
  /** Service time of an attempt, in ms, and whether it will fail. */
  declare readonly serviceMs: Column<Float64Array>;
  declare readonly fails: Column<Int32Array>;
  /** Ticket of the pending end of service. */
  declare readonly ticket: Column<Float64Array>;
  declare private readonly requests: Requests;
  private readonly quota: FixedWindow | undefined;
  private readonly window: FixedWindowState | undefined;

  constructor(spec: StationSpec, parts: { pool: string; streams: Streams; attempts: Attempts; requests: Requests }) {
    this.service = samplerOf(spec.service);
    this.serviceDraws = parts.streams.open(`fleet/${parts.pool}`, "service");
    this.failureDraws = parts.streams.open(`fleet/${parts.pool}`, "failure");
    this.serviceMs = parts.attempts.float64();
    this.fails = parts.attempts.int32();
    this.ticket = parts.attempts.float64();
    this.requests = parts.requests;
    this.quota = spec.quota && new FixedWindow({ ...spec.quota, anchored: false });
    this.window = this.quota?.open(0);
  }

  /** Whether the quota has room for one more attempt, which is counted then. */
  takes(nowMs: number): boolean {
    return this.quota === undefined || this.quota.take(this.window!, 1, nowMs) === 0;
  }

  /** Draws what the attempt will need. */
  draw(attempt: number, attempts: Attempts, failureRatio: number): void {
    const { requests } = this;
    const request = attempts.request.at[attempt]!;
    const key = (requests.number.at[request]! * TRIES_SPAN + requests.tries.at[request]!) | 0;
    const id = (key + Math.imul(requests.turn.at[request]!, 0x9e3779b1) + Math.imul(attempts.copy.at[attempt]!, 0xc2b2ae35)) | 0;
    this.serviceMs.at[attempt] = Math.max(0, this.service.sample(this.serviceDraws.at(id)));
    this.fails.at[attempt] = failureRatio > 0 && this.failureDraws.unit(id, 0) < failureRatio ? 1 : 0;
  }
}

export interface StationReplicaOptions {
  readonly station: StationSpec;
  readonly table: StationTable;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  readonly listener: EngineListener;
}

/**
 * A replica without a GPU: `servers` attempts are served at once in order of arrival, each for its drawn service time; the answer comes
 * whole, at the end. An attempt whose user hangs up leaves at once.
 */
export class StationReplica implements Engine, Actor {
  readonly meter = new ReplicaMeter();
  /** One block per server: there is no KV memory. */
  declare readonly blocks: Blocks;
  readonly maxTokens = Infinity;
  up = true;
  declare private readonly station: StationSpec;
  declare private readonly table: StationTable;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  declare private readonly listener: EngineListener;
  declare private readonly actor: number;
  declare private readonly waiting: SlotList;
  declare private readonly serving: SlotList;
  declare private readonly servers: number;
  private factor = 1;
  private meteredMs = 0;

  constructor(options: StationReplicaOptions) {
    this.station = options.station;
    this.table = options.table;
    this.kernel = options.kernel;
    this.attempts = options.attempts;
    this.listener = options.listener;
    this.actor = options.kernel.join(this);
    this.waiting = new SlotList(options.attempts);
    this.serving = new SlotList(options.attempts);
    this.servers = options.station.servers;
    this.blocks = new CountedBlocks(Number.isFinite(this.servers) ? this.servers : 1, 1);
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  get runningCount(): number {
    return this.serving.length;
  }

  /** Attempts in service stand in for KV tokens. */
  get kvTokensNow(): number {
    return Math.min(this.serving.length, this.blocks.total);
  }

  submit(attempt: number): boolean {
    const full = this.serving.length >= this.servers;
    if (!this.up || (full && this.waiting.length >= this.station.maxWaiting) || !this.table.takes(this.kernel.now)) return false;
    const { attempts } = this;
    attempts.total.at[attempt] = attempts.promptTokens.at[attempt]!;
    attempts.cachedTokens.at[attempt] = 0;
    attempts.admittedMs.at[attempt] = NaN;
    attempts.firstTokenMs.at[attempt] = NaN;
    this.table.draw(attempt, attempts, this.station.failureRatio);
    this.syncMeter();
    attempts.state.at[attempt] = AttemptState.Waiting;
    this.waiting.pushBack(attempt);
    this.serveNext();
    if (this.waiting.length > this.meter.maxWaiting) this.meter.maxWaiting = this.waiting.length;
    return true;
  }

  cancel(attempt: number): void {
    const state = this.attempts.state.at[attempt]!;
    if (state === AttemptState.Gateway) return;
    this.leave(attempt);
    this.listener.released(attempt, 0);
    this.serveNext();
  }

  fail(): void {
    if (!this.up) return;
    this.up = false;
    const held = [...slots(this.serving), ...slots(this.waiting)];
    for (const attempt of held) this.leave(attempt);
    for (const attempt of held) this.listener.failed(attempt, 0);
  }

  recover(): void {
    this.up = true;
  }

  /** Holds for whatever starts from now on. */
  slowDown(factor: number): void {
    this.factor = factor;
  }

  syncMeter(): void {
    const elapsedMs = this.kernel.now - this.meteredMs;
    this.meteredMs = this.kernel.now;
    const { meter } = this;
    const running = this.serving.length;
    const busyMs = elapsedMs * (Number.isFinite(this.servers) ? running / this.servers : Math.min(1, running));
    meter.busyMs += busyMs;
    meter.batchTime += busyMs * running;
    meter.kvTokenTime += elapsedMs * this.kvTokensNow;
    meter.waitingTime += elapsedMs * this.waiting.length;
  }

  startMeasuring(itlMs: ReadonlyArray<Histogram>): void {
    this.syncMeter();
    this.meter.reset();
    this.meter.itlMs = itlMs;
    this.meter.maxWaiting = this.waiting.length;
    this.meter.maxBatch = this.serving.length;
  }

  generated(): number {
    return 0;
  }

  /** The service of an attempt is over. */
  wake(_op: number, attempt: number): void {
    this.syncMeter();
    const { attempts, listener } = this;
    this.serving.remove(attempt);
    attempts.state.at[attempt] = AttemptState.Gateway;
    this.meter.steps++;
    if (this.table.fails.at[attempt] === 1) listener.failed(attempt, 0);
    else {
      const outputTokens = attempts.outputTokens.at[attempt]!;
      attempts.firstTokenMs.at[attempt] = this.kernel.now;
      attempts.total.at[attempt] = attempts.promptTokens.at[attempt]! + outputTokens;
      this.meter.decodeTokens += outputTokens;
      listener.firstToken(attempt);
      listener.finished(attempt);
    }
    this.serveNext();
  }

  private serveNext(): void {
    const { attempts, table, kernel } = this;
    while (this.up && this.waiting.length > 0 && this.serving.length < this.servers) {
      const attempt = this.waiting.first;
      this.waiting.remove(attempt);
      const serviceMs = (table.serviceMs.at[attempt]! + this.station.perInFlightMs * this.serving.length) * this.factor;
      this.serving.pushBack(attempt);
      attempts.state.at[attempt] = AttemptState.Decoding;
      attempts.admittedMs.at[attempt] = kernel.now;
      table.ticket.at[attempt] = kernel.post(kernel.now + serviceMs, this.actor, 0, attempt, Phase.Boundary);
      if (this.serving.length > this.meter.maxBatch) this.meter.maxBatch = this.serving.length;
    }
  }

  private leave(attempt: number): void {
    this.syncMeter();
    if (this.attempts.state.at[attempt] === AttemptState.Waiting) this.waiting.remove(attempt);
    else {
      this.kernel.revoke(this.table.ticket.at[attempt]!);
      this.serving.remove(attempt);
    }
    this.attempts.state.at[attempt] = AttemptState.Gateway;
  }
}

const slots = (list: SlotList): Array<number> => {
  const found: Array<number> = [];
  for (let slot = list.first; slot !== NONE; slot = list.after(slot)) found.push(slot);
  return found;
};
