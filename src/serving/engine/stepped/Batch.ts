import type { Attempts } from "../../Attempts.ts";
import { AttemptState } from "../../Attempts.ts";
import type { StepLoad } from "../../steptime/StepModel.ts";

/** Who computes how many tokens in one step of one rank, and what that costs. */
export class Batch {
  slots = new Int32Array(64);
  /** 0 for a sequence that is done and only fills its place in a static batch. */
  tokens = new Int32Array(64);
  size = 0;
  /** Time that copies between GPU and host take before the step, in ms. */
  copyMs = 0.5;
  /** Work of the engine core on the CPU in the step, and the part of it in which the GPU waits for it, in ms. */
  hostMs = 0.5;
  gpuIdleMs = 0.5;
  readonly load: StepLoad = {
    sequences: 0,
    rows: 0,
    kvTokens: 0.5,
    prefillTokens: 0,
    attention: 0.5,
    prefillContext: 0.5,
    chunks: 0,
    rankRows: 0.5,
  };

  constructor() {
    this.clear();
  }

  clear(): void {
    this.size = 0;
    this.copyMs = 0;
    this.hostMs = 0;
    this.gpuIdleMs = 0;
  }

  add(slot: number, tokens: number): void {
    if (this.size === this.slots.length) this.widen();
    this.slots[this.size] = slot;
    this.tokens[this.size++] = tokens;
  }

  /** Takes a sequence out again; its tokens, 0 when it is not in the batch. */
  remove(slot: number): number {
    const place = this.slots.subarray(0, this.size).indexOf(slot);
    if (place < 0) return 0;
    const tokens = this.tokens[place]!;
    this.slots.copyWithin(place, place + 1, this.size);
    this.tokens.copyWithin(place, place + 1, this.size);
    this.size--;
    return tokens;
  }

  /** Adds the load up once the batch is complete. */
  weigh(attempts: Attempts): void {
    const { slots, tokens, size, load } = this;
    const state = attempts.state.at;
    const computed = attempts.computed.at;
    let sequences = 0;
    let rows = 0;
    let kvTokens = 0;
    let prefillTokens = 0;
    let attention = 0;
    let context = 0;
    for (let i = 0; i < size; i++) {
      const slot = slots[i]!;
      const count = tokens[i]!;
      const before = computed[slot]!;
      if (state[slot] === AttemptState.Decoding) {
        sequences++;
        rows += count > 1 ? count : 1;
        kvTokens += before;
      } else {
        prefillTokens += count;
        attention += count * (2 * before + count);
        context += before;
      }
    }
    load.sequences = sequences;
    load.rows = rows;
    load.kvTokens = kvTokens;
    load.prefillTokens = prefillTokens;
    load.attention = attention;
    load.prefillContext = context;
    load.chunks = size - sequences;
  }

  private widen(): void {
    const { slots, tokens } = this;
    this.slots = new Int32Array(slots.length * 2);
    this.slots.set(slots);
    this.tokens = new Int32Array(slots.length * 2);
    this.tokens.set(tokens);
  }
}
