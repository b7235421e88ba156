import { Phase } from "../../src/kernel/Phase.ts";
import type { TokenContent } from "../../src/serving/engine/TokenContent.ts";
import { blockKey } from "../../src/serving/engine/TokenContent.ts";
import type { StepTime } from "../../src/serving/engine/StepTime.ts";
import type { EngineSpec } from "../../src/serving/ServingSpec.ts";

/**
 * The oracle: vLLM V1's scheduler, one loop iteration per step and O(batch) work in it, written straight from the rules of the
 * reference. It shares with the leaping replica only the duration of a step and the names of blocks.
 */

export interface EngineInput {
  readonly atMs: number;
  readonly kind: "arrive" | "cancel" | "slow" | "fail" | "recover" | "wipe";
  /** Request number, for arrive and cancel. */
  readonly request: number;
  readonly factor?: number;
}

export interface EngineRequest {
  readonly content: TokenContent;
  readonly outputTokens: number;
}

export interface EngineTrace {
  readonly firstTokenMs: Float64Array;
  readonly endMs: Float64Array;
  readonly end: Array<"finished" | "released" | "failed" | "refused" | undefined>;
  readonly generated: Int32Array;
  readonly cachedTokens: Int32Array;
  preemptions: number;
  steps: number;
  /** Order in which attempts ended. */
  readonly order: Array<number>;
}

export const emptyTrace = (count: number): EngineTrace => ({
  firstTokenMs: new Float64Array(count).fill(-1),
  endMs: new Float64Array(count).fill(-1),
  end: Array.from({ length: count }, () => undefined),
  generated: new Int32Array(count),
  cachedTokens: new Int32Array(count).fill(-1),
  preemptions: 0,
  steps: 0,
  order: [],
});

interface Sequence {
  readonly id: number;
  readonly content: TokenContent;
  readonly outputTokens: number;
  computed: number;
  generated: number;
  /** Has computed all tokens it had; after a preemption it computes them again, which is prefill. */
  decoding: boolean;
  canceled: boolean;
  admitted: boolean;
  blocks: Array<Block>;
}

interface Block {
  references: number;
  key: number;
}

const PHASE_OF = {
  arrive: Phase.Arrival,
  cancel: Phase.Timeout,
  slow: Phase.Fault,
  fail: Phase.Fault,
  recover: Phase.Fault,
  wipe: Phase.Fault,
};

export class NaiveEngine {
  private readonly spec: EngineSpec;
  private readonly stepTimeOf: (factor: number) => StepTime;
  private readonly requests: ReadonlyArray<EngineRequest>;
  private readonly trace: EngineTrace;
  private stepTime: StepTime;
  private waiting: Array<Sequence> = [];
  private running: Array<Sequence> = [];
  /** Free blocks, least recently released first; those before `taken` are gone (shifting a long array is slow). */
  private free: Array<Block>;
  private taken = 0;
  private cached = new Map<number, Block>();
  private up = true;
  private now = 0;
  private readonly limit: number;

  constructor(spec: EngineSpec, stepTimeOf: (factor: number) => StepTime, requests: ReadonlyArray<EngineRequest>) {
    this.spec = spec;
    this.stepTimeOf = stepTimeOf;
    this.stepTime = stepTimeOf(1);
    this.requests = requests;
    this.trace = emptyTrace(requests.length);
    this.free = this.newPool();
    this.limit = Math.min(spec.maxModelTokens, spec.kvBlocks * spec.blockTokens);
  }

  /** Inputs sorted by time and, at one time, by phase. */
  run(inputs: ReadonlyArray<EngineInput>): EngineTrace {
    let next = 0;
    let boundaryMs = Infinity;
    let scheduled: Array<[Sequence, number]> = [];
    for (;;) {
      const input = inputs[next];
      const inputFirst =
        input !== undefined && (input.atMs < boundaryMs || (input.atMs === boundaryMs && PHASE_OF[input.kind] < Phase.Boundary));
      if (inputFirst) {
        next++;
        this.now = input.atMs;
        const idle = boundaryMs === Infinity;
        this.accept(input);
        if (!this.up) {
          boundaryMs = Infinity;
          scheduled = [];
        } else if (idle && input.kind === "arrive") boundaryMs = input.atMs;
        continue;
      }
      if (boundaryMs === Infinity) return this.trace;
      this.now = boundaryMs;
      this.complete(scheduled);
      for (const sequence of this.running.filter((s) => s.canceled)) this.leave(sequence, "released");
      scheduled = this.schedule();
      boundaryMs = scheduled.length > 0 ? this.now + this.durationMs(scheduled) : Infinity;
      if (scheduled.length > 0) this.trace.steps++;
    }
  }

