import type { Histogram } from "../../kernel/Histogram.ts";
import { ensure, InvariantBroken } from "../../kernel/Invariants.ts";
import type { Actor, Kernel, Timer } from "../../kernel/Kernel.ts";
import { Phase } from "../../kernel/Kernel.ts";
import type { Streams } from "../../kernel/Streams.ts";
import type { Attempts } from "../Attempts.ts";
import { AttemptState } from "../Attempts.ts";
import type { Requests } from "../Requests.ts";
import type { EngineSpec } from "../ServingSpec.ts";
import type { BlockLists } from "./BlockLists.ts";
import type { Blocks } from "./Blocks.ts";
import { blocksFor } from "./Blocks.ts";
import { CachedBlocks } from "./CachedBlocks.ts";
import { CountedBlocks } from "./CountedBlocks.ts";
import type { Engine, EngineListener } from "./Engine.ts";
import { FinishHeap } from "./FinishHeap.ts";
import { IntBuffer } from "./IntBuffer.ts";
import { completedSteps, durationMs, firstBoundary } from "./Progression.ts";
import { ReplicaMeter } from "./ReplicaMeter.ts";
import { SlotList } from "./SlotList.ts";
import { StepTime } from "./StepTime.ts";
import type { TokenContent } from "./TokenContent.ts";
import { NO_CONTENT } from "./TokenContent.ts";
import { SLOT_BITS } from "../../kernel/SlotPool.ts";
import * as Fields from "../Fields.ts";

const {
  ADMISSION,
  ADMITTED_MS,
  CACHED_TOKENS,
  CLASS_INDEX,
  COMPUTED,
  FIRST_TOKEN_MS,
  OUTPUT_TOKENS,
  PREEMPTED_MS,
  PROMPT_TOKENS,
  STATE,
  TOTAL,
} = Fields;
const BITS = SLOT_BITS;
const { Waiting: WAITING, Prefilling: PREFILLING, Decoding: DECODING, Gateway: GONE } = AttemptState;

const NONE = -1;
/** Sequences remember steps in 32 bits. At 1 ms a step this is 24 days without a pause. */
const MAX_STEP = 2 ** 31 - 2 ** 24;

export interface ReplicaOptions {
  readonly engine: EngineSpec;
  readonly kernel: Kernel;
  readonly attempts: Attempts;
  readonly blockLists: BlockLists;
  readonly classes: number;
  readonly listener: EngineListener;
  /** Nominal step times, shared by the replicas of a pool; made from `engine` if absent. */
  readonly stepTime?: StepTime;
  /** The rest is for stepped engines only. Priority by class, lower is more urgent; 0 if absent. */
  readonly priorities?: ReadonlyArray<number>;
  /** Names of the classes, which name their streams of draws. */
  readonly classNames?: ReadonlyArray<string>;
  readonly streams?: Streams;
  /** Whom draws belong to; absent: the number in `attempts.request`. */
  readonly requests?: Requests;
}

/**
 * One model replica with iteration-level continuous batching, as vLLM V1 schedules: running sequences first, in order of admission, then
 * waiting ones; one token budget per step; prompts in chunks; KV blocks; preemption of the youngest by recompute; prefix cache.
 *
 * A run of steps with the same composition (a phase) is taken in one leap: its duration is an arithmetic series, exact on the time grid.
 * A phase ends where a step-by-step scheduler could change the composition; ending it too early is always exact. See
 * docs/decisions/003-the-leap.md.
 *
 * Source of the semantics: vllm-project/vllm v1/core/sched/scheduler.py (Apache-2.0), v0.19.
 */
export class Replica implements Engine, Actor {
  readonly meter = new ReplicaMeter();
  declare readonly blocks: Blocks;
  /** Longest sequence that this replica can hold: the model's limit or the whole KV cache. */
  declare readonly maxTokens: number;
  up = true;
  declare private readonly engine: EngineSpec;
  declare private readonly kernel: Kernel;
  declare private readonly attempts: Attempts;
  declare private readonly listener: EngineListener;
  declare private readonly caching: boolean;
  declare private readonly timer: Timer;
  declare private stepTime: StepTime;
  /** The engine core's work on the CPU is modeled. */
  declare private readonly hosted: boolean;

  declare private readonly waiting: SlotList;
  /** Sequences in the batch, in order of admission. */
  declare private readonly running: SlotList;
  declare private readonly finishing: FinishHeap;
  /** Sequences with chunks in the present step, and the chunks' sizes. */
  private readonly chunkSlots = new IntBuffer();
  private readonly chunkTokens = new IntBuffer();
  private readonly canceled = new IntBuffer();
  private readonly done = new IntBuffer();
  /** Decoding sequences by (computed tokens less step counter) modulo block size: who needs a block in which step. */
  declare private readonly residues: Array<number>;
  /** Block size less 1 where it is a power of two, else -1. */
  declare private readonly residueMask: number;
  declare private readonly decodingByClass: Array<number>;

