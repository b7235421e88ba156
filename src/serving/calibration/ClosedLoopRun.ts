import type { ClosedLoopLoad } from "./ClosedLoopLoad.ts";
import { closedLoopLengths } from "./closedLoopLengths.ts";
import type { StepBin } from "./StepBins.ts";
import { StepBins } from "./StepBins.ts";

/** One replica under a closed loop, counted in steps; used once. */
export class ClosedLoopRun {
  declare private readonly load: ClosedLoopLoad;
  declare private readonly total: number;
  declare private readonly inputs: Int32Array;
  declare private readonly outputs: Int32Array;
  /** The step from which a request can be admitted, and the one it finishes after. */
  declare private readonly admissibleStep: Int32Array;
  declare private readonly finishStep: Int32Array;
  /** Decoding requests, the next one to finish last. */
  private readonly decoding: Array<number> = [];
  declare private readonly budget: number;
  /** Requests that have a time per output token. */
  declare private readonly timed: number;
  private submitted = 0;
  private admitted = 0;
  private finished = 0;
  /** The request whose prompt is being computed next, and how much of it is done. */
  private head = 0;
  private headDone = 0;
  private steps = 0;
  private kvTokens = 0;
  private reservedTokens = 0;
  /** Sum of 1 / (output tokens - 1) over the decoding requests: what a millisecond of a step adds to the sum of their times per output token. */
  private perOutputToken = 0;
  private readonly tpot = new StepBins();
  private readonly ttft = new StepBins();

  constructor(load: ClosedLoopLoad) {
    this.load = load;
    this.budget = Math.max(1, load.maxBatchedTokens);
    const { inputs, outputs } = closedLoopLengths(load);
    this.inputs = inputs;
    this.outputs = outputs;
    this.total = inputs.length;
    this.timed = Math.max(1, this.outputs.filter((outputs) => outputs > 1).length);
    this.admissibleStep = new Int32Array(this.total);
    this.finishStep = new Int32Array(this.total);
  }

  bins(): { readonly ttft: ReadonlyArray<StepBin>; readonly tpot: ReadonlyArray<StepBin> } {
    for (let client = 0; client < this.load.concurrency; client++) this.submit(0);
    while (this.finished < this.total) {
      this.admit();
      if (this.head < this.admitted) this.promptStep();
      else this.leap();
      this.retire();
    }
    return { ttft: this.ttft.all(), tpot: this.tpot.all() };
  }

  private submit(afterSteps: number): void {
    if (this.submitted === this.total) return;
    this.admissibleStep[this.submitted] = this.steps + afterSteps;
    this.submitted++;
  }

  /** In order of arrival, while the whole length fits; an idle replica takes one at once. */
  private admit(): void {
    const limit = this.load.kvTokens ?? Infinity;
    while (this.admitted < this.submitted) {
      const need = this.inputs[this.admitted]! + this.outputs[this.admitted]!;
      const busy = this.decoding.length + this.admitted - this.head > 0;
      if (busy && (this.reservedTokens + need > limit || this.admissibleStep[this.admitted]! > this.steps)) return;
      this.reservedTokens += need;
      this.admitted++;
    }
  }

  private promptStep(): void {
    const { decoding, load } = this;
    const alone = load.scheduling === "prefillFirst";
    const sequences = alone ? 0 : decoding.length;
    const waiting = this.submitted - this.head;
    const first = this.head;
    const { prefillTokens, attention } = this.takePrompts(Math.max(1, this.budget - sequences));
    this.note(1, { sequences, prefillTokens, kvTokens: alone ? 0 : this.kvTokens, attention }, waiting);
    if (!alone) {
      this.kvTokens += sequences;
      this.steps++;
    }
    for (let request = first; request < this.head; request++) this.startDecoding(request);
  }

  private takePrompts(budget: number): { readonly prefillTokens: number; readonly attention: number } {
    const whole = this.load.wholePrompts === true;
    let prefillTokens = 0;
    let attention = 0;
    while (this.head < this.admitted && prefillTokens < budget) {
      const left = this.inputs[this.head]! - this.headDone;
      if (whole && prefillTokens > 0 && prefillTokens + left > budget) break;
      const chunk = whole ? left : Math.min(budget - prefillTokens, left);
      prefillTokens += chunk;
      attention += chunk * (2 * this.headDone + chunk);
      this.headDone += chunk;
      if (this.headDone < this.inputs[this.head]!) break;
      this.head++;
      this.headDone = 0;
    }
    return { prefillTokens, attention };
  }

  private note(count: number, step: Omit<StepBin, "weight">, waiting: number): void {
    this.tpot.add((count * this.perOutputToken) / this.timed, step);
    this.ttft.add((count * waiting) / this.total, step);
  }

  private startDecoding(request: number): void {
    const outputs = this.outputs[request]!;
    this.kvTokens += this.inputs[request]! + 1;
    if (outputs > 1) this.perOutputToken += 1 / (outputs - 1);
    const finish = this.steps + outputs - 1;
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

  /** All steps up to the next end or admission: the KV grows by a token for each sequence and step. */
  private leap(): void {
    const sequences = this.decoding.length;
    let count = this.finishStep[this.decoding[sequences - 1]!]! - this.steps;
    const next = this.admitted < this.submitted ? this.admissibleStep[this.admitted]! : 0;
    if (next > this.steps) count = Math.min(count, next - this.steps);
    if (count <= 0) return;
    const kvTokens = this.kvTokens + (sequences * (count - 1)) / 2;
    this.note(count, { sequences, prefillTokens: 0, kvTokens, attention: 0 }, this.submitted - this.head);
    this.kvTokens += count * sequences;
    this.steps += count;
  }

  private retire(): void {
    const { decoding } = this;
    while (decoding.length > 0 && this.finishStep[decoding[decoding.length - 1]!]! <= this.steps) {
      const request = decoding.pop()!;
      const outputs = this.outputs[request]!;
      if (outputs > 1) this.perOutputToken -= 1 / (outputs - 1);
      this.kvTokens -= this.inputs[request]! + outputs;
      this.reservedTokens -= this.inputs[request]! + outputs;
      this.finished++;
      this.submit(this.load.admissionSteps ?? 0);
    }
    if (decoding.length === 0) this.perOutputToken = 0;
  }
}
