import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GapSpec } from "../RenewalGaps.ts";
import type { TokenTable } from "./TokenTable.ts";
import { tokenTableOf } from "./TokenTable.ts";
import { TraceFault } from "./TraceFault.ts";
import { RowFault } from "./TraceRow.ts";

/** A stretch of one client's traffic with one rate. */
export interface ClientWindow {
  readonly startMs: number;
  readonly endMs: number;
  /** Requests per ms, above 0. */
  readonly perMs: number;
  readonly gaps: GapSpec;
  readonly prompts: TokenTable;
  readonly outputs: TokenTable;
  readonly line: number;
}

/** One client: its windows with requests, in order of time. */
export interface ServeGenClient {
  readonly number: number;
  readonly windows: ReadonlyArray<ClientWindow>;
}

/** What a folder holds. */
export interface ServeGenFolder {
  readonly clients: ReadonlyArray<ServeGenClient>;
  readonly endMs: number;
  readonly rows: number;
  readonly skippedRows: number;
}

/**
 * Reads a folder of ServeGen clients: per client `chunk-N-trace.csv` (window start in s, rate per s, CV of gaps, pattern,
 * two parameters of it) and `chunk-N-dataset.json` (window start to distributions of lengths, as strings that hold Python
 * dictionaries). The lengths in force are those of the latest start not after the time; where that one is empty, the
 * nearest one that is not. Throws TraceFault.
 *
 * Source: github.com/alibaba/ServeGen at f891d11.
 */
export const readServeGen = async (folder: string, skipBadRows: boolean): Promise<ServeGenFolder> => {
  const numbers = await clientNumbers(folder);
  const clients: Array<ServeGenClient> = [];
  const counts = { endMs: 0, rows: 0, skippedRows: 0 };
  for (const number of numbers) {
    const lengths = await readLengths(join(folder, `chunk-${number}-dataset.json`));
    const rates = await readRates(join(folder, `chunk-${number}-trace.csv`), skipBadRows);
    counts.rows += rates.rows.length;
    counts.skippedRows += rates.skippedRows;
    counts.endMs = Math.max(counts.endMs, rates.rows.at(-1)?.endMs ?? 0);
    clients.push({ number, windows: windowsOf(rates, lengths) });
  }
  if (counts.rows === 0) throw new TraceFault({ file: folder, constraint: "trace must have at least one row" });
  return { clients, ...counts };
};

const CLIENT_FILE = /^chunk-(\d+)-trace\.csv$/;

const clientNumbers = async (folder: string): Promise<ReadonlyArray<number>> => {
  const names = await readdir(folder);
  const numbers = names.flatMap((name) => CLIENT_FILE.exec(name)?.[1] ?? []).map(Number);
  if (numbers.length > 0) return numbers.toSorted((a, b) => a - b);
  throw new TraceFault({
    file: folder,
    constraint: "folder must hold chunk-N-trace.csv and chunk-N-dataset.json",
    value: `${names.length} other files`,
    hint: "give the folder of one model, such as data/reason/deepseek-r1",
  });
};

interface RateRow {
  readonly startMs: number;
  readonly endMs: number;
  readonly perMs: number;
  readonly gaps: GapSpec;
  readonly line: number;
}

interface Rates {
  readonly file: string;
  readonly rows: ReadonlyArray<RateRow>;
  readonly skippedRows: number;
}

interface Lengths {
  readonly startMs: number;
  readonly prompts: TokenTable;
  readonly outputs: TokenTable;
}

const textOfFile = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((cause: unknown) => {
    const value = cause instanceof Error ? cause.message : String(cause);
    throw new TraceFault({
      file,
      constraint: "each client needs its trace and its dataset",
      value,
    });
  });

const readRates = async (file: string, skipBadRows: boolean): Promise<Rates> => {
  const rows: Array<Omit<RateRow, "endMs">> = [];
  let skippedRows = 0;
  for (const [index, line] of (await textOfFile(file)).split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    try {
      rows.push(rateRow(line, index + 1, rows.at(-1)?.startMs ?? -Infinity));
    } catch (cause) {
      if (!skipBadRows || !(cause instanceof RowFault)) throw located(cause, file, index + 1);
      skippedRows++;
    }
  }
  return { file, rows: withEnds(rows), skippedRows };
};

