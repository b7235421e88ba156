import { CsvColumns } from "./Csv.ts";
import type { RowParser, TraceRow } from "./TraceRow.ts";
import { WallClock } from "./WallClock.ts";

abstract class CsvParser implements RowParser {
  readonly timed = true;
  abstract readonly quantised: boolean;
  protected abstract readonly names: ReadonlyArray<string>;
  private columns: CsvColumns | undefined;

  parse(record: string, line: number): TraceRow | undefined {
    if (this.columns === undefined) {
      this.columns = new CsvColumns(record, this.names);
      return undefined;
    }
    this.columns.split(record);
    return this.row(record, line, this.columns);
  }

  protected abstract row(record: string, line: number, columns: CsvColumns): TraceRow;
}

/**
 * Azure LLM inference traces of 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`, found by name, so that the
 * traces of 2025 with `NumImages` are read too (images are ignored).
 *
 * Source: github.com/Azure/AzurePublicDataset at b469a11.
 */
export class AzureParser extends CsvParser {
  readonly quantised = false;
  protected readonly names = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];
  private readonly clock = new WallClock();

  protected row(record: string, line: number, columns: CsvColumns): TraceRow {
    const stamp = columns.fields[0]!;
    const atMs = this.clock.read(record, stamp.start, stamp.end);
    if (Number.isNaN(atMs)) {
      throw columns.fault(record, 0, "must be a time", "write it as 2023-11-16 18:17:03.9799600");
    }
    return rowOf({
      atMs,
      promptTokens: columns.tokens(record, 1),
      outputTokens: columns.tokens(record, 2),
      line,
    });
  }
}

/**
 * BurstGPT, first and second release: `Timestamp` in s, `Request tokens`, `Response tokens`, found by name. A response of 0
 * tokens is a failed request of unknown length: it is not replayed. Whole seconds are spread.
 *
 * Source: github.com/HPMLL/BurstGPT.
 */
export class BurstGptParser extends CsvParser {
  readonly quantised = true;
  protected readonly names = ["Timestamp", "Request tokens", "Response tokens"];

  protected row(record: string, line: number, columns: CsvColumns): TraceRow {
    const atMs = columns.number(record, 0) * 1000;
    const outputTokens = columns.tokens(record, 2);
    const row = rowOf({ atMs, promptTokens: columns.tokens(record, 1), outputTokens, line });
    row.usable = outputTokens > 0;
    return row;
  }
}

const rowOf = (parts: {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly line: number;
}): TraceRow => ({
  atMs: parts.atMs,
  promptTokens: parts.promptTokens,
  outputTokens: parts.outputTokens,
  blockHashes: undefined,
  blockTokens: 0,
  usable: true,
  line: parts.line,
});