  private accept(input: EngineInput): void {
    if (input.kind === "slow") this.stepTime = this.stepTimeOf(input.factor!);
    else if (input.kind === "recover") this.up = true;
    else if (input.kind === "fail") this.fail();
    else if (input.kind === "wipe") this.wipe();
    else if (input.kind === "cancel") this.cancel(input.request);
    else this.arrive(input.request);
  }

  private arrive(id: number): void {
    const { content, outputTokens } = this.requests[id]!;
    if (!this.up || content.promptTokens >= this.limit) {
      this.trace.end[id] = "refused";
      return;
    }
    this.waiting.push({
      id,
      content,
      outputTokens,
      computed: 0,
      generated: 0,
      decoding: false,
      canceled: false,
      admitted: false,
      blocks: [],
    });
  }

  private cancel(id: number): void {
    const waiting = this.waiting.find((s) => s.id === id);
    if (waiting !== undefined) {
      this.waiting = this.waiting.filter((s) => s !== waiting);
      this.end(waiting, "released");
    }
    for (const sequence of this.running) if (sequence.id === id) sequence.canceled = true;
  }

  private fail(): void {
    this.up = false;
    for (const sequence of [...this.running, ...this.waiting]) this.end(sequence, "failed");
    this.running = [];
    this.waiting = [];
    this.free = this.newPool();
    this.taken = 0;
    this.cached = new Map();
  }

  /** The step is over: whoever has computed all its tokens gets one more. */
  private complete(scheduled: ReadonlyArray<[Sequence, number]>): void {
    for (const [sequence, tokens] of scheduled) {
      sequence.computed += tokens;
      if (sequence.computed < this.tokens(sequence)) continue;
      sequence.generated++;
      sequence.decoding = true;
      if (this.trace.firstTokenMs[sequence.id] === -1) this.trace.firstTokenMs[sequence.id] = this.now;
      if (sequence.generated >= sequence.outputTokens || this.tokens(sequence) >= this.limit) this.leave(sequence, "finished");
    }
  }

  private schedule(): Array<[Sequence, number]> {
    let budget = this.spec.maxBatchedTokens;
    let preempted = false;
    const scheduled: Array<[Sequence, number]> = [];
    for (let i = 0; i < this.running.length && budget > 0; i++) {
      const sequence = this.running[i]!;
      const tokens = Math.min(this.tokens(sequence) - sequence.computed, budget);
      let fits = this.allocate(sequence, tokens);
      while (!fits) {
        const victim = this.running.pop()!;
        this.preempt(victim);
        preempted = true;
        if (victim === sequence) break;
        fits = this.allocate(sequence, tokens);
      }
      if (!fits) break;
      scheduled.push([sequence, tokens]);
      budget -= tokens;
    }
    if (preempted) return scheduled;
    while (this.waiting.length > 0 && budget > 0 && this.running.length < this.spec.maxSequences) {
      const sequence = this.waiting[0]!;
      const hits = this.lookup(sequence);
      const hitTokens = hits.length * this.spec.blockTokens;
      const tokens = Math.min(this.tokens(sequence) - hitTokens, budget);
      const reserved = this.spec.reserveFullPrompt ? this.tokens(sequence) : hitTokens + tokens;
      const needed = Math.ceil(reserved / this.spec.blockTokens) - hits.length + hits.filter((b) => b.references === 0).length;
      if (needed > this.free.length - this.taken) break;
      this.waiting.shift();
      for (const block of hits) if (block.references++ === 0) this.free.splice(this.free.indexOf(block, this.taken), 1);
      sequence.blocks = hits;
      sequence.computed = hitTokens;
      if (!sequence.admitted) this.trace.cachedTokens[sequence.id] = hitTokens;
      sequence.admitted = true;
      this.allocate(sequence, tokens);
      this.running.push(sequence);
      scheduled.push([sequence, tokens]);
      budget -= tokens;
    }
    return scheduled;
  }

