import type { Kernel } from "../../../kernel/Kernel.ts";
import type { Attempts } from "../../Attempts.ts";
import { AttemptState } from "../../Attempts.ts";
import { IntBuffer } from "../IntBuffer.ts";
import type { ReplicaMeter } from "../ReplicaMeter.ts";
import type { Batch } from "./Batch.ts";
import type { KvMemory } from "./KvMemory.ts";
import type { Settings } from "./Settings.ts";
import type { Speculation } from "./Speculation.ts";
import type { SteppedColumns } from "./SteppedColumns.ts";
import { Hold, Origin } from "./SteppedColumns.ts";
import type { TokenGaps } from "./TokenGaps.ts";
import type { WaitingLine } from "./WaitingLine.ts";
import { ArrivalLine, RankedLine } from "./WaitingLine.ts";
import type { WaitingMeter } from "./WaitingMeter.ts";

const NONE = -1;

/** Why an admission did not happen, or what came of it instead of tokens in this step. */
export const Admission = { NoMemory: 0, NoBudget: -1, Loading: -2 } as const;

export interface RankOptions {
  readonly settings: Settings;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  readonly columns: SteppedColumns;
  readonly memory: KvMemory;
  readonly meter: ReplicaMeter;
  readonly waitingMeter: WaitingMeter;
  readonly gaps: TokenGaps;
  readonly speculation: Speculation | undefined;
  /** By class; lower is more urgent. */
  readonly priorities: ReadonlyArray<number>;
}

/** One scheduler's world: a waiting line, the sequences of the batch, and their KV. Changes of state of single sequences are made here. */
export class Rank {
  declare readonly settings: Settings;
  declare readonly attempts: Attempts;
  declare readonly columns: SteppedColumns;
  declare readonly memory: KvMemory;
  declare readonly waiting: WaitingLine;
  /** Sequences of the batch in order of admission. */
  readonly running = new IntBuffer();
  /** First tokens, ends and reservations that the listener does not know of yet. */
  readonly firsts = new IntBuffer();
  readonly ended = new IntBuffer();
  readonly reserved = new IntBuffer();
  /** Finished attempts of a prefill-only engine whose KV is kept. */
  readonly kept = new Set<number>();
  /** Sequences whose KV is on its way. */
  loading = 0;
  /** Tokens of all attempts here when they came. */
  tokens = 0;
  /** The head of the line that did not fit; only a release of blocks or newly cached ones change that. */
  blockedHead = NONE;
  declare private readonly kernel: Kernel;
  declare private readonly meter: ReplicaMeter;
  declare private readonly waitingMeter: WaitingMeter;
  declare private readonly gaps: TokenGaps;
  private readonly speculation: Speculation | undefined;
  declare private readonly priorities: ReadonlyArray<number>;
  private admissions = 0;

  constructor(options: RankOptions) {
    this.settings = options.settings;
    this.kernel = options.kernel;
    this.attempts = options.attempts;
    this.columns = options.columns;
    this.memory = options.memory;
    this.meter = options.meter;
    this.waitingMeter = options.waitingMeter;
    this.gaps = options.gaps;
    this.speculation = options.speculation;
    this.priorities = options.priorities;
    this.waiting = this.openLine();
  }

  /** `name` is that of the request in its draws. */
  enqueue(slot: number, name: number): void {
    const { speculation } = this;
    if (speculation !== undefined) this.columns.drawKey.at[slot] = speculation.keyOf(this.attempts.classIndex.at[slot]!, name);
    this.attempts.state.at[slot] = AttemptState.Waiting;
    this.tokens += this.attempts.promptTokens.at[slot]!;
    this.waiting.add(slot);
    this.waitingMeter.change(1);
  }

  /** Takes an attempt out of the line. */
  dequeue(slot: number): void {
    this.waiting.remove(slot);
    this.waitingMeter.change(-1);
    if (this.blockedHead === slot) this.blockedHead = NONE;
  }

  /** A waiting attempt leaves for good. */
  abandon(slot: number): void {
    this.dequeue(slot);
    if (this.columns.origin.at[slot] === Origin.Swapped) this.memory.swapIn(this.attempts.computed.at[slot]!, 0);
    this.leave(slot);
  }

