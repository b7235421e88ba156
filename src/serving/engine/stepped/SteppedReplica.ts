import type { Histogram } from "../../../kernel/Histogram.ts";
import { ensure } from "../../../kernel/Invariants.ts";
import type { Actor, Kernel, Timer } from "../../../kernel/Kernel.ts";
import { Phase } from "../../../kernel/Kernel.ts";
import type { Attempts } from "../../Attempts.ts";
import { AttemptState } from "../../Attempts.ts";
import type { Requests } from "../../Requests.ts";
import type { EngineSpec } from "../../ServingSpec.ts";
import type { BlockCounts } from "../Blocks.ts";
import type { Engine, EngineListener } from "../Engine.ts";
import { IntBuffer } from "../IntBuffer.ts";
import type { ReplicaOptions } from "../Replica.ts";
import { ReplicaMeter } from "../ReplicaMeter.ts";
import type { ScheduledRank } from "./buildRanks.ts";
import { buildRanks } from "./buildRanks.ts";
import type { Flight } from "./Flights.ts";
import { Flights } from "./Flights.ts";
import { leastLoaded } from "./leastLoaded.ts";
import type { Rank } from "./Rank.ts";
import { settingsOf } from "./Settings.ts";
import { DUMMY_ROWS, StepClock } from "./StepClock.ts";
import type { SteppedColumns } from "./SteppedColumns.ts";
import { Hold, Origin, steppedColumns } from "./SteppedColumns.ts";
import { TokenGaps } from "./TokenGaps.ts";
import { WaitingMeter } from "./WaitingMeter.ts";

/** Turns of one conversation lie this far apart in the names of requests. */
const TURN_SPREAD = 0x9e3779b1 | 0;

/**
 * One model replica that is simulated step by step: one event per engine iteration, and O(batch) work in it. It does what the leaping replica
 * does, bit for bit, and whatever `SchedulingSpec` adds. Steps pass a pipeline of one or more stages; each has a batch per data-parallel
 * rank, and all ranks wait for the slowest.
 */
export class SteppedReplica implements Engine, Actor {
  readonly meter = new ReplicaMeter();
  declare readonly blocks: BlockCounts;
  /** Longest sequence that this replica can hold. */
  declare readonly maxTokens: number;
  up = true;
  declare private readonly engine: EngineSpec;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  private readonly requests: Requests | undefined;
  declare private readonly columns: SteppedColumns;
  declare private readonly listener: EngineListener;
  declare private readonly timer: Timer;
  declare private readonly clock: StepClock;
  declare private readonly flights: Flights;
  declare private readonly ranks: ReadonlyArray<ScheduledRank>;
  declare private readonly gaps: TokenGaps;
  declare private readonly waiting: WaitingMeter;
  /** Time to hand a batch on to the next stage. */
  declare private readonly transferMs: number;
  private readonly canceled = new IntBuffer();
  private arrivals = 0;
  private landedMs = 0.5;
  /** Only prefills: blocks are in use until somebody has fetched the KV, whatever steps do. */
  declare private readonly keepsKv: boolean;
  private keptSinceMs = 0.5;
  /** Inside a boundary: newcomers only join the line. */
  private scheduling = false;

  constructor(options: ReplicaOptions) {
    const { engine, kernel, attempts } = options;
    const settings = settingsOf(engine);
    this.engine = engine;
    this.kernel = kernel;
    this.attempts = attempts;
    this.requests = options.requests;
    this.columns = steppedColumns(attempts);
    this.listener = options.listener;
    this.maxTokens = settings.maxTokens;
    this.gaps = new TokenGaps(options.classes);
    this.waiting = new WaitingMeter(kernel, this.meter);
    const { columns, meter, gaps, waiting } = this;
    this.ranks = buildRanks(options, { settings, columns, meter, gaps, waitingMeter: waiting });
    this.blocks = this.ranks.length === 1 ? this.ranks[0]!.rank.memory.blocks : new JoinedBlocks(this.ranks);
    this.clock = new StepClock(engine, kernel.grid);
    this.flights = new Flights(engine.scheduling?.pipeline?.stages ?? 1, this.ranks.length);
    this.transferMs = engine.scheduling?.pipeline?.transferMs ?? 0;
    this.timer = kernel.timer(kernel.join(this), 0, 0, Phase.Boundary);
    this.landedMs = 0;
    this.keepsKv = settings.prefillOnly;
    this.keptSinceMs = 0;
  }

