import type { RequestRecord } from "../metric/RequestRecord.ts";
import type { CsvField } from "./CsvText.ts";
import { csvText } from "./CsvText.ts";
import { roundedMeasure, roundedTime } from "./Rounded.ts";

/** The columns of `requests.csv`, in order. */
export const REQUEST_COLUMNS = [
  "class",
  "id",
  "arrivalMs",
  "promptTokens",
  "cachedTokens",
  "outputTokens",
  "attempts",
  "replica",
  "queueWaitMs",
  "ttftMs",
  "tpotMs",
  "e2eMs",
  "outcome",
  "good",
] as const satisfies ReadonlyArray<keyof RequestRecord>;

/** `requests.csv`: all requests of a run or a sample of them, by arrival (then class and id), whatever order they come in. */
export const requestsCsv = (records: ReadonlyArray<RequestRecord>): string =>
  csvText(REQUEST_COLUMNS, records.toSorted(byArrival).map(row));

/** Class names are compared by code unit: no locale. */
const byArrival = (one: RequestRecord, other: RequestRecord): number =>
  one.arrivalMs - other.arrivalMs || (one.class < other.class ? -1 : one.class > other.class ? 1 : one.id - other.id);

const row = (record: RequestRecord): ReadonlyArray<CsvField> =>
  REQUEST_COLUMNS.map((column) => {
    const value = record[column];
    if (typeof value !== "number") return value;
    return column === "arrivalMs" ? roundedTime(value) : roundedMeasure(value);
  });
