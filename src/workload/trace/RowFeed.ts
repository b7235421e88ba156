import type { TraceRow } from "./TraceRow.ts";

/** One reading of a recording from its beginning. */
export interface RowPass {
  /** Rows in order of time. Throws TraceFault. */
  readonly batches: AsyncGenerator<ReadonlyArray<TraceRow>>;
  /** Time of the recording's first row; known once a batch was read. */
  readonly originMs: number;
  /** End of the recording where it says so, in ms from the origin. */
  readonly endMs: number | undefined;
  readonly timed: boolean;
  readonly rows: number;
  readonly skippedRows: number;
  readonly ignoredRows: number;
}

/** A recording that can be read again and again. */
export interface RowFeed {
  /** Whether the feed itself applies the rate scale. */
  readonly scalesRate: boolean;
  /** Pass 0 is the first reading, the others follow it in a loop. */
  open(pass: number): RowPass;
}
