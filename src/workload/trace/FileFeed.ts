import type { Draws } from "../../kernel/Streams.ts";
import { FileRows } from "./FileRows.ts";
import type { FileFormat } from "./Recognize.ts";
import type { RowFeed, RowPass } from "./RowFeed.ts";
import { isFolder, textOf } from "./TraceText.ts";
import { TraceFault } from "./TraceFault.ts";
import type { TraceRow } from "./TraceRow.ts";

/** A trace that is one file. */
export interface FileFeedOptions {
  readonly file: string;
  readonly format: FileFormat | undefined;
  readonly className: string;
  readonly skipBadRows: boolean;
  readonly spread: Draws;
}

/** Reads a trace file anew in each pass. */
export class FileFeed implements RowFeed {
  readonly scalesRate = false;
  declare private readonly options: FileFeedOptions;

  constructor(options: FileFeedOptions) {
    this.options = options;
  }

  open(_pass: number): RowPass {
    return new FilePass(this.options);
  }
}

class FilePass implements RowPass {
  declare readonly batches: AsyncGenerator<ReadonlyArray<TraceRow>>;
  readonly endMs = undefined;
  declare private readonly reader: FileRows;

  constructor(options: FileFeedOptions) {
    const { file, format, className, skipBadRows, spread } = options;
    this.reader = new FileRows({ file, format, className, skipBadRows, spread: spread.sequence() });
    this.batches = readFile(this.reader, file);
  }

  get originMs(): number {
    return this.reader.originMs ?? 0;
  }

  get timed(): boolean {
    return this.reader.timed;
  }

  get rows(): number {
    return this.reader.rows;
  }

  get skippedRows(): number {
    return this.reader.skippedRows;
  }

  get ignoredRows(): number {
    return this.reader.ignoredRows;
  }
}

async function* readFile(reader: FileRows, file: string): AsyncGenerator<ReadonlyArray<TraceRow>> {
  if (await isFolder(file)) {
    throw new TraceFault({
      file,
      constraint: "must be a file",
      value: "a folder",
      hint: "only servegen traces are folders",
    });
  }
  yield* reader.read(textOf(file));
}
