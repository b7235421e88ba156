import { CsvColumns } from "../../workload/trace/Csv.ts";
import { JsonRecord } from "../../workload/trace/JsonRecord.ts";
import { TraceFault } from "../../workload/trace/TraceFault.ts";
import { RowFault } from "../../workload/trace/TraceRow.ts";
import type { MeasuredPoint } from "./fitPoints.ts";
import type { NumberedRow } from "./idGaps.ts";
import { idGaps } from "./idGaps.ts";
import type { RunRecord } from "./RunRecord.ts";
import { isScored } from "./RunRecord.ts";
import type { StepPoint } from "./StepPoint.ts";

/** What a file of measurements holds. */
export type Measurements =
  | { readonly kind: "steps"; readonly steps: ReadonlyArray<StepPoint> }
  | { readonly kind: "points"; readonly points: ReadonlyArray<MeasuredPoint>; readonly leftOut: number }
  | {
      readonly kind: "run";
      readonly records: ReadonlyArray<RunRecord>;
      readonly leftOut: number;
      readonly warnings: ReadonlyArray<string>;
    };

export interface Reading {
  readonly file: string;
  readonly text: string;
  /** Rows of closed-loop points are kept where each of these columns has its value, in any case. */
  readonly where: ReadonlyArray<readonly [column: string, value: string]>;
}

const KNOWN =
  "a CSV with sequences,kvTokens,prefillTokens,context,ms (steps), with isl,osl,concurrency,ttft_ms,tpot_ms (closed-loop points) or with " +
  "arrivalMs,promptTokens,outputTokens,ttftMs,e2eMs (requests.csv), or JSON lines with input_toks, output_toks, queued_ts or arrival_time, first_token_ts, last_token_ts (requests)";

/** Shorter, or longer, is nothing that was measured (assumed); squares of them stay numbers. */
const LEAST_MS = 1e-6;
const MOST_MS = 1e9;
/** Beyond any context, any memory and any replica (assumed). */
const MOST_REQUEST_TOKENS = 1e7;
const MOST_STEP_TOKENS = 1e12;
const MOST_CONCURRENCY = 10_000;
const MOST_ATTEMPTS = 1e6;

/** Reads measurements; which kind they are, the first line says. Throws TraceFault with line and column. */
export const readMeasurements = (reading: Reading): Measurements => {
  const lines = reading.text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const head = (lines[0] ?? "").replace(/^\uFEFF/, "").trimStart();
  const columns = head.split(",").map((name) => name.trim().toLowerCase());
  const has = (...names: ReadonlyArray<string>): boolean => names.every((name) => columns.includes(name));
  const refuseFilter = (): void => {
    if (reading.where.length > 0)
      throw fault(reading, 1, { constraint: "--where is for closed-loop points", value: reading.where[0]!.join("=") });
  };
  if (has("isl", "osl")) return readPoints(reading, lines);
  refuseFilter();
  if (head.startsWith("{")) return readRunLines(reading, lines);
  if (has("sequences", "kvtokens")) return readSteps(reading, lines);
  if (has("arrivalms", "ttftms")) return readRunCsv(reading, lines);
  throw fault(reading, 1, { constraint: "must be known measurements", value: head, hint: `known: ${KNOWN}` });
};

const readSteps = (reading: Reading, lines: ReadonlyArray<string>): Measurements => {
  const rows = csvRows(reading, lines, ["sequences", "kvTokens", "prefillTokens", "context", "ms"]);
  const steps = rows.map(({ row, line, columns }) => {
    const [sequences, kvTokens, prefillTokens, context] = [0, 1, 2, 3].map((field) => stepTokens(columns, row, field)) as [
      number,
      number,
      number,
      number,
    ];
    const ms = duration(columns, row, 4);
    if (sequences === 0 && prefillTokens === 0) {
      throw fault(reading, line, { constraint: "a step must decode sequences or compute prompt tokens", value: row });
    }
    return { sequences, kvTokens, prefillTokens, attention: prefillTokens * (2 * context + prefillTokens), ms };
  });
  return { kind: "steps", steps };
};

const readPoints = (reading: Reading, lines: ReadonlyArray<string>): Measurements => {
  const silicon = lines[0]!.toLowerCase().includes("silicon_ttft_ms");
  const times = silicon ? ["silicon_ttft_ms", "silicon_tpot_ms"] : ["ttft_ms", "tpot_ms"];
  const filters = reading.where.map(([column]) => column);
  const rows = csvRows(reading, lines, ["isl", "osl", "concurrency", ...times, ...filters], (columns, row) =>
    reading.where.every(([, value], i) => fieldOf(columns, row, 5 + i).toLowerCase() === value.toLowerCase()),
  );
  const asked = rows.filter(({ row, columns }) => fieldOf(columns, row, 2) !== "");
  const measured = asked.filter(({ row, columns }) => requestTokens(columns, row, 1) > 1);
  const points = measured.map(({ row, columns }) => ({
    inputTokens: requestTokens(columns, row, 0),
    outputTokens: requestTokens(columns, row, 1),
    concurrency: whole(columns, row, 2, MOST_CONCURRENCY),
    ttftMs: duration(columns, row, 3),
    tpotMs: duration(columns, row, 4),
  }));
  if (points.length === 0) {
    throw fault(reading, undefined, {
      constraint: "must have a closed-loop point that matches",
      value: reading.where.map((pair) => pair.join("=")).join(" "),
      hint:
        asked.length > 0 ? "a request of one token has no time per output token: measure longer answers" : "--where compares whole fields",
    });
  }
  return { kind: "points", points, leftOut: rows.length - measured.length };
};