  /** A sequence of the batch leaves for good. */
  quit(slot: number): void {
    this.running.remove(slot);
    // It may be reserved at this very boundary, and nobody told of it yet.
    this.reserved.remove(slot);
    const loading = this.columns.hold.at[slot] === Hold.Loading;
    if (loading) this.loading--;
    this.release(slot, (loading ? this.columns.presentTokens : this.attempts.computed).at[slot]!);
    this.leave(slot);
  }

  /** Sequences whose KV has arrived may be scheduled from now on. */
  wakeLoaded(): void {
    const hold = this.columns.hold.at;
    const ready = this.columns.readyMs.at;
    for (let i = 0; i < this.running.size; i++) {
      const slot = this.running.at[i]!;
      if (hold[slot] !== Hold.Loading || ready[slot]! > this.kernel.now) continue;
      hold[slot] = Hold.None;
      this.loading--;
      this.memory.fill(slot);
      this.blockedHead = NONE;
    }
  }

  /** When the next KV arrives, in ms; Infinity when none is on its way or nobody knows. */
  nextReadyMs(): number {
    let nextMs = Infinity;
    for (let i = 0; i < this.running.size; i++) {
      const slot = this.running.at[i]!;
      if (this.columns.hold.at[slot] === Hold.Loading) nextMs = Math.min(nextMs, this.columns.readyMs.at[slot]!);
    }
    return nextMs;
  }

  /**
   * Admits a waiting attempt and adds it to the batch. The tokens that it computes in this step, at most `budget`; or one of Admission.
   */
  admit(slot: number, budget: number, batch: Batch): number {
    const { attempts, memory, settings } = this;
    const total = attempts.total.at[slot]!;
    const origin = this.columns.origin.at[slot]!;
    const hitTokens = memory.lookup(slot);
    const present = origin === Origin.Nowhere ? hitTokens : Math.max(attempts.computed.at[slot]!, hitTokens);
    const left = total - present;
    const chunk = Math.min(left, settings.longPrefillThreshold, budget);
    if (chunk < left && !settings.chunkedPrefill) return Admission.NoBudget;
    const hostTokens = origin === Origin.Nowhere ? memory.lookupHost(slot) : 0;
    // What is loaded comes whole, whatever the step's budget.
    const wanted = hostTokens > 0 ? present + hostTokens : present + chunk;
    if (!memory.fits(settings.reserveFullPrompt ? total : wanted)) return Admission.NoMemory;
    if (Number.isNaN(attempts.admittedMs.at[slot]!)) this.noteHits(slot, { total, hitTokens, hostTokens });
    if (origin === Origin.Expected) return this.reserve(slot, total);
    if (hostTokens > 0) return this.load(slot, hitTokens, hostTokens);
    memory.admit(slot, present + chunk);
    if (origin === Origin.Swapped) {
      batch.copyMs += memory.swapIn(attempts.computed.at[slot]!, Math.max(0, attempts.computed.at[slot]! - hitTokens));
    }
    const decodes = origin !== Origin.Nowhere && left === 1 && total > attempts.promptTokens.at[slot]!;
    this.join(slot, present, decodes ? AttemptState.Decoding : AttemptState.Prefilling, Hold.None);
    batch.add(slot, chunk);
    return chunk;
  }

  /** Takes a sequence out of the batch and back to the line. The tokens of this step that it gives back. */
  preempt(slot: number, batch: Batch): number {
    const { attempts, memory, columns } = this;
    const computed = attempts.computed.at[slot]!;
    const tokens = batch.remove(slot);
    this.running.remove(slot);
    const copyMs = memory.swapOut(computed);
    this.release(slot);
    if (copyMs >= 0) {
      columns.origin.at[slot] = Origin.Swapped;
      batch.copyMs += copyMs;
      this.meter.swaps++;
    } else {
      columns.origin.at[slot] = Origin.Nowhere;
      attempts.computed.at[slot] = 0;
    }
    attempts.state.at[slot] = AttemptState.Waiting;
    this.waiting.putBack(slot);
    this.waitingMeter.change(1);
    this.meter.preemptions++;
    return tokens;
  }

