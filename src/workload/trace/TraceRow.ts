/** One recorded request as its file has it. */
export interface TraceRow {
  /** ms on the clock of the recording, any origin. */
  atMs: number;
  promptTokens: number;
  outputTokens: number;
  blockHashes: Float64Array | undefined;
  blockTokens: number;
  /** False for a well-formed row that is nothing to replay: a failed request, another class. It still counts for the clock. */
  usable: boolean;
  /** Line in the file, from 1. */
  line: number;
}

/** Why a row cannot be read; the reader adds file and line. */
export class RowFault {
  readonly column: number | undefined;
  declare readonly constraint: string;
  declare readonly value: string;
  readonly hint: string | undefined;
  /** Not a row that could be skipped: the file cannot be read at all. */
  declare readonly isFatal: boolean;

  constructor(parts: {
    readonly column?: number;
    readonly constraint: string;
    readonly value: string;
    readonly hint?: string;
    readonly isFatal?: boolean;
  }) {
    this.column = parts.column;
    this.constraint = parts.constraint;
    this.value = parts.value;
    this.hint = parts.hint;
    this.isFatal = parts.isFatal ?? false;
  }
}

/** Reads the records of one file. */
export interface RowParser {
  /** False where the file has no times: then row n is put at n seconds. */
  readonly timed: boolean;
  /** Stamps that may be quantised to steps, within which requests must be spread. */
  readonly quantised: boolean;
  /** The row of a record, or undefined for a header. Throws RowFault. */
  parse(record: string, line: number): TraceRow | undefined;
}