const readRunCsv = (reading: Reading, lines: ReadonlyArray<string>): Measurements => {
  const needed = ["arrivalMs", "promptTokens", "outputTokens", "ttftMs", "e2eMs"];
  const header = lines[0]!.split(",").map((name) => name.trim().toLowerCase());
  const names = [...needed, ...OPTIONAL.filter((name) => header.includes(name))];
  const [replica, attempts, id, className] = OPTIONAL.map((name) => names.indexOf(name)) as [number, number, number, number];
  const rows = csvRows(reading, lines, names);
  const given = (columns: CsvColumns, row: string, field: number): boolean => field >= 0 && fieldOf(columns, row, field) !== "";
  const warnings = refuseSample(
    reading,
    rows.map(({ row, columns }) => ({
      class: given(columns, row, className) ? fieldOf(columns, row, className) : "",
      id: given(columns, row, id) ? Number(fieldOf(columns, row, id)) : NaN,
      arrivalMs: columns.number(row, 0),
    })),
  );
  const answered = rows.filter(({ row, columns }) => given(columns, row, 3) && given(columns, row, 4));
  const records = answered.map(({ row, columns }) => {
    const arrivalMs = columns.number(row, 0);
    const ttftMs = duration(columns, row, 3);
    const e2eMs = duration(columns, row, 4);
    if (e2eMs < ttftMs) throw columns.fault(row, 4, `must be at least ttftMs, ${ttftMs}`);
    return {
      arrivalMs,
      promptTokens: requestTokens(columns, row, 1),
      outputTokens: requestTokens(columns, row, 2),
      firstTokenMs: arrivalMs + ttftMs,
      lastTokenMs: arrivalMs + e2eMs,
      ...(given(columns, row, replica) ? { replica: fieldOf(columns, row, replica) } : {}),
      ...(given(columns, row, attempts) ? { attempts: whole(columns, row, attempts, MOST_ATTEMPTS) } : {}),
    };
  });
  return runOf(reading, records, { rows: rows.length, warnings });
};

const OPTIONAL = ["replica", "attempts", "id", "class"] as const;
/** Share of the ids that may miss: a load that is thinner by this moves no fit. */
const MISSING_RATIO = 0.01;

/** Throws where ids tell that rows are missing: the load that is replayed would be too thin. Ids that are no whole numbers tell nothing. */
const refuseSample = (reading: Reading, rows: ReadonlyArray<NumberedRow>): ReadonlyArray<string> => {
  if (rows.length === 0 || !rows.every((row) => Number.isInteger(row.id))) return [];
  const { rows: found, ids, total, before, ascend } = idGaps(rows);
  if (!ascend) return ["ids do not ascend with arrivals, as in a closed loop: whether these are all requests of the run, they do not tell"];
  if (found >= (1 - MISSING_RATIO) * ids) {
    if (before <= 0) return [];
    return [
      `the ids begin after ${before} requests, as behind a warm-up: what was in flight is no part of the replay; spillway run records all with --set warmup=0s`,
    ];
  }
  throw fault(reading, undefined, {
    constraint: "must have all requests of the run: a sample is too thin a load",
    value: `${found} rows for ${ids} ids in its first half`,
    hint: `spillway run keeps them all with --records ${1000 * Math.ceil(total / 950)}; if the ids do not count the requests of a class, leave out the column id`,
  });
};

const readRunLines = (reading: Reading, lines: ReadonlyArray<string>): Measurements => {
  const records = lines.flatMap((text, i) => {
    if (text.trim() === "") return [];
    return [placed(reading, i + 1, () => recordOf(reading, new JsonRecord(text), { text, line: i + 1 }))];
  });
  return runOf(reading, records, { rows: records.length, warnings: [] });
};

/** Where some records name their replica, one without name never reached any (an answer from a cache): it is no load. */
const runOf = (
  reading: Reading,
  records: ReadonlyArray<RunRecord>,
  { rows, warnings }: { readonly rows: number; readonly warnings: ReadonlyArray<string> },
): Measurements => {
  const named = records.filter(({ replica }) => replica !== undefined);
  const kept = enough(reading, named.length > 0 ? named : records);
  return { kind: "run", records: kept, leftOut: rows - kept.length, warnings };
};