  get waitingCount(): number {
    return this.waiting.count;
  }

  get runningCount(): number {
    let count = 0;
    for (const { rank } of this.ranks) count += rank.running.size;
    return count;
  }

  /** KV tokens of the decoding sequences now, shared ones once; those of all blocks in use where nobody decodes. */
  get kvTokensNow(): number {
    return this.keepsKv ? this.usedTokens : this.decodingTokensNow;
  }

  private get decodingTokensNow(): number {
    let tokens = 0;
    for (const { rank } of this.ranks) {
      for (let i = 0; i < rank.running.size; i++) {
        const slot = rank.running.at[i]!;
        if (this.attempts.state.at[slot] === AttemptState.Decoding) tokens += this.attempts.computed.at[slot]!;
      }
    }
    return Math.min(tokens, this.usedTokens);
  }

  submit(attempt: number): boolean {
    if (!this.take(attempt, Origin.Nowhere)) return false;
    const { attempts } = this;
    attempts.total.at[attempt] = attempts.promptTokens.at[attempt]!;
    attempts.computed.at[attempt] = 0;
    attempts.admittedMs.at[attempt] = NaN;
    attempts.firstTokenMs.at[attempt] = NaN;
    this.join(attempt);
    return true;
  }

  submitTransferred(attempt: number): boolean {
    return this.takeComputed(attempt, Origin.Transferred);
  }

  expectTransfer(attempt: number): boolean {
    return this.takeComputed(attempt, Origin.Expected);
  }

  transferArrived(attempt: number): void {
    this.columns.readyMs.at[attempt] = this.kernel.now;
    this.planSoon();
  }

  holdsKv(attempt: number): boolean {
    return this.ranks.some(({ rank }) => rank.kept.has(attempt));
  }

  releaseKv(attempt: number): void {
    this.noteKept();
    for (const { rank } of this.ranks) {
      if (!rank.kept.delete(attempt)) continue;
      rank.memory.releasePrompt(attempt);
      rank.blockedHead = -1;
      this.planSoon();
    }
  }

  cancel(attempt: number): void {
    const state = this.attempts.state.at[attempt]!;
    // Finished at this very boundary: the report is on its way.
    if (state === AttemptState.Gateway) return;
    this.noteKept();
    const { rank } = this.ranks[this.columns.rank.at[attempt]!]!;
    const loading = this.columns.hold.at[attempt] === Hold.Loading;
    if (state !== AttemptState.Waiting && !loading) return this.cancelRunning(attempt);
    const generated = this.generated(attempt);
    if (loading && state !== AttemptState.Waiting) rank.quit(attempt);
    else rank.abandon(attempt);
    this.listener.released(attempt, generated);
    this.planSoon();
  }

  fail(): void {
    if (!this.up) return;
    this.noteKept();
    this.up = false;
    this.timer.clear();
    this.flights.clear();
    this.canceled.clear();
    const lost: Array<number> = [];
    for (const { rank } of this.ranks) lost.push(...rank.running.at.slice(0, rank.running.size));
    for (const { rank } of this.ranks) {
      while (rank.waiting.length > 0) {
        lost.push(rank.waiting.first);
        rank.dequeue(rank.waiting.first);
      }
      rank.forget();
    }
    for (const slot of lost) this.attempts.state.at[slot] = AttemptState.Gateway;
    for (const slot of lost) this.listener.failed(slot, this.generated(slot));
  }

