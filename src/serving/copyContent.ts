import type { Column } from "../kernel/SlotPool.ts";

/** What a user sent, as columns: the same for requests and for attempts. */
interface ContentColumns {
  readonly promptTokens: Column<Int32Array>;
  readonly outputTokens: Column<Int32Array>;
  readonly contentKey: Column<Float64Array>;
  readonly prefixKey: Column<Float64Array>;
  readonly prefixTokens: Column<Int32Array>;
  readonly streamKey: Column<Float64Array>;
  readonly traceBlockTokens: Column<Int32Array>;
  readonly traceKeys: Array<Float64Array | undefined>;
}

/** Copies lengths and names of content from a request to its attempt, or from an attempt to its twin. */
export const copyContent = (from: ContentColumns, original: number, to: ContentColumns, copy: number): void => {
  to.promptTokens.at[copy] = from.promptTokens.at[original]!;
  to.outputTokens.at[copy] = from.outputTokens.at[original]!;
  to.contentKey.at[copy] = from.contentKey.at[original]!;
  to.prefixKey.at[copy] = from.prefixKey.at[original]!;
  to.prefixTokens.at[copy] = from.prefixTokens.at[original]!;
  to.streamKey.at[copy] = from.streamKey.at[original]!;
  to.traceBlockTokens.at[copy] = from.traceBlockTokens.at[original]!;
  to.traceKeys[copy] = from.traceKeys[original];
};