  private durationMs(scheduled: ReadonlyArray<[Sequence, number]>): number {
    let sequences = 0;
    let kvTokens = 0;
    let prefillTokens = 0;
    let attention = 0;
    for (const [sequence, tokens] of scheduled) {
      if (sequence.decoding) {
        sequences++;
        kvTokens += sequence.computed;
      } else {
        prefillTokens += tokens;
        attention += tokens * (2 * sequence.computed + tokens);
      }
    }
    return this.stepTime.stepMs(sequences, kvTokens, prefillTokens, attention);
  }

  private tokens(sequence: Sequence): number {
    return sequence.content.promptTokens + sequence.generated;
  }

  /** Blocks for `tokens` more tokens; false, and nothing taken, when there are not enough. */
  private allocate(sequence: Sequence, tokens: number): boolean {
    const size = this.spec.blockTokens;
    const needed = Math.ceil((sequence.computed + tokens) / size) - sequence.blocks.length;
    if (needed > this.free.length - this.taken) return false;
    for (let i = 0; i < needed; i++) {
      const block = this.free[this.taken++]!;
      if (block.key !== 0) this.cached.delete(block.key);
      block.key = 0;
      block.references = 1;
      sequence.blocks.push(block);
    }
    if (this.taken > this.spec.kvBlocks) {
      this.free = this.free.slice(this.taken);
      this.taken = 0;
    }
    if (!sequence.decoding) this.nameBlocks(sequence, Math.floor(sequence.computed / size), sequence.computed + tokens);
    return true;
  }

  /**
   * Prompt blocks get their names when their step is planned, blocks of generated tokens when the sequence gives them back: nobody can ask
   * for an answer's continuation before the answer is there.
   */
  private nameBlocks(sequence: Sequence, from: number, tokens: number): void {
    if (!this.spec.prefixCache) return;
    for (let i = from; i < Math.floor(tokens / this.spec.blockTokens); i++) {
      const block = sequence.blocks[i]!;
      const key = blockKey(sequence.content, i, this.spec.blockTokens);
      if (block.key !== 0 || this.cached.has(key)) continue;
      block.key = key;
      this.cached.set(key, block);
    }
  }

  private lookup(sequence: Sequence): Array<Block> {
    const hits: Array<Block> = [];
    if (!this.spec.prefixCache) return hits;
    for (let i = 0; (i + 1) * this.spec.blockTokens <= this.tokens(sequence) - 1; i++) {
      const block = this.cached.get(blockKey(sequence.content, i, this.spec.blockTokens));
      if (block === undefined) break;
      hits.push(block);
    }
    return hits;
  }

  /** Names of blocks that nobody references are forgotten. */
  private wipe(): void {
    for (const [key, block] of this.cached) {
      if (block.references > 0) continue;
      block.key = 0;
      this.cached.delete(key);
    }
  }

  private preempt(victim: Sequence): void {
    this.release(victim);
    victim.computed = 0;
    victim.decoding = false;
    this.waiting.unshift(victim);
    this.trace.preemptions++;
  }

  private release(sequence: Sequence): void {
    this.nameBlocks(sequence, 0, sequence.computed);
    for (const block of sequence.blocks.toReversed()) if (--block.references === 0) this.free.push(block);
    sequence.blocks = [];
  }

  private leave(sequence: Sequence, how: "finished" | "released"): void {
    this.running = this.running.filter((s) => s !== sequence);
    this.release(sequence);
    this.end(sequence, how);
  }

  private end(sequence: Sequence, how: "finished" | "released" | "failed"): void {
    this.trace.end[sequence.id] = how;
    this.trace.endMs[sequence.id] = this.now;
    this.trace.generated[sequence.id] = sequence.generated;
    this.trace.order.push(sequence.id);
  }

  private newPool(): Array<Block> {
    return Array.from({ length: this.spec.kvBlocks }, () => ({ references: 0, key: 0 }));
  }
}
