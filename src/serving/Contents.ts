import type { Column } from "../kernel/SlotPool.ts";
import { ObjectColumn, SlotPool } from "../kernel/SlotPool.ts";

/** What requests and their attempts have in common, at the same places (Fields.ts): what a user sent, when, and where it is. */
export class Contents extends SlotPool {
  declare readonly classIndex: Column<Int32Array>;
  declare readonly promptTokens: Column<Int32Array>;
  /** Tokens that the answer has, if the model may finish it. No policy reads this. */
  declare readonly outputTokens: Column<Int32Array>;
  declare readonly prefixTokens: Column<Int32Array>;
  declare readonly traceBlockTokens: Column<Int32Array>;
  /** Where the attempt is, or where the request's last attempt went; -1 = nowhere yet. */
  declare readonly replica: Column<Int32Array>;
  declare readonly arrivalMs: Column<Float64Array>;
  declare readonly streamKey: Column<Float64Array>;
  /** Names the whole request where others ask the same, word by word; 0 = like no other. */
  declare readonly contentKey: Column<Float64Array>;
  declare readonly prefixKey: Column<Float64Array>;
  readonly traceKeys = new ObjectColumn<Float64Array>();

  constructor(capacity: number) {
    super(capacity);
    // In the order of Fields.ts.
    this.classIndex = this.int32();
    this.promptTokens = this.int32();
    this.outputTokens = this.int32();
    this.prefixTokens = this.int32();
    this.traceBlockTokens = this.int32();
    this.replica = this.int32();
    this.arrivalMs = this.float64();
    this.streamKey = this.float64();
    this.contentKey = this.float64();
    this.prefixKey = this.float64();
  }
}