  recover(): void {
    this.up = true;
  }

  slowDown(factor: number): void {
    this.clock.slowDown(factor);
  }

  wipeCache(): void {
    for (const { rank } of this.ranks) {
      rank.memory.wipe();
      rank.blockedHead = -1;
    }
  }

  syncMeter(): void {
    this.noteKept();
    this.waiting.sync();
  }

  startMeasuring(itlMs: ReadonlyArray<Histogram>): void {
    this.syncMeter();
    this.meter.reset();
    this.meter.itlMs = itlMs;
    this.gaps.histograms = itlMs;
    this.waiting.change(0);
  }

  generated(attempt: number): number {
    return this.attempts.total.at[attempt]! - this.attempts.promptTokens.at[attempt]!;
  }

  /** Steps that end now are applied; then the next one is planned if the first stage is free. */
  wake(): void {
    const now = this.kernel.now;
    const { flights } = this;
    this.noteKept();
    this.scheduling = true;
    while (flights.count > 0 && flights.oldest.endMs <= now) this.settle(flights.land());
    this.removeCanceled();
    const seen = this.up && flights.isOpen(now) ? this.launch() : this.arrivals;
    this.scheduling = false;
    if (this.up) this.arm(now);
    // Whoever came when the answers of a whole batch were told, after the plan, is planned for at this instant still.
    if (flights.count === 0 && seen !== this.arrivals) this.planSoon();
  }

  private get usedTokens(): number {
    return (this.blocks.total - this.blocks.free) * this.blocks.blockTokens;
  }

  /** Before blocks come or go. */
  private noteKept(): void {
    const { now } = this.kernel;
    if (this.keepsKv) this.meter.kvTokenTime += this.usedTokens * (now - this.keptSinceMs);
    this.keptSinceMs = now;
  }

  private take(attempt: number, origin: number): boolean {
    const prompt = this.attempts.promptTokens.at[attempt]!;
    if (!this.up || prompt >= this.maxTokens || this.waiting.count >= this.engine.maxWaiting) return false;
    const { columns } = this;
    columns.origin.at[attempt] = origin;
    columns.hold.at[attempt] = Hold.None;
    columns.heldBlocks.at[attempt] = 0;
    columns.stopTokens.at[attempt] = Math.min(prompt + this.attempts.outputTokens.at[attempt]!, this.maxTokens);
    columns.lastTokenMs.at[attempt] = NaN;
    columns.queued.at[attempt] = this.arrivals++;
    columns.rank.at[attempt] = leastLoaded(this.ranks, this.engine.scheduling?.dataParallel?.balance);
    return true;
  }

  /** The KV of the prompt comes from elsewhere, and so did the first token. */
  private takeComputed(attempt: number, origin: number): boolean {
    if (!this.take(attempt, origin)) return false;
    const { attempts } = this;
    const prompt = attempts.promptTokens.at[attempt]!;
    attempts.total.at[attempt] = prompt + 1;
    attempts.computed.at[attempt] = prompt;
    const firstMs = attempts.firstTokenMs.at[attempt]!;
    this.columns.lastTokenMs.at[attempt] = Number.isNaN(firstMs) ? this.kernel.now : firstMs;
    this.join(attempt);
    return true;
  }

  private join(attempt: number): void {
    this.rankOf(attempt).enqueue(attempt, this.nameOf(attempt));
    this.planSoon();
  }

  private rankOf(attempt: number): Rank {
    return this.ranks[this.columns.rank.at[attempt]!]!.rank;
  }

  private nameOf(attempt: number): number {
    const { requests } = this;
    const request = this.attempts.request.at[attempt]!;
    if (requests === undefined || request < 0) return request;
    return (requests.number.at[request]! + Math.imul(requests.turn.at[request]!, TURN_SPREAD)) | 0;
  }

  /** If a step could start now, it is planned at this instant's boundary. */
  private planSoon(): void {
    if (this.up && !this.scheduling && this.flights.isOpen(this.kernel.now)) this.timer.set(this.kernel.now);
  }