  /** Whom to preempt so that `slot` may go on: the last admitted, or the least urgent; -1 when all others are busy. */
  victim(slot: number): number {
    const found = this.settings.order === "priority" ? this.leastUrgent() : this.lastAdmitted();
    if (found !== slot) return found;
    // Blocks of sequences in other steps come back soon: better to wait than to lose what is computed.
    for (let i = 0; i < this.running.size; i++) {
      const hold = this.columns.hold.at[this.running.at[i]!];
      if (hold === Hold.InStep || hold === Hold.Loading) return NONE;
    }
    return slot;
  }

  /** Applies a step that is over. `streams`: tokens are reported as they come, and who is finished leaves. */
  settle(batch: Batch, streams: boolean): void {
    const { attempts, columns, gaps, meter, speculation } = this;
    const state = attempts.state.at;
    const computed = attempts.computed.at;
    const totals = attempts.total.at;
    const stop = columns.stopTokens.at;
    const hold = columns.hold.at;
    const last = columns.lastTokenMs.at;
    const drawKeys = columns.drawKey.at;
    const classes = attempts.classIndex.at;
    const now = this.kernel.now;
    let generated = 0;
    let finished = 0;
    let drafted = 0;
    let accepted = 0;
    const { prefillOnly } = this.settings;
    // Neighbors mostly have one and the same gap: runs of them are written at once.
    let runClass = 0;
    let runGapMs = 0.5;
    let run = 0;
    const { slots, tokens: counts, size } = batch;
    for (let i = 0; i < size; i++) {
      const slot = slots[i]!;
      const tokens = counts[i]!;
      if (tokens === 0) continue;
      hold[slot] = Hold.None;
      if (state[slot] === AttemptState.Decoding) {
        const total = totals[slot]!;
        let fresh = 1;
        if (tokens > 1 && speculation !== undefined) {
          const taken = speculation.accepted(classes[slot]!, tokens - 1, drawKeys[slot]!, total);
          const left = stop[slot]! - total;
          drafted += tokens - 1;
          accepted += taken;
          fresh = taken < left ? taken + 1 : left;
        }
        computed[slot]! += fresh;
        totals[slot] = total + fresh;
        generated += fresh;
        const classIndex = classes[slot]!;
        const gapMs = now - last[slot]!;
        last[slot] = now;
        if (gapMs !== runGapMs || classIndex !== runClass) {
          if (streams && run > 0) gaps.add(runClass, runGapMs, run);
          run = 0;
          runClass = classIndex;
          runGapMs = gapMs;
        }
        run++;
      } else {
        const reached = computed[slot]! + tokens;
        computed[slot] = reached;
        if (reached < totals[slot]!) continue;
        generated++;
        this.completePrompt(slot, streams);
      }
      if (totals[slot]! < stop[slot]! && !prefillOnly) continue;
      finished++;
      if (streams) this.finish(slot);
      else hold[slot] = Hold.Done;
    }
    meter.decodeTokens += generated;
    meter.draftedTokens += drafted;
    meter.acceptedTokens += accepted;
    meter.prefillTokens += batch.load.prefillTokens;
    if (batch.load.prefillTokens > 0) this.blockedHead = NONE;
    if (streams && run > 0) gaps.add(runClass, runGapMs, run);
    gaps.flush();
    if (streams && finished > 0) this.compact();
  }

  /** Ends a static batch: every answer is reported now, in order of admission. */
  closeBatch(): void {
    for (let i = 0; i < this.running.size; i++) {
      const slot = this.running.at[i]!;
      this.noteFirst(slot);
      this.finish(slot);
    }
    this.running.clear();
  }

  /** Everything is lost. */
  forget(): void {
    this.running.clear();
    this.memory.clear();
    this.kept.clear();
    this.firsts.clear();
    this.ended.clear();
    this.reserved.clear();
    this.loading = 0;
    this.tokens = 0;
    this.blockedHead = NONE;
  }

  private openLine(): WaitingLine {
    const { attempts, columns, priorities } = this;
    const { order } = this.settings;
    if (order === "fcfs") return new ArrivalLine(attempts);
    if (order === "priority") return new RankedLine(attempts, columns.queued, (slot) => priorities[attempts.classIndex.at[slot]!] ?? 0);
    return new RankedLine(attempts, columns.queued, (slot) => attempts.promptTokens.at[slot]!);
  }

