import type { Column } from "../kernel/SlotPool.ts";
import { Contents } from "./Contents.ts";
import type { TokenContent } from "./engine/TokenContent.ts";
import * as Fields from "./Fields.ts";

const { CLASS_INDEX, COPY, REPLICA, REQUEST, RETRY_AFTER_MS } = Fields;

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

/** All attempts in flight: what the user sent, and what gateway and engine remember of it. */
export class Attempts extends Contents {
  /** The request it serves; -1 when nobody waits for the answer any more. */
  declare readonly request: Column<Int32Array>;
  /** Wait that came with a rejection, in ms; NaN where none did. */
  declare readonly retryAfterMs: Column<Float64Array>;
  /** Which copy of a hedged attempt it is, from 0. */
  declare readonly copy: Column<Int32Array>;
  /** When its client stops waiting; Infinity where it does not. */
  declare readonly deadlineMs: Column<Float64Array>;
  /** When a replica took it, without what delays a prompt on its way (`engine.requestOverhead`); written where limits in flight ask. */
  declare readonly takenMs: Column<Float64Array>;
  declare readonly state: Column<Int32Array>;
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
  /** First admission to a batch, and first token; NaN before. */
  declare readonly admittedMs: Column<Float64Array>;
  declare readonly firstTokenMs: Column<Float64Array>;
  /** Last token before a preemption; NaN otherwise. */
  declare readonly preemptedMs: Column<Float64Array>;
  private readonly loaded: MutableContent = {
    prefixKey: 0,
    prefixTokens: 0,
    traceKeys: undefined,
    traceBlockTokens: 1,
    promptTokens: 0,
    streamKey: 0,
  };

  constructor(capacity = 1024) {
    super(capacity);
    // In the order of Fields.ts, behind what both have.
    this.request = this.int32();
    this.copy = this.int32();
    this.state = this.int32();
    this.previous = this.int32();
    this.next = this.int32();
    this.computed = this.int32();
    this.total = this.int32();
    this.heapPosition = this.int32();
    this.cachedTokens = this.int32();
    this.admittedMs = this.float64();
    this.firstTokenMs = this.float64();
    this.preemptedMs = this.float64();
    this.admission = this.float64();
    this.deadlineMs = this.float64();
    this.retryAfterMs = this.float64();
    this.takenMs = this.float64();
  }

  /** A fresh attempt of a request, not sent anywhere yet; its content and its deadline are still to be written. */
  open(request: number, classIndex: number): number {
    const attempt = this.take();
    const { ints } = this;
    ints[attempt | REQUEST] = request;
    ints[attempt | CLASS_INDEX] = classIndex;
    ints[attempt | COPY] = 0;
    ints[attempt | REPLICA] = -1;
    this.doubles[attempt | RETRY_AFTER_MS] = NaN;
    return attempt;
  }

  /** What the prompt consists of. The object is reused: use it at once. */
  content(slot: number): TokenContent {
    const content = this.loaded;
    content.prefixKey = this.prefixKey.at[slot]!;
    content.prefixTokens = this.prefixTokens.at[slot]!;
    content.traceKeys = this.traceKeys.get(slot);
    content.traceBlockTokens = this.traceBlockTokens.at[slot]!;
    content.promptTokens = this.promptTokens.at[slot]!;
    content.streamKey = this.streamKey.at[slot]!;
    return content;
  }
}