/** Token times and `queued_ts` are by the engine's clock; `arrival_time` is by another one, and used only where there is no `queued_ts`. */
const recordOf = (reading: Reading, row: JsonRecord, at: { readonly text: string; readonly line: number }): RunRecord => {
  const seconds = (key: string): number => 1000 * row.number(key);
  const arrivalMs = seconds(row.has("queued_ts") ? "queued_ts" : "arrival_time");
  const record = {
    arrivalMs,
    promptTokens: recordTokens(row, "input_toks"),
    outputTokens: recordTokens(row, "output_toks"),
    firstTokenMs: seconds("first_token_ts"),
    lastTokenMs: seconds("last_token_ts"),
    ...(row.has("replica") ? { replica: String(row.get("replica")) } : {}),
    ...(row.has("attempts") ? { attempts: row.number("attempts") } : {}),
  };
  if (record.firstTokenMs >= arrivalMs && record.lastTokenMs >= record.firstTokenMs) return record;
  throw fault(reading, at.line, {
    constraint: "arrival <= first token <= last token must hold on one clock",
    value: at.text,
    hint: "give queued_ts on the clock of first_token_ts",
  });
};

const enough = (reading: Reading, records: ReadonlyArray<RunRecord>): ReadonlyArray<RunRecord> => {
  const scored = records.filter(isScored).length;
  if (scored >= 2) return records;
  throw fault(reading, undefined, { constraint: "must have at least two answered requests that were not retried", value: String(scored) });
};

interface CsvRow {
  readonly row: string;
  readonly line: number;
  readonly columns: CsvColumns;
}

/** Rows whose fields are split again when they are asked for: one set of fields serves all. */
interface CsvRows {
  readonly length: number;
  map<T>(of: (row: CsvRow) => T): Array<T>;
  filter(of: (row: CsvRow) => boolean): CsvRows;
}

const csvRows = (
  reading: Reading,
  lines: ReadonlyArray<string>,
  names: ReadonlyArray<string>,
  keep: (columns: CsvColumns, row: string) => boolean = () => true,
): CsvRows => {
  const columns = placed(reading, 1, () => new CsvColumns(lines[0]!.replace(/^\uFEFF/, ""), names));
  const rows: Array<CsvRow> = [];
  lines.forEach((row, i) => {
    if (i === 0 || row.trim() === "") return;
    placed(reading, i + 1, () => {
      columns.split(row);
      if (keep(columns, row)) rows.push({ row, line: i + 1, columns });
    });
  });
  if (rows.length === 0 && keep(columns, "") && lines.every((row, i) => i === 0 || row.trim() === "")) {
    throw fault(reading, undefined, { constraint: "must have a row below its header" });
  }
  return rowsOf(reading, rows);
};

const rowsOf = (reading: Reading, rows: ReadonlyArray<CsvRow>): CsvRows => ({
  length: rows.length,
  map: (of) => rows.map((each) => placed(reading, each.line, () => (each.columns.split(each.row), of(each)))),
  filter: (of) =>
    rowsOf(
      reading,
      rows.filter((each) => placed(reading, each.line, () => (each.columns.split(each.row), of(each)))),
    ),
});

const fieldOf = (columns: CsvColumns, row: string, field: number): string => {
  const { start, end } = columns.fields[field]!;
  return row.slice(start, end).trim();
};

const duration = (columns: CsvColumns, row: string, field: number): number => {
  const ms = columns.number(row, field);
  if (ms <= 0) throw columns.fault(row, field, "must be above 0");
  if (ms < LEAST_MS) throw columns.fault(row, field, `must be at least ${LEAST_MS.toFixed(6)}`);
  if (ms > MOST_MS) throw columns.fault(row, field, `must be at most ${MOST_MS}`);
  return ms;
};

const stepTokens = (columns: CsvColumns, row: string, field: number): number => {
  const tokens = columns.tokens(row, field);
  if (tokens > MOST_STEP_TOKENS) throw columns.fault(row, field, `must be at most ${MOST_STEP_TOKENS}`);
  return tokens;
};

const requestTokens = (columns: CsvColumns, row: string, field: number): number => whole(columns, row, field, MOST_REQUEST_TOKENS);

const whole = (columns: CsvColumns, row: string, field: number, most: number): number => {
  const value = columns.number(row, field);
  if (isWhole(value, most)) return value;
  throw columns.fault(row, field, `must be a whole number in 1..${most}`);
};

const recordTokens = (row: JsonRecord, key: string): number => {
  const tokens = row.number(key);
  if (isWhole(tokens, MOST_REQUEST_TOKENS)) return tokens;
  throw row.fault(key, `must be a whole number in 1..${MOST_REQUEST_TOKENS}`);
};

const isWhole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;

/** Adds file and line to the faults of a row. */
const placed = <T>(reading: Reading, line: number, body: () => T): T => {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof RowFault) throw fault(reading, line, cause);
    throw cause;
  }
};

const fault = (
  { file }: Reading,
  line: number | undefined,
  parts: { readonly constraint: string; readonly value?: string; readonly hint?: string | undefined; readonly column?: number | undefined },
): TraceFault =>
  new TraceFault({
    file,
    constraint: parts.constraint,
    ...(line === undefined ? {} : { line }),
    ...(parts.column === undefined ? {} : { column: parts.column }),
    ...(parts.value === undefined ? {} : { value: parts.value }),
    ...(parts.hint === undefined ? {} : { hint: parts.hint }),
  });