/** A window ends where the next one starts; the last is as long as the one before it. */
const withEnds = (rows: ReadonlyArray<Omit<RateRow, "endMs">>): ReadonlyArray<RateRow> =>
  rows.map((row, index) => {
    const next = rows[index + 1]?.startMs;
    return { ...row, endMs: next ?? row.startMs + lastLengthMs(rows) };
  });

/** Assumed for a client with one window only: ten minutes, as in the published data. */
const ONLY_WINDOW_MS = 600_000;

const lastLengthMs = (rows: ReadonlyArray<Omit<RateRow, "endMs">>): number =>
  rows.length < 2 ? ONLY_WINDOW_MS : rows.at(-1)!.startMs - rows.at(-2)!.startMs;

const rateRow = (text: string, line: number, previousMs: number): Omit<RateRow, "endMs"> => {
  const fields = text.split(",");
  if (fields.length < 4) throw new RowFault({ constraint: "row must have start, rate, cv and pattern", value: text });
  const startMs = field(fields, 0, "window start") * 1000;
  if (startMs <= previousMs)
    throw new RowFault({
      constraint: "windows must be in order of time",
      value: fields[0]!,
      hint: "sort the file",
    });
  const perMs = field(fields, 1, "rate") / 1000;
  const cv = field(fields, 2, "cv");
  return {
    startMs,
    perMs,
    gaps: perMs > 0 ? gapsOf(fields[3]!.trim(), cv) : { kind: "poisson" },
    line,
  };
};

const field = (fields: ReadonlyArray<string>, index: number, name: string): number => {
  const text = fields[index]!.trim();
  const value = text === "" ? Number.NaN : Number(text);
  if (value >= 0 && value < Infinity) return value;
  const column = fields.slice(0, index).join(",").length + (index === 0 ? 1 : 2);
  throw new RowFault({ column, constraint: `${name} must be a number >= 0`, value: text });
};

const gapsOf = (pattern: string, cv: number): GapSpec => {
  switch (pattern) {
    case "Gamma":
      return { kind: "gamma", cv };
    case "Weibull":
      return { kind: "weibull", cv };
    case "":
      return { kind: "poisson" };
    default:
      throw new RowFault({ constraint: "pattern must be Gamma, Weibull or empty", value: pattern });
  }
};

const readLengths = async (file: string): Promise<ReadonlyArray<Lengths>> => {
  const text = await textOfFile(file);
  try {
    const windows = JSON.parse(text) as {
      readonly [start: string]: { readonly [key: string]: unknown };
    };
    return Object.entries(windows)
      .flatMap(([start, tables]) => lengthsOf(start, tables))
      .toSorted((a, b) => a.startMs - b.startMs);
  } catch (cause) {
    throw located(cause, file, 1);
  }
};

const lengthsOf = (start: string, tables: { readonly [key: string]: unknown }): ReadonlyArray<Lengths> => {
  const startMs = Number(start) * 1000;
  if (!(startMs >= 0)) throw new RowFault({ constraint: "window start must be a number of seconds", value: start });
  const prompts = tokenTableOf(String(tables["input_tokens"]));
  const outputs = tokenTableOf(String(tables["output_tokens"]));
  return prompts === undefined || outputs === undefined ? [] : [{ startMs, prompts, outputs }];
};

const windowsOf = (rates: Rates, lengths: ReadonlyArray<Lengths>): ReadonlyArray<ClientWindow> =>
  rates.rows.flatMap((row) => {
    if (row.perMs === 0) return [];
    const inForce = lengths.findLast((each) => each.startMs <= row.startMs) ?? lengths[0];
    if (inForce !== undefined) return [{ ...row, prompts: inForce.prompts, outputs: inForce.outputs }];
    throw new TraceFault({
      file: rates.file,
      line: row.line,
      constraint: "a window with requests needs lengths in the dataset",
    });
  });

const located = (cause: unknown, file: string, line: number): unknown => {
  if (cause instanceof RowFault) {
    const { column, constraint, value, hint } = cause;
    return new TraceFault({
      file,
      line,
      constraint,
      value,
      ...(column === undefined ? {} : { column }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  if (cause instanceof SyntaxError || cause instanceof TypeError) {
    return new TraceFault({
      file,
      line,
      constraint: "dataset must be JSON of windows",
      value: cause.message,
    });
  }
  return cause;
};
