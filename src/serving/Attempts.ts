import type { Column } from "../kernel/SlotPool.ts";
import { SlotPool } from "../kernel/SlotPool.ts";
import type { TokenContent } from "./engine/TokenContent.ts";

interface MutableContent {
  prefixKey: number;
  prefixTokens: number;
  traceKeys: Float64Array | undefined;
  traceBlockTokens: number;
  promptTokens: number;
  streamKey: number;
}

/** Where an attempt is. */
export const AttemptState = { Waiting: 0, Prefilling: 1, Decoding: 2, Gateway: 3 } as const;

/** All attempts in flight, as a structure of arrays: what the user sent, and what gateway and engine remember of it. */
export class Attempts {
  declare readonly pool: SlotPool;
  /** The request it serves; -1 when nobody waits for the answer any more. */
  declare readonly request: Column<Int32Array>;
  declare readonly classIndex: Column<Int32Array>;
  /** Wait that came with a rejection, in ms; NaN where none did. */
  declare readonly retryAfterMs: Column<Float64Array>;
  /** Which copy of a hedged attempt it is, from 0. */
  declare readonly copy: Column<Int32Array>;
  /** When its client stops waiting; Infinity where it does not. */
  declare readonly deadlineMs: Column<Float64Array>;
  declare readonly promptTokens: Column<Int32Array>;
  /** Tokens that the answer has, if the model may finish it. No policy reads this. */
  declare readonly outputTokens: Column<Int32Array>;
  declare readonly state: Column<Int32Array>;
  declare readonly replica: Column<Int32Array>;
  /** Neighbors in whichever list holds the attempt: the gateway's queue, a replica's waiting or running list. */
  declare readonly previous: Column<Int32Array>;
  declare readonly next: Column<Int32Array>;
  /** Tokens in the KV cache while waiting or prefilling; less the step counter while decoding. */
  declare readonly computed: Column<Int32Array>;
  /** Prompt and generated tokens, while waiting or prefilling. */
  declare readonly total: Column<Int32Array>;
  /** Order of admission on its replica. */
  declare readonly admission: Column<Float64Array>;
  declare readonly heapPosition: Column<Int32Array>;
  /** Prompt tokens found in the prefix cache at the first admission. */
  declare readonly cachedTokens: Column<Int32Array>;
  declare readonly arrivalMs: Column<Float64Array>;
  /** First admission to a batch, and first token; NaN before. */
  declare readonly admittedMs: Column<Float64Array>;
  declare readonly firstTokenMs: Column<Float64Array>;
  /** Last token before a preemption; NaN otherwise. */
  declare readonly preemptedMs: Column<Float64Array>;
  /** Names the whole request where others ask the same; 0 = like no other. */
  declare readonly contentKey: Column<Float64Array>;
  declare readonly prefixKey: Column<Float64Array>;
  declare readonly prefixTokens: Column<Int32Array>;
  declare readonly streamKey: Column<Float64Array>;
  declare readonly traceBlockTokens: Column<Int32Array>;
  readonly traceKeys: Array<Float64Array | undefined> = [];
  private readonly loaded: MutableContent = {
    prefixKey: 0,
    prefixTokens: 0,
    traceKeys: undefined,
    traceBlockTokens: 1,
    promptTokens: 0,
    streamKey: 0,
  };

  constructor(capacity = 1024) {
    const pool = new SlotPool(capacity);
    this.pool = pool;
    this.request = pool.int32();
    this.classIndex = pool.int32();
    this.retryAfterMs = pool.float64();
    this.copy = pool.int32();
    this.deadlineMs = pool.float64();
    this.promptTokens = pool.int32();
    this.outputTokens = pool.int32();
    this.state = pool.int32();
    this.replica = pool.int32();
    this.previous = pool.int32();
    this.next = pool.int32();
    this.computed = pool.int32();
    this.total = pool.int32();
    this.admission = pool.float64();
    this.heapPosition = pool.int32();
    this.cachedTokens = pool.int32();
    this.arrivalMs = pool.float64();
    this.admittedMs = pool.float64();
    this.firstTokenMs = pool.float64();
    this.preemptedMs = pool.float64();
    this.contentKey = pool.float64();
    this.prefixKey = pool.float64();
    this.prefixTokens = pool.int32();
    this.streamKey = pool.float64();
    this.traceBlockTokens = pool.int32();
  }

  /** A fresh attempt of a request, not sent anywhere yet; its content and its deadline are still to be written. */
  open(request: number, classIndex: number): number {
    const attempt = this.pool.take();
    this.request.at[attempt] = request;
    this.classIndex.at[attempt] = classIndex;
    this.copy.at[attempt] = 0;
    this.replica.at[attempt] = -1;
    this.retryAfterMs.at[attempt] = NaN;
    return attempt;
  }

  /** What the prompt consists of. The object is reused: use it at once. */
  content(slot: number): TokenContent {
    const content = this.loaded;
    content.prefixKey = this.prefixKey.at[slot]!;
    content.prefixTokens = this.prefixTokens.at[slot]!;
    content.traceKeys = this.traceKeys[slot];
    content.traceBlockTokens = this.traceBlockTokens.at[slot]!;
    content.promptTokens = this.promptTokens.at[slot]!;
    content.streamKey = this.streamKey.at[slot]!;
    return content;
  }
}