  /** Step counter at the start of the phase. */
  private step = 0;
  private decoding = 0;
  /** KV tokens of the decoding sequences at the start of the phase. */
  private kvTokens = 0;
  /** The sequence whose prompt is computed in part, or -1: at most one, the last of the running list. */
  private partial = NONE;
  private admissions = 0;
  private busy = false;
  /** Inside a boundary: newcomers only join the queue. */
  private scheduling = false;
  private phaseStartMs = 0.5;
  private phaseSteps = 0;
  private firstMs = 0.5;
  private gapMs = 0.5;
  /** Host work in each step of the phase; in step j the GPU waits `idleFirstMs - idleGapMs * j` for it. */
  private hostMs = 0.5;
  private idleFirstMs = 0.5;
  private idleGapMs = 0.5;
  /** Prompt tokens per step of the phase. */
  private prefillTokens = 0;
  /** Blocks that the first step's decodes took when it was planned. */
  private takenBlocks = 0;
  /** Steps of the phase that the meter has seen already, and when the waiting list was last metered. */
  private meteredSteps = 0;
  private waitingSinceMs = 0.5;
  /** The head of the queue that did not fit; only a release of blocks can change that, unless `evictionUnblocks`. */
  private blockedHead = NONE;
  /**
   * Without a reservation of the whole prompt, a queue head with fewer cached blocks asks for fewer: an eviction may let it in. Then
   * nothing is leapt over while a head is blocked.
   */
  declare private readonly evictionUnblocks: boolean;