  private cancelRunning(attempt: number): void {
    this.canceled.push(attempt);
    if (this.flights.count === 0) this.planSoon();
  }

  private settle(flight: Flight): void {
    this.measure(flight);
    for (let i = 0; i < this.ranks.length; i++) {
      const { rank, scheduler } = this.ranks[i]!;
      if (flight.batches[i]!.size > 0) rank.settle(flight.batches[i]!, scheduler.streams);
    }
    this.dropEndedCancels();
    this.report();
  }

  private measure(flight: Flight): void {
    const { meter } = this;
    // Steps overlap in a pipeline; busy time is counted once, and of the time in which the GPU waits the same share.
    const busyMs = flight.endMs - (flight.startMs > this.landedMs ? flight.startMs : this.landedMs);
    this.landedMs = flight.endMs;
    let sequences = 0;
    let kvTokens = 0;
    let hostMs = 0;
    let gpuIdleMs = 0;
    for (const batch of flight.batches) {
      sequences += batch.size;
      if (batch.size === 0) continue;
      kvTokens += batch.load.kvTokens;
      hostMs += batch.hostMs;
      gpuIdleMs += batch.gpuIdleMs;
    }
    meter.hostMs += hostMs / flight.batches.length;
    const countedShare = busyMs / (flight.endMs - flight.startMs);
    meter.gpuIdleMs += Math.min(busyMs, (gpuIdleMs / flight.batches.length) * countedShare);
    meter.steps++;
    meter.phases++;
    meter.busyMs += busyMs;
    meter.batchTime += sequences * busyMs;
    // In a pipeline, sequences of other steps hold their KV meanwhile.
    meter.kvTokenTime += (this.flights.stages === 1 ? Math.min(kvTokens, this.usedTokens) : this.decodingTokensNow) * busyMs;
    if (sequences > meter.maxBatch) meter.maxBatch = sequences;
    const used = this.blocks.total - this.blocks.free;
    ensure(4, used <= this.blocks.total, this.kernel.now, () => `${used} of ${this.blocks.total} KV blocks are in use`);
    if (used > meter.maxBlocks) meter.maxBlocks = used;
  }

  /** A canceled sequence that finished all the same is reported as finished; its slot may serve somebody else right after that. */
  private dropEndedCancels(): void {
    let kept = 0;
    for (let i = 0; i < this.canceled.size; i++) {
      const slot = this.canceled.at[i]!;
      if (this.attempts.state.at[slot] !== AttemptState.Gateway) this.canceled.at[kept++] = slot;
    }
    this.canceled.size = kept;
  }

  /** Tells the listener what has happened at this boundary: first tokens, then ends, each in order of admission, then reservations. */
  private report(): void {
    for (const { rank } of this.ranks) {
      for (let i = 0; i < rank.firsts.size; i++) this.listener.firstToken(rank.firsts.at[i]!);
      rank.firsts.clear();
    }
    for (const { rank } of this.ranks) {
      for (let i = 0; i < rank.ended.size; i++) this.listener.finished(rank.ended.at[i]!);
      rank.ended.clear();
    }
    for (const { rank } of this.ranks) {
      for (let i = 0; i < rank.reserved.size; i++)
        this.listener.kvReserved?.(rank.reserved.at[i]!, this.columns.presentTokens.at[rank.reserved.at[i]!]!);
      rank.reserved.clear();
    }
  }

  private removeCanceled(): void {
    const { canceled, attempts } = this;
    if (canceled.size === 0) return;
    canceled.sortBy(attempts.admission.at);
    let kept = 0;
    for (let i = 0; i < canceled.size; i++) {
      const slot = canceled.at[i]!;
      // A sequence in another step of the pipeline leaves when that is over.
      if (this.columns.hold.at[slot] === Hold.InStep) {
        canceled.at[kept++] = slot;
        continue;
      }
      const generated = this.generated(slot);
      if (attempts.state.at[slot] === AttemptState.Waiting) this.rankOf(slot).abandon(slot);
      else this.rankOf(slot).quit(slot);
      this.listener.released(slot, generated);
    }
    canceled.size = kept;
  }

