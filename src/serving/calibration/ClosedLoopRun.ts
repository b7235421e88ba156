import type { StepLoad } from "../steptime/StepModel.ts";
import type { StepForm } from "../steptime/StepForm.ts";

const DEFAULT_ROUNDS = 10;
/** Fractional part of the golden ratio: its multiples modulo 1 fill the interval evenly. */
const GOLDEN = 0.6180339887498949;
const SILVER = 0.4142135623730951;

/** What a load generator with a fixed number of clients does to one replica. */
export interface ClosedLoopLoad {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Requests inside at any time: each answer is followed by the next request at once; all start together. */
  readonly concurrency: number;
  /** Token budget of a step. */
  readonly maxBatchedTokens: number;
  /** Lengths lie evenly in [1 - spread, 1] of the nominal; 0 if absent. Public benchmarks that draw from 0.8 to 1 have 0.2. */
  readonly spreadRatio?: number;
  /** Requests per client, over which the means are taken; 10 if absent, as the InferenceMAX runs have. */
  readonly rounds?: number;
  /** KV tokens of the replica; a request is admitted when its whole length fits. Unlimited if absent. */
  readonly kvTokens?: number;
}

/** One replica under a closed loop, stepped; used once. */
export class ClosedLoopRun {
  private readonly form: StepForm;
  private readonly load: ClosedLoopLoad;
  private readonly total: number;
  private readonly inputs: Int32Array;
  private readonly outputs: Int32Array;
  private readonly arrivedMs: Float64Array;
  private readonly firstMs: Float64Array;
  /** Decoding requests, the next one to finish last, and the step each finishes after. */
  private readonly decoding: Array<number> = [];
  private readonly finishStep: Int32Array;
  private readonly budget: number;
  private submitted = 0;
  private admitted = 0;
  private finished = 0;
  /** The request whose prompt is being computed next, and how much of it is done. */
  private head = 0;
  private headDone = 0;
  private steps = 0;
  private nowMs = 0;
  private kvTokens = 0;
  private reservedTokens = 0;
  private ttftSumMs = 0;
  private tpotSumMs = 0;
  private tpotCount = 0;
  private readonly stepLoad: StepLoad = {
    sequences: 0,
    rows: 0,
    kvTokens: 0,
    prefillTokens: 0,
    attention: 0,
    prefillContext: 0,
    chunks: 0,
  };

  constructor(form: StepForm, load: ClosedLoopLoad) {
    this.form = form;
    this.load = load;
    this.total = Math.max(1, Math.round(load.concurrency * (load.rounds ?? DEFAULT_ROUNDS)));
    this.budget = Math.max(1, load.maxBatchedTokens);
    const spread = load.spreadRatio ?? 0;
    const length = (nominal: number, i: number, ratio: number): number =>
      Math.max(1, Math.round(nominal * (1 - spread * (((i + 1) * ratio) % 1))));
    this.inputs = Int32Array.from({ length: this.total }, (_, i) => length(load.inputTokens, i, GOLDEN));
    this.outputs = Int32Array.from({ length: this.total }, (_, i) => length(load.outputTokens, i, SILVER));
    this.arrivedMs = new Float64Array(this.total);
    this.firstMs = new Float64Array(this.total);
    this.finishStep = new Int32Array(this.total);
  }

  means(): { readonly ttftMs: number; readonly tpotMs: number } {
    for (let client = 0; client < this.load.concurrency; client++) this.submit();
    while (this.finished < this.total) {
      this.admit();
      if (this.head < this.admitted) this.mixedStep();
      else this.leap();
      this.retire();
    }
    return { ttftMs: this.ttftSumMs / this.total, tpotMs: this.tpotCount === 0 ? 0 : this.tpotSumMs / this.tpotCount };
  }

  private submit(): void {
    if (this.submitted === this.total) return;
    this.arrivedMs[this.submitted] = this.nowMs;
    this.submitted++;
  }

  /** In order of arrival, while the whole length fits; one request always does. */
  private admit(): void {
    const limit = this.load.kvTokens ?? Infinity;
    while (this.admitted < this.submitted) {
      const need = this.inputs[this.admitted]! + this.outputs[this.admitted]!;
      const running = this.decoding.length + this.admitted - this.head;
      if (running > 0 && this.reservedTokens + need > limit) return;
      this.reservedTokens += need;
      this.admitted++;
    }
  }

  private mixedStep(): void {
    const { stepLoad, decoding } = this;
    let left = Math.max(1, this.budget - decoding.length);
    const first = this.head;
    stepLoad.sequences = stepLoad.rows = decoding.length;
    stepLoad.kvTokens = this.kvTokens;
    stepLoad.prefillTokens = stepLoad.attention = stepLoad.prefillContext = stepLoad.chunks = 0;
    while (this.head < this.admitted && left > 0) {
      const chunk = Math.min(left, this.inputs[this.head]! - this.headDone);
      stepLoad.prefillTokens += chunk;
      stepLoad.attention += chunk * (2 * this.headDone + chunk);
      stepLoad.prefillContext += this.headDone;
      stepLoad.chunks++;
      left -= chunk;
      this.headDone += chunk;
      if (this.headDone === this.inputs[this.head]!) {
        this.head++;
        this.headDone = 0;
      }
    }
    this.nowMs += this.form.stepMs(stepLoad);
    this.kvTokens += decoding.length;
    this.steps++;
    for (let request = first; request < this.head; request++) this.startDecoding(request);
  }

  private startDecoding(request: number): void {
    this.firstMs[request] = this.nowMs;
    this.ttftSumMs += this.nowMs - this.arrivedMs[request]!;
    this.kvTokens += this.inputs[request]! + 1;
    const finish = this.steps + this.outputs[request]! - 1;
    this.finishStep[request] = finish;
    this.decoding.splice(this.placeOf(finish), 0, request);
  }

  /** Descending finish, so that the next one is at the end. */
  private placeOf(finish: number): number {
    let low = 0;
    let high = this.decoding.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.finishStep[this.decoding[middle]!]! > finish) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All steps up to the next end: n * constant + kvMs * (n * KV + sequences * n (n - 1) / 2). */
  private leap(): void {
    const { decoding } = this;
    const sequences = decoding.length;
    const count = this.finishStep[decoding[sequences - 1]!]! - this.steps;
    if (count <= 0) return;
    const kvSteps = count * this.kvTokens + (sequences * count * (count - 1)) / 2;
    this.nowMs += count * this.form.constantMs(sequences, 0) + this.form.kvMs * kvSteps;
    this.kvTokens += count * sequences;
    this.steps += count;
  }

  private retire(): void {
    const { decoding } = this;
    while (decoding.length > 0 && this.finishStep[decoding[decoding.length - 1]!]! <= this.steps) {
      const request = decoding.pop()!;
      const outputs = this.outputs[request]!;
      this.kvTokens -= this.inputs[request]! + outputs;
      this.reservedTokens -= this.inputs[request]! + outputs;
      if (outputs > 1) {
        this.tpotSumMs += (this.nowMs - this.firstMs[request]!) / (outputs - 1);
        this.tpotCount++;
      }
      this.finished++;
      this.submit();
    }
  }
}