  constructor(options: ReplicaOptions) {
    const { engine, kernel, attempts } = options;
    this.engine = engine;
    this.kernel = kernel;
    this.attempts = attempts;
    this.listener = options.listener;
    this.caching = engine.prefixCache;
    this.evictionUnblocks = engine.prefixCache && !engine.reserveFullPrompt;
    this.blocks = engine.prefixCache
      ? new CachedBlocks(engine.kvBlocks, engine.blockTokens, options.blockLists)
      : new CountedBlocks(engine.kvBlocks, engine.blockTokens);
    this.maxTokens = Math.min(engine.maxModelTokens, engine.kvBlocks * engine.blockTokens);
    this.stepTime = options.stepTime ?? new StepTime(engine.step, kernel.grid, 1, engine.host);
    this.hosted = engine.host !== undefined;
    this.waiting = new SlotList(attempts);
    this.running = new SlotList(attempts);
    this.finishing = new FinishHeap(attempts);
    this.residues = Array.from({ length: engine.blockTokens }, () => 0);
    this.residueMask = (engine.blockTokens & (engine.blockTokens - 1)) === 0 ? engine.blockTokens - 1 : -1;
    this.decodingByClass = Array.from({ length: options.classes }, () => 0);
    this.timer = kernel.timer(kernel.join(this), 0, 0, Phase.Boundary);
    this.phaseStartMs = 0;
    this.firstMs = 0;
    this.gapMs = 0;
    this.hostMs = 0;
    this.idleFirstMs = 0;
    this.idleGapMs = 0;
    this.waitingSinceMs = 0;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  get runningCount(): number {
    return this.running.length;
  }

  /** KV tokens of the decoding sequences now. */
  get kvTokensNow(): number {
    const done = this.stepsDone();
    const tokens = this.kvTokens + this.decoding * done;
    if (this.blocks.shared === 0) return tokens;
    return Math.min(tokens, this.busy && !this.scheduling ? this.blockTokensIn(done) : this.usedTokens);
  }

  /** Takes an attempt into the waiting queue; false when the prompt can never fit, the queue is full or the replica is down. */
  submit(attempt: number): boolean {
    const prompt = this.attempts.ints[attempt | PROMPT_TOKENS]!;
    if (!this.up || prompt >= this.maxTokens || this.waiting.length >= this.engine.maxWaiting) return false;
    this.attempts.ints[attempt | STATE] = WAITING;
    this.attempts.ints[attempt | TOTAL] = prompt;
    this.attempts.ints[attempt | COMPUTED] = 0;
    this.attempts.doubles[attempt | ADMITTED_MS] = NaN;
    this.attempts.doubles[attempt | FIRST_TOKEN_MS] = NaN;
    this.attempts.doubles[attempt | PREEMPTED_MS] = NaN;
    const wasEmpty = this.waiting.length === 0;
    this.enqueue(attempt);
    if (this.scheduling) return true;
    if (!this.busy) this.timer.set(this.kernel.now);
    else if (wasEmpty && this.prefillTokens === 0 && this.running.length < this.engine.maxSequences) this.truncate();
    return true;
  }

  /** The user is gone: a waiting attempt leaves at once, a running one at the next step boundary. */
  cancel(attempt: number): void {
    const state = this.attempts.ints[attempt | STATE]!;
    // Finished at this very boundary: the report is on its way.
    if (state === GONE) return;
    if (state === WAITING) {
      const wasHead = this.waiting.first === attempt;
      this.dequeue(attempt);
      this.listener.released(attempt, this.attempts.ints[attempt | TOTAL]! - this.attempts.ints[attempt | PROMPT_TOKENS]!);
      if (wasHead && this.busy && !this.scheduling) this.truncate();
      return;
    }
    this.canceled.push(attempt);
    if (this.busy && !this.scheduling) this.truncate();
  }

  /** The replica dies: everything it holds fails now, its caches are lost. */
  fail(): void {
    if (!this.up) return;
    const doneSteps = this.stepsDone();
    this.meterSteps(doneSteps);
    this.meterBlocks(doneSteps);
    this.up = false;
    this.busy = false;
    this.timer.clear();
    this.canceled.clear();
    const victims: Array<number> = [];
    for (let slot = this.running.first; slot !== NONE; slot = this.running.after(slot)) victims.push(slot);
    const waiting: Array<number> = [];
    for (let slot = this.waiting.first; slot !== NONE; slot = this.waiting.after(slot)) waiting.push(slot);
    const generated = victims.map((slot) => this.generatedTokens(slot, doneSteps));
    for (const slot of victims) {
      this.running.remove(slot);
      this.attempts.ints[slot | STATE] = GONE;
    }
    for (const slot of waiting) this.dequeue(slot);
    this.forget();
    victims.forEach((slot, i) => this.listener.failed(slot, generated[i]!));
    for (const slot of waiting) {
      this.listener.failed(slot, this.attempts.ints[slot | TOTAL]! - this.attempts.ints[slot | PROMPT_TOKENS]!);
    }
  }

  recover(): void {
    this.up = true;
  }

  /** From the next step boundary on, every step takes `factor` times its nominal duration. */
  slowDown(factor: number): void {
    this.stepTime = new StepTime(this.engine.step, this.kernel.grid, factor, this.engine.host);
    if (this.busy) this.truncate();
  }

  wipeCache(): void {
    this.blocks.forgetUnused?.();
    this.blockedHead = NONE;
    if (this.busy && !this.scheduling) this.truncate();
  }

  /** Brings the meter up to now: steps that are over, and the waiting list. */
  syncMeter(): void {
    const doneSteps = this.stepsDone();
    this.meterSteps(doneSteps);
    this.meterBlocks(doneSteps);
    this.meterWaiting();
  }

  /** Starts a new measurement; `itlMs` takes the gaps between tokens, by class. */
  startMeasuring(itlMs: ReadonlyArray<Histogram>): void {
    this.syncMeter();
    this.meter.reset();
    this.meter.itlMs = itlMs;
    this.meterLongest();
  }

  /** Tokens that a running or waiting attempt has generated so far. */
  generated(attempt: number): number {
    return this.generatedTokens(attempt, this.stepsDone());
  }

  /** A step boundary, or the start of the first step after idleness. */
  wake(): void {
    this.scheduling = true;
    if (this.busy) this.settle();
    this.plan();
    this.scheduling = false;
  }

  /** Applies the phase that ends now, then reports first tokens and completions in order of admission. */
  private settle(): void {
    const steps = this.phaseSteps;
    this.meterSteps(steps);
    if (this.chunkSlots.size === 0) this.takeDecodeBlocks(steps);
    else this.takeChunkBlocks(steps);
    this.step = (this.step + steps) | 0;
    this.kvTokens += this.decoding * steps;
    this.checkBlocks();
    this.collectFinished();
    this.settleChunks(steps);
    this.checkBlocks();
    this.dropFinishedCancels();
    for (let i = 0; i < this.done.size; i++) this.listener.finished(this.done.at[i]!);
    this.done.clear();
  }

  /** Sequences whose last token came with the step that ends now leave the batch. */
  private collectFinished(): void {
    const { finishing, done } = this;
    while (finishing.nextStep === this.step) {
      const slot = finishing.nextSlot;
      done.push(slot);
      this.leaveDecode(slot);
    }
    if (done.size === 0) return;
    if (done.size > 1) done.sortBy(this.attempts.admission.at);
    for (let i = 0; i < done.size; i++) this.finish(done.at[i]!, this.tokensOf(done.at[i]!));
  }

  /** A canceled sequence that finished all the same is reported as finished; its slot may serve somebody else right after that. */
  private dropFinishedCancels(): void {
    let kept = 0;
    for (let i = 0; i < this.canceled.size; i++) {
      const slot = this.canceled.at[i]!;
      if (this.attempts.ints[slot | STATE] !== GONE) this.canceled.at[kept++] = slot;
    }
    this.canceled.size = kept;
  }

  private settleChunks(steps: number): void {
    const { attempts } = this;
    // Newly named blocks may be hits for a queue head that did not fit.
    if (this.chunkSlots.size > 0) this.blockedHead = NONE;
    for (let i = 0; i < this.chunkSlots.size; i++) {
      const slot = this.chunkSlots.at[i]!;
      const computed = attempts.ints[slot | COMPUTED]! + this.chunkTokens.at[i]! * steps;
      attempts.ints[slot | COMPUTED] = computed;
      // Whoever is told of a first token finds all tokens of the step counted.
      if (computed === attempts.ints[slot | TOTAL]) this.meter.decodeTokens++;
    }
    for (let i = 0; i < this.chunkSlots.size; i++) {
      const slot = this.chunkSlots.at[i]!;
      const computed = attempts.ints[slot | COMPUTED]!;
      if (computed === attempts.ints[slot | TOTAL]) this.promptComputed(slot, computed);
    }
    this.chunkSlots.clear();
    this.chunkTokens.clear();
  }

  /** The step that completes a prompt gives a token: the first one, or the next one after a preemption. */
  private promptComputed(slot: number, computed: number): void {
    const { attempts } = this;
    const now = this.kernel.now;
    if (this.partial === slot) this.partial = NONE;
    const generated = computed + 1 - attempts.ints[slot | PROMPT_TOKENS]!;
    if (Number.isNaN(attempts.doubles[slot | FIRST_TOKEN_MS]!)) {
      attempts.doubles[slot | FIRST_TOKEN_MS] = now;
      this.listener.firstToken(slot);
    } else {
      this.meter.itlMs?.[attempts.ints[slot | CLASS_INDEX]!]?.record(now - attempts.doubles[slot | PREEMPTED_MS]!);
    }
    const left = Math.min(attempts.ints[slot | OUTPUT_TOKENS]! - generated, this.maxTokens - computed - 1);
    if (left <= 0) {
      this.done.push(slot);
      this.finish(slot, computed);
    } else this.joinDecode(slot, computed, left);
  }

  private finish(slot: number, computed: number): void {
    this.running.remove(slot);
    this.release(slot, computed);
    this.attempts.ints[slot | TOTAL] = computed + 1;
  }

  /** Decides who computes what in the next step, and for how many steps nothing of that can change. */
  private plan(): void {
    if (!this.up) return;
    this.removeCanceled();
    const preempted = this.planRunning();
    if (preempted) this.blockedHead = NONE;
    else this.admitWaiting();
    this.startPhase(preempted);
  }

  private removeCanceled(): void {
    if (this.canceled.size === 0) return;
    this.canceled.sortBy(this.attempts.admission.at);
    for (let i = 0; i < this.canceled.size; i++) {
      const slot = this.canceled.at[i]!;
      const generated = this.generatedTokens(slot, 0);
      this.leaveBatch(slot);
      this.listener.released(slot, generated);
    }
    this.canceled.clear();
  }

  /** Gives running sequences their blocks, preempting the youngest while they do not suffice. True when somebody was preempted. */
  private planRunning(): boolean {
    let preempted = false;
    let need = this.decodeNeed(0);
    this.takenBlocks = 0;
    for (;;) {
      // Whoever comes before the first that finds no block has taken its own already.
      const taken = Math.min(need - this.takenBlocks, this.blocks.free);
      this.blocks.takeForDecode(taken);
      this.takenBlocks += taken;
      if (this.takenBlocks === need && this.partialNeed(1) <= this.blocks.free) break;
      this.preempt(this.running.last);
      preempted = true;
      need = this.decodeNeed(0);
    }
    if (this.partial !== NONE) this.addChunk(this.partial, this.partialChunk());
    return preempted;
  }

  /** Tokens of the partly computed prompt that fit into a step. */
  private partialChunk(): number {
    const left = this.attempts.ints[this.partial | TOTAL]! - this.attempts.ints[this.partial | COMPUTED]!;
    return Math.min(left, this.engine.maxBatchedTokens - this.decoding);
  }

  /** Blocks that the partly computed prompt needs for its next `steps` chunks. */
  private partialNeed(steps: number): number {
    if (this.partial === NONE) return 0;
    const computed = this.attempts.ints[this.partial | COMPUTED]!;
    const size = this.blocks.blockTokens;
    return blocksFor(computed + steps * this.partialChunk(), size) - blocksFor(computed, size);
  }

  /** Blocks that the decoding sequences need in the step that comes `ahead` steps after the next one. */
  private decodeNeed(ahead: number): number {
    return this.residues[this.residueOf(-this.step - ahead)]!;
  }

  /** Blocks that the decoding sequences need in `steps` steps, of which the first comes `ahead` steps after the next one. */
  private decodeNeeds(ahead: number, steps: number): number {
    const { residues } = this;
    const size = this.blocks.blockTokens;
    // Any `size` consecutive steps need one block per sequence.
    const periods = (steps / size) | 0;
    let blocks = periods * this.decoding;
    let residue = this.residueOf(-this.step - ahead);
    for (let left = steps - periods * size; left > 0; left--) {
      blocks += residues[residue]!;
      residue = (residue === 0 ? size : residue) - 1;
    }
    return blocks;
  }

  private addChunk(slot: number, tokens: number): void {
    const computed = this.attempts.ints[slot | COMPUTED]!;
    this.blocks.extend(slot >> BITS, this.content(slot), computed, computed + tokens);
    this.chunkSlots.push(slot);
    this.chunkTokens.push(tokens);
  }

  private admitWaiting(): void {
    let budget = this.engine.maxBatchedTokens - this.decoding;
    for (let i = 0; i < this.chunkTokens.size; i++) budget -= this.chunkTokens.at[i]!;
    while (this.waiting.length > 0 && budget > 0 && this.running.length < this.engine.maxSequences) {
      const head = this.waiting.first;
      if (head === this.blockedHead && !this.evictionUnblocks) return;
      const taken = this.admit(head, budget);
      if (taken === 0) {
        this.blockedHead = head;
        return;
      }
      budget -= taken;
    }
  }

  /** Admits the head of the queue with as many tokens as the budget allows; 0 when its blocks do not fit. */
  private admit(slot: number, budget: number): number {
    const { attempts, blocks } = this;
    const total = attempts.ints[slot | TOTAL]!;
    const content = this.content(slot);
    const hitBlocks = blocks.lookup(content, total);
    const hitTokens = hitBlocks * blocks.blockTokens;
    const chunk = Math.min(total - hitTokens, budget);
    const reserved = this.engine.reserveFullPrompt ? total : hitTokens + chunk;
    if (blocksFor(reserved, blocks.blockTokens) - hitBlocks + blocks.hitFree > blocks.free) return 0;
    blocks.admit(slot >> BITS, content, hitBlocks, hitTokens + chunk);
    this.dequeue(slot);
    this.running.pushBack(slot);
    attempts.ints[slot | STATE] = PREFILLING;
    attempts.ints[slot | COMPUTED] = hitTokens;
    attempts.doubles[slot | ADMISSION] = this.admissions++;
    if (Number.isNaN(attempts.doubles[slot | ADMITTED_MS]!)) {
      attempts.doubles[slot | ADMITTED_MS] = this.kernel.now;
      attempts.ints[slot | CACHED_TOKENS] = hitTokens;
      this.meter.queryTokens += total;
      this.meter.hitTokens += hitTokens;
    }
    if (hitTokens + chunk < total) this.partial = slot;
    this.chunkSlots.push(slot);
    this.chunkTokens.push(chunk);
    return chunk;
  }

  private startPhase(preempted: boolean): void {
    const chunks = this.chunkSlots.size;
    this.prefillTokens = 0;
    if (this.running.length === 0) return this.rest();
    let attention = 0;
    for (let i = 0; i < chunks; i++) {
      const tokens = this.chunkTokens.at[i]!;
      this.prefillTokens += tokens;
      attention += tokens * (2 * this.attempts.ints[this.chunkSlots.at[i]! | COMPUTED]! + tokens);
    }
    const { stepTime, decoding, prefillTokens } = this;
    this.firstMs = stepTime.stepMs(decoding, this.kvTokens, prefillTokens, attention);
    this.gapMs = stepTime.kvMs * decoding;
    this.phaseSteps = 1;
    if (chunks === 0) {
      if (!preempted && (this.blockedHead === NONE || !this.evictionUnblocks)) this.phaseSteps = this.decodeOnlySteps();
    } else if (chunks === 1 && !preempted && this.partial !== NONE) {
      this.phaseSteps = this.fullBudgetSteps();
      this.gapMs += stepTime.mixedKvMs * decoding + 2 * stepTime.attentionMs * prefillTokens * prefillTokens;
    }
    if (this.hosted) this.waitForHost(attention);
    if (this.step > MAX_STEP) this.refuseStep();
    this.busy = true;
    this.meteredSteps = 0;
    this.meter.phases++;
    this.phaseStartMs = this.kernel.now;
    this.timer.set(this.phaseStartMs + durationMs(this.firstMs, this.gapMs, this.phaseSteps));
  }

  /** While the GPU is faster than the host beside it, all steps take the host's time; the phase ends where the GPU becomes the slower one. */
  private waitForHost(attention: number): void {
    const { stepTime, decoding, gapMs } = this;
    this.hostMs = stepTime.hostMs(decoding);
    this.idleFirstMs = stepTime.overlapped ? 0 : this.hostMs;
    this.idleGapMs = 0;
    if (!stepTime.overlapped) return;
    const gpuMs = stepTime.unoverlappedMs(decoding, this.kvTokens, this.prefillTokens, attention);
    if (gpuMs >= this.hostMs) return;
    if (gapMs > 0) {
      let steps = Math.min(this.phaseSteps, Math.floor((this.hostMs - gpuMs) / gapMs) + 1);
      while (gpuMs + gapMs * (steps - 1) > this.hostMs) steps--;
      this.phaseSteps = steps;
    }
    this.idleFirstMs = this.hostMs - gpuMs;
    this.idleGapMs = gapMs;
    this.gapMs = 0;
  }

  private rest(): void {
    ensure(4, this.waiting.length === 0, this.kernel.now, () => "an idle replica has waiting attempts that do not fit");
    this.busy = false;
    this.phaseSteps = 0;
    // Nobody decodes, so nothing is counted from the old steps.
    this.step = 0;
  }

  /** Steps until a sequence finishes or blocks run out. */
  private decodeOnlySteps(): number {
    const bound = this.finishing.nextStep - this.step;
    const size = this.blocks.blockTokens;
    // Any `size` consecutive steps need one block per sequence. The first step has its blocks already.
    let free = this.blocks.free + this.takenBlocks;
    const periods = (free / this.decoding) | 0;
    let steps = periods * size;
    if (steps >= bound) return bound;
    free -= periods * this.decoding;
    while (steps < bound) {
      free -= this.decodeNeed(steps);
      if (free < 0) break;
      steps++;
    }
    return Math.max(1, steps);
  }

  /** Steps in which one prompt takes the whole budget that the decodes leave, without reaching its end. */
  private fullBudgetSteps(): number {
    const chunk = this.chunkTokens.at[0]!;
    const { ints } = this.attempts;
    const start = ints[this.partial | COMPUTED]!;
    const left = ints[this.partial | TOTAL]! - start;
    const bound = Math.min(this.finishing.nextStep - this.step, Math.floor(left / chunk));
    const size = this.blocks.blockTokens;
    let free = this.blocks.free;
    let steps = 1;
    for (; steps < bound; steps++) {
      free -= this.decodeNeed(steps) + blocksFor(start + (steps + 1) * chunk, size) - blocksFor(start + steps * chunk, size);
      if (free < 0) break;
    }
    return steps;
  }

  /** Ends the phase at the first boundary that is still to come. */
  private truncate(): void {
    if (this.phaseSteps <= 1) return;
    const steps = firstBoundary(this.firstMs, this.gapMs, this.kernel.now - this.phaseStartMs, {
      inclusive: !this.timer.passed,
      maxSteps: this.phaseSteps,
    });
    if (steps === this.phaseSteps) return;
    this.phaseSteps = steps;
    this.timer.set(this.phaseStartMs + durationMs(this.firstMs, this.gapMs, steps));
  }

  private refuseStep(): never {
    throw new RangeError(`a replica was busy for ${MAX_STEP} steps without a pause: shorten the horizon or lengthen the steps`);
  }

  private preempt(slot: number): void {
    const computed = this.attempts.ints[slot | STATE] === DECODING ? this.tokensOf(slot) : NONE;
    if (computed !== NONE) this.attempts.doubles[slot | PREEMPTED_MS] = this.kernel.now;
    this.leaveBatch(slot);
    if (computed !== NONE) this.attempts.ints[slot | TOTAL] = computed + 1;
    this.attempts.ints[slot | COMPUTED] = 0;
    this.attempts.ints[slot | STATE] = WAITING;
    this.meterWaiting();
    this.waiting.pushFront(slot);
    this.meterLongest();
    this.meter.preemptions++;
  }

  /** Takes a sequence out of the batch and gives its blocks back. */
  private leaveBatch(slot: number): void {
    const decoding = this.attempts.ints[slot | STATE] === DECODING;
    const computed = decoding ? this.tokensOf(slot) : this.attempts.ints[slot | COMPUTED]!;
    if (decoding) this.leaveDecode(slot);
    if (this.partial === slot) this.partial = NONE;
    this.running.remove(slot);
    this.release(slot, computed);
  }

  private joinDecode(slot: number, computed: number, left: number): void {
    const base = computed - this.step;
    this.attempts.ints[slot | STATE] = DECODING;
    this.attempts.ints[slot | COMPUTED] = base;
    this.finishing.push(this.step + left, slot);
    this.residues[this.residueOf(base)]!++;
    this.decodingByClass[this.attempts.ints[slot | CLASS_INDEX]!]!++;
    this.decoding++;
    this.kvTokens += computed;
  }

  private leaveDecode(slot: number): void {
    this.finishing.remove(slot);
    this.residues[this.residueOf(this.attempts.ints[slot | COMPUTED]!)]!--;
    this.decodingByClass[this.attempts.ints[slot | CLASS_INDEX]!]!--;
    this.decoding--;
    this.kvTokens -= this.tokensOf(slot);
  }

  /** Tokens in the KV cache of a decoding sequence at the start of the phase. */
  private tokensOf(slot: number): number {
    return this.attempts.ints[slot | COMPUTED]! + this.step;
  }

  /** The remainder by the block size, not negative. */
  private residueOf(count: number): number {
    // V8 divides a number that may be negative in floating point, at the cost of a hundred additions.
    if (this.residueMask >= 0) return count & this.residueMask;
    const size = this.blocks.blockTokens;
    const residue = (count | 0) % size;
    return residue < 0 ? residue + size : residue;
  }

  private release(slot: number, computed: number): void {
    this.blocks.release(slot >> BITS, this.content(slot), computed);
    this.attempts.ints[slot | STATE] = GONE;
    this.blockedHead = NONE;
  }

  private takeDecodeBlocks(steps: number): void {
    this.blocks.takeForDecode(this.blocksToTake(steps));
    this.takenBlocks = 0;
  }

  /** Steps of a full-budget run after the first: what is evicted and named when matters, so they are taken in turn. */
  private takeChunkBlocks(steps: number): void {
    const slot = this.chunkSlots.at[0]!;
    const chunk = this.chunkTokens.at[0]!;
    const start = this.attempts.ints[slot | COMPUTED]!;
    for (let ahead = 1; ahead < steps; ahead++) {
      this.blocks.takeForDecode(this.decodeNeed(ahead));
      this.blocks.extend(slot >> BITS, this.content(slot), start + ahead * chunk, start + (ahead + 1) * chunk);
    }
    this.takenBlocks = 0;
  }

  private enqueue(slot: number): void {
    this.meterWaiting();
    this.waiting.pushBack(slot);
    this.meterLongest();
  }

  private dequeue(slot: number): void {
    this.meterWaiting();
    this.waiting.remove(slot);
    if (this.blockedHead === slot) this.blockedHead = NONE;
  }

  private content(slot: number): TokenContent {
    return this.caching ? this.attempts.content(slot) : NO_CONTENT;
  }

  /** Steps of the phase that are over. One that ends at this instant is, once the instant has come as far as its boundary. */
  private stepsDone(): number {
    // Inside a boundary the phase before it is settled already.
    if (!this.busy || this.scheduling) return 0;
    const elapsedMs = this.kernel.now - this.phaseStartMs;
    return completedSteps(this.firstMs, this.gapMs, elapsedMs, { inclusive: this.timer.passed, maxSteps: this.phaseSteps });
  }

  private generatedTokens(slot: number, doneSteps: number): number {
    const { attempts } = this;
    const prompt = attempts.ints[slot | PROMPT_TOKENS]!;
    if (attempts.ints[slot | STATE] !== DECODING) return attempts.ints[slot | TOTAL]! - prompt;
    return this.tokensOf(slot) + doneSteps + 1 - prompt;
  }

  private forget(): void {
    this.finishing.clear();
    this.residues.fill(0);
    this.decodingByClass.fill(0);
    this.blocks.clear();
    this.chunkSlots.clear();
    this.chunkTokens.clear();
    this.decoding = 0;
    this.kvTokens = 0;
    this.partial = NONE;
    this.blockedHead = NONE;
    this.prefillTokens = 0;
    this.takenBlocks = 0;
  }

  /** Adds steps `meteredSteps` .. `upTo` of the phase to the meter. */
  private meterSteps(upTo: number): void {
    const from = this.meteredSteps;
    if (upTo <= from) return;
    this.meteredSteps = upTo;
    const { meter, decoding, gapMs } = this;
    const count = upTo - from;
    const firstMs = this.firstMs + gapMs * from;
    const lastedMs = durationMs(firstMs, gapMs, count);
    meter.busyMs += lastedMs;
    meter.steps += count;
    meter.batchTime += (decoding + this.chunkSlots.size) * lastedMs;
    if (this.running.length > meter.maxBatch) meter.maxBatch = this.running.length;
    // Sum over steps j of (K + n j) (first + gap j), with K the tokens at the first of these steps.
    const kv = this.kvTokens + decoding * from;
    const pairs = (count * (count - 1)) / 2;
    meter.kvTokenTime +=
      this.blocks.shared > 0
        ? this.sharedTokenTime(from, upTo)
        : kv * firstMs * count + (kv * gapMs + decoding * firstMs) * pairs + (decoding * gapMs * pairs * (2 * count - 1)) / 3;
    meter.decodeTokens += decoding * count;
    meter.prefillTokens += this.prefillTokens * count;
    if (this.hosted) {
      meter.hostMs += this.hostMs * count;
      meter.gpuIdleMs += (this.idleFirstMs - this.idleGapMs * from) * count - this.idleGapMs * pairs;
    }
    if (meter.itlMs !== undefined && decoding > 0) this.meterGaps(meter.itlMs, firstMs, count);
  }

  /** The same sum step by step, where sequences share blocks: these count once. */
  private sharedTokenTime(from: number, upTo: number): number {
    const { kvTokens, decoding, firstMs, gapMs } = this;
    const chunked = this.chunkSlots.size > 0;
    const size = this.blocks.blockTokens;
    let room = this.blockTokensIn(from);
    let time = 0;
    for (let step = from; ;) {
      time += Math.min(kvTokens + decoding * step, room) * (firstMs + gapMs * step);
      if (++step === upTo) return time;
      room = chunked ? this.blockTokensIn(step) : room + this.decodeNeed(step) * size;
    }
  }

  /** Tokens that the blocks in use in a step of the phase have room for. */
  private blockTokensIn(step: number): number {
    return this.usedTokens + this.blocksToTake(Math.min(step + 1, this.phaseSteps)) * this.blocks.blockTokens;
  }

  private get usedTokens(): number {
    return (this.blocks.total - this.blocks.free) * this.blocks.blockTokens;
  }

  /** The most blocks in use so far, when the present phase is looked at, or ends, after so many steps. */
  private meterBlocks(doneSteps: number): void {
    if (doneSteps === 0) return;
    const used = this.blocks.total - this.blocks.free + this.blocksToTake(doneSteps);
    if (used > this.meter.maxBlocks) this.meter.maxBlocks = used;
  }

  /** Blocks that the first so many steps of the phase take beyond those taken when it was planned. */
  private blocksToTake(steps: number): number {
    if (this.chunkSlots.size === 0) return this.decodeNeeds(0, steps) - this.takenBlocks;
    if (steps <= 1) return 0;
    const size = this.blocks.blockTokens;
    const start = this.attempts.ints[this.chunkSlots.at[0]! | COMPUTED]!;
    const chunk = this.chunkTokens.at[0]!;
    return blocksFor(start + steps * chunk, size) - blocksFor(start + chunk, size) + this.decodeNeeds(1, steps - 1);
  }

  private meterGaps(histograms: NonNullable<ReplicaMeter["itlMs"]>, firstMs: number, count: number): void {
    for (let k = 0; k < histograms.length; k++) {
      const weight = this.decodingByClass[k]!;
      if (weight > 0) histograms[k]!.recordProgression(firstMs, this.gapMs, count, weight);
    }
  }

  private meterLongest(): void {
    if (this.waiting.length > this.meter.maxWaiting) this.meter.maxWaiting = this.waiting.length;
  }

  private meterWaiting(): void {
    const now = this.kernel.now;
    this.meter.waitingTime += this.waiting.length * (now - this.waitingSinceMs);
    this.waitingSinceMs = now;
  }

  private checkBlocks(): void {
    const used = this.blocks.total - this.blocks.free;
    if (used > this.meter.maxBlocks) this.meter.maxBlocks = used;
    if (used < 0 || this.blocks.free < 0) {
      throw new InvariantBroken(4, this.kernel.now, `${this.blocks.free} of ${this.blocks.total} KV blocks free`);
    }
  }
}