  /** Plans and sends the next step off; returns how many had arrived when it was planned. */
  private launch(): number {
    const { flights, ranks } = this;
    const seen = this.arrivals;
    const flight = flights.next();
    let rows = 0;
    let idle = 0;
    for (let i = 0; i < ranks.length; i++) {
      const { rank, scheduler } = ranks[i]!;
      const batch = flight.batches[i]!;
      batch.clear();
      if (rank.loading > 0) rank.wakeLoaded();
      scheduler.plan(batch);
      if (batch.size === 0) {
        idle++;
        rows += DUMMY_ROWS;
        continue;
      }
      batch.weigh(this.attempts);
      rows += batch.load.rows + batch.load.prefillTokens;
    }
    if (idle < ranks.length) this.depart(flight, this.longestMs(flight, rows / ranks.length));
    this.report();
    if (flights.count === 0 && seen === this.arrivals) this.checkRest();
    return seen;
  }

  /** Time of the slowest rank; all wait for it. */
  private longestMs(flight: Flight, rankRows: number): number {
    let stepMs = 0;
    for (const batch of flight.batches) {
      const ms = batch.size === 0 ? this.clock.dummyMs(rankRows) : this.clock.stepMs(batch, rankRows);
      if (ms > stepMs) stepMs = ms;
    }
    return stepMs;
  }

  private depart(flight: Flight, wholeMs: number): void {
    const { flights, columns } = this;
    if (flights.stages === 1) return flights.launch(this.kernel.now, wholeMs);
    for (const batch of flight.batches) {
      for (let i = 0; i < batch.size; i++) {
        if (batch.tokens[i]! > 0) columns.hold.at[batch.slots[i]!] = Hold.InStep;
      }
    }
    const { grid } = this.kernel;
    flights.launch(this.kernel.now, Math.max(grid.spacingMs, grid.round(wholeMs / flights.stages + this.transferMs)));
  }

  /** Sets the timer to whatever comes next: a step that ends, a free first stage, KV that arrives. */
  private arm(now: number): void {
    const { flights } = this;
    let nextMs = flights.count > 0 ? flights.oldest.endMs : Infinity;
    if (flights.count < flights.stages) {
      if (flights.openMs > now && flights.openMs < nextMs) nextMs = flights.openMs;
      for (const { rank } of this.ranks) {
        if (rank.loading === 0) continue;
        const readyMs = Math.max(rank.nextReadyMs(), flights.openMs);
        // What is ready now has been looked at in this very boundary, or is as soon as the listener is done.
        if (readyMs < nextMs) nextMs = Math.max(readyMs, now);
      }
    }
    if (nextMs === Infinity) this.timer.clear();
    else this.timer.set(nextMs);
  }

  private checkRest(): void {
    for (const { rank } of this.ranks) {
      const excused = rank.waiting.length === 0 || rank.loading > 0 || rank.kept.size > 0;
      ensure(4, excused, this.kernel.now, () => "an idle replica has waiting attempts that do not fit");
    }
  }
}

/** The blocks of all ranks together. */
class JoinedBlocks implements BlockCounts {
  declare readonly total: number;
  declare readonly blockTokens: number;
  declare private readonly ranks: ReadonlyArray<ScheduledRank>;

  constructor(ranks: ReadonlyArray<ScheduledRank>) {
    this.ranks = ranks;
    this.blockTokens = ranks[0]!.rank.memory.blocks.blockTokens;
    this.total = ranks.reduce((sum, { rank }) => sum + rank.memory.blocks.total, 0);
  }

  get free(): number {
    return this.ranks.reduce((sum, { rank }) => sum + rank.memory.blocks.free, 0);
  }
}
