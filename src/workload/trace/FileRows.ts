import type { UnitSource } from "../../kernel/Streams.ts";
import { MAX_TOKENS, toTokens } from "../SamplerOf.ts";
import { readingOf } from "./Recognize.ts";
import type { FileFormat, FileReading } from "./Recognize.ts";
import { SplitFault } from "./RecordSplitter.ts";
import { StepSpread } from "./StepSpread.ts";
import { TimeOrder } from "./TimeOrder.ts";
import { TraceFault } from "./TraceFault.ts";
import { RowFault } from "./TraceRow.ts";
import type { TraceRow } from "./TraceRow.ts";

/** The head of a file is looked at up to its first line end, or up to so many characters. */
const HEAD_CHARACTERS = 65_536;
const BYTE_ORDER_MARK = "\uFEFF";

/** Reads the rows of one trace file. */
export interface FileRowsOptions {
  /** Name of the file in faults. */
  readonly file: string;
  readonly format: FileFormat | undefined;
  /** Class whose rows are wanted, where a format names classes. */
  readonly className: string;
  readonly skipBadRows: boolean;
  /** Source of the times within a recorder's steps. */
  readonly spread: UnitSource;
}

/** Turns the text of a file into rows in order of time, a batch per piece of text; memory is bounded by one piece and the windows for order and spread. */
export class FileRows {
  /** Rows read well, skipped as malformed, and left out as nothing to replay. */
  rows = 0;
  skippedRows = 0;
  ignoredRows = 0;
  /** Stamp of the first row, before it was spread; known once a batch was read. */
  originMs: number | undefined;
  declare private readonly options: FileRowsOptions;
  declare private readonly order: TimeOrder;
  declare private readonly spread: StepSpread;
  private head = "";
  private reading: FileReading | undefined;
  private batch: Array<TraceRow> = [];
  private ordered: Array<TraceRow> = [];
  private readonly take = (record: string, line: number): void => this.takeRecord(record, line);

  constructor(options: FileRowsOptions) {
    this.options = options;
    this.order = new TimeOrder();
    this.spread = new StepSpread(options.spread);
  }

  /** Whether the recording has times; known once a row was read. */
  get timed(): boolean {
    return this.reading?.parser.timed ?? true;
  }

  /** Yields batches of rows. Throws TraceFault for an empty or unknown file, and for a malformed row unless those are skipped. */
  async *read(text: AsyncIterable<string> | Iterable<string>): AsyncGenerator<ReadonlyArray<TraceRow>> {
    for await (const piece of text) {
      this.push(piece);
      if (this.batch.length > 0) yield this.takeBatch();
    }
    this.finish();
    yield this.takeBatch();
  }

  private takeBatch(): ReadonlyArray<TraceRow> {
    const { batch } = this;
    this.batch = [];
    return batch;
  }

  private push(piece: string): void {
    if (this.reading !== undefined) {
      this.split(piece);
      return;
    }
    this.head += piece;
    if (this.head.startsWith(BYTE_ORDER_MARK)) this.head = this.head.slice(1);
    if (!/\S[^\n]*\n/.test(this.head) && this.head.length < HEAD_CHARACTERS) return;
    this.open();
  }

  private open(): void {
    const { file, format, className } = this.options;
    const { head } = this;
    if (head.trim() === "") throw new TraceFault({ file, constraint: "trace file must not be empty" });
    this.reading = readingOf({ file, head, format, className });
    this.head = "";
    this.split(head);
  }

  private split(piece: string): void {
    this.guardSplit(() => this.reading!.splitter.push(piece, this.take));
  }

  private finish(): void {
    if (this.reading === undefined) this.open();
    this.guardSplit(() => this.reading!.splitter.finish(this.take));
    this.order.finish(this.ordered);
    this.flush();
    this.spread.finish(this.batch);
    if (this.rows > 0) return;
    const bad = this.skippedRows > 0 ? { value: `${this.skippedRows} malformed rows skipped` } : {};
    throw new TraceFault({
      file: this.options.file,
      constraint: "trace must have at least one row",
      ...bad,
    });
  }

  private guardSplit(work: () => void): void {
    try {
      work();
    } catch (cause) {
      if (!(cause instanceof SplitFault)) throw cause;
      const { line, constraint, value } = cause;
      throw new TraceFault({ file: this.options.file, line, constraint, value });
    }
  }

  private takeRecord(record: string, line: number): void {
    const row = this.parse(record, line);
    if (row === undefined) return;
    this.rows++;
    if (!row.usable) this.ignoredRows++;
    this.order.push(row, this.ordered);
    this.flush();
  }

  /** Hands ordered rows on, through the spread where the format needs it. */
  private flush(): void {
    const quantised = this.reading!.parser.quantised;
    for (const row of this.ordered) {
      this.originMs ??= row.atMs;
      if (quantised) this.spread.push(row, this.batch);
      else this.batch.push(row);
    }
    this.ordered.length = 0;
  }

  private parse(record: string, line: number): TraceRow | undefined {
    try {
      const row = this.reading!.parser.parse(record, line);
      if (row === undefined) return undefined;
      if (this.order.isLate(row)) throw this.order.lateness(row);
      return checked(row);
    } catch (cause) {
      if (!(cause instanceof RowFault)) throw cause;
      if (!this.options.skipBadRows || cause.isFatal) throw this.faultOf(cause, line);
      this.skippedRows++;
      return undefined;
    }
  }

  private faultOf(cause: RowFault, line: number): TraceFault {
    const { column, constraint, value, hint } = cause;
    return new TraceFault({
      file: this.options.file,
      line,
      constraint,
      value,
      ...(column === undefined ? {} : { column }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Rounds token counts as drawn ones; a recorded 0 becomes 1. Throws RowFault above 2^30. */
const checked = (row: TraceRow): TraceRow => {
  if (row.promptTokens > MAX_TOKENS || row.outputTokens > MAX_TOKENS) {
    const value = `${row.promptTokens} and ${row.outputTokens}`;
    throw new RowFault({ constraint: "prompt and output must have at most 2^30 tokens", value });
  }
  row.promptTokens = toTokens(row.promptTokens);
  row.outputTokens = toTokens(row.outputTokens);
  return row;
};