  /** The first admission of an attempt: what it finds again after a preemption is its own. */
  private noteHits(slot: number, of: { readonly total: number; readonly hitTokens: number; readonly hostTokens: number }): void {
    const { attempts, meter } = this;
    attempts.admittedMs.at[slot] = this.kernel.now;
    attempts.cachedTokens.at[slot] = of.hitTokens + of.hostTokens;
    meter.queryTokens += of.total;
    meter.hitTokens += of.hitTokens;
    meter.hostHitTokens += of.hostTokens;
  }

  /** Allocates blocks for KV that somebody will send. */
  private reserve(slot: number, total: number): number {
    this.memory.reserve(slot, total);
    this.columns.readyMs.at[slot] = Infinity;
    this.join(slot, total - 1, AttemptState.Decoding, Hold.Loading);
    this.reserved.push(slot);
    return Admission.Loading;
  }

  /** Starts to load what the host tier holds of the prompt. */
  private load(slot: number, hitTokens: number, hostTokens: number): number {
    const { memory } = this;
    memory.reserve(slot, hitTokens + hostTokens);
    this.columns.readyMs.at[slot] = this.kernel.grid.round(memory.tier!.load(hostTokens, this.kernel.now));
    this.join(slot, hitTokens + hostTokens, AttemptState.Prefilling, Hold.Loading);
    return Admission.Loading;
  }

  private join(slot: number, computed: number, state: number, hold: number): void {
    const { attempts, columns } = this;
    this.dequeue(slot);
    this.running.push(slot);
    attempts.computed.at[slot] = computed;
    attempts.state.at[slot] = state;
    attempts.admission.at[slot] = this.admissions++;
    columns.origin.at[slot] = Origin.Nowhere;
    columns.hold.at[slot] = hold;
    if (hold === Hold.Loading) this.loading++;
  }

  /** The step that completes a prompt gives a token: the first one, or the next one after a preemption. */
  private completePrompt(slot: number, streams: boolean): void {
    const { attempts, columns } = this;
    const now = this.kernel.now;
    attempts.total.at[slot]!++;
    attempts.state.at[slot] = AttemptState.Decoding;
    if (streams && !Number.isNaN(attempts.firstTokenMs.at[slot]!)) {
      this.gaps.add(attempts.classIndex.at[slot]!, now - columns.lastTokenMs.at[slot]!, 1);
    } else if (streams) this.noteFirst(slot);
    columns.lastTokenMs.at[slot] = now;
  }

  private noteFirst(slot: number): void {
    this.attempts.firstTokenMs.at[slot] = this.kernel.now;
    this.firsts.push(slot);
  }

  /** Its blocks go, or stay where the engine only prefills; the caller takes it out of the batch. */
  private finish(slot: number): void {
    if (this.settings.prefillOnly) this.kept.add(slot);
    else this.release(slot);
    this.leave(slot);
    this.ended.push(slot);
  }

  private leave(slot: number): void {
    this.tokens -= this.attempts.promptTokens.at[slot]!;
    this.attempts.state.at[slot] = AttemptState.Gateway;
  }

  private release(slot: number, tokens = this.attempts.computed.at[slot]!): void {
    this.memory.release(slot, tokens);
    this.blockedHead = NONE;
  }

  private compact(): void {
    const { running } = this;
    const state = this.attempts.state.at;
    let kept = 0;
    for (let i = 0; i < running.size; i++) {
      const slot = running.at[i]!;
      if (state[slot] !== AttemptState.Gateway) running.at[kept++] = slot;
    }
    running.size = kept;
  }

  private lastAdmitted(): number {
    for (let i = this.running.size - 1; i >= 0; i--) {
      const slot = this.running.at[i]!;
      if (this.columns.hold.at[slot] === Hold.None) return slot;
    }
    return NONE;
  }

  private leastUrgent(): number {
    const { hold, queued } = this.columns;
    let worst = NONE;
    let worstPriority = -Infinity;
    for (let i = 0; i < this.running.size; i++) {
      const slot = this.running.at[i]!;
      if (hold.at[slot] !== Hold.None) continue;
      const priority = this.priorities[this.attempts.classIndex.at[slot]!] ?? 0;
      if (priority < worstPriority || (priority === worstPriority && queued.at[slot]! < queued.at[worst]!)) continue;
      worst = slot;
      worstPriority = priority;
    }
    return worst;
  }
}
