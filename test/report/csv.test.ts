import fc from "fast-check";
import { expect, test } from "vitest";
import type { RequestRecord } from "../../src/metric/RequestRecord.ts";
import { csvText } from "../../src/report/CsvText.ts";
import { requestsCsv } from "../../src/report/requestsCsv.ts";
import { TIMELINE_COLUMNS, timelineCsv } from "../../src/report/timelineCsv.ts";
import { sampleResult } from "./sampleResult.ts";

/** A reader by the grammar of RFC 4180, written apart from the writer. */
const readCsv = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<Array<string>> = [];
  let row: Array<string> = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/gy;
  for (const [, quoted, bare, end] of text.matchAll(field)) {
    row.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
};

test("csvText: fields with commas, quotes, line breaks and spaces -> a reader gets them back", () => {
  const texts = fc.string({
    unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "深"),
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, texts, texts), { maxLength: 6 }), (rows) => {
      expect(readCsv(csvText(["one", "two, too", "three"], rows))).toEqual([["one", "two, too", "three"], ...rows]);
    }),
  );
});

const record: RequestRecord = {
  class: "chat",
  id: 12,
  arrivalMs: 5_400_123.4567,
  promptTokens: 812,
  cachedTokens: 512,
  outputTokens: 128,
  attempts: 1,
  replica: "gpu/3",
  queueWaitMs: 0,
  ttftMs: 123.456789,
  tpotMs: 24.18123,
  e2eMs: 3194.4730001,
  outcome: "completed",
  good: true,
};

test("requestsCsv: records -> the columns in order, times of day to the microsecond, measures to six digits", () => {
  expect(requestsCsv([record])).toBe(
    "class,id,arrivalMs,promptTokens,cachedTokens,outputTokens,attempts,replica,queueWaitMs,ttftMs,tpotMs,e2eMs,outcome,good\n" +
      "chat,12,5400123.457,812,512,128,1,gpu/3,0,123.457,24.1812,3194.47,completed,true\n",
  );
});

test("requestsCsv: a request that no replica took -> empty fields, never null or NaN", () => {
  const lost: RequestRecord = {
    ...record,
    class: "a,b",
    replica: null,
    queueWaitMs: null,
    ttftMs: null,
    tpotMs: NaN,
    e2eMs: null,
    outcome: "shed",
    good: false,
  };
  expect(requestsCsv([lost]).split("\n")[1]).toBe('"a,b",12,5400123.457,812,512,128,1,,,,,,shed,false');
});

test("requestsCsv: a sample in any order -> by arrival, then class, then id", () => {
  const records = fc.array(
    fc.record({
      arrivalMs: fc.integer({ min: 0, max: 3 }),
      class: fc.constantFrom("a", "B", "é"),
      id: fc.nat(3),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(records, (some) => {
      const full = some.map((part) => ({ ...record, ...part }));
      const rows = readCsv(requestsCsv(full)).slice(1);
      expect(rows).toHaveLength(full.length);
      expect(requestsCsv(full.toReversed())).toBe(requestsCsv(full));
      const arrivals = rows.map((row) => Number(row[2]));
      expect(arrivals).toEqual(arrivals.toSorted((one, other) => one - other));
    }),
  );
});

test("timelineCsv: a timeline -> all fields of its points, one row each, empty where there was no first token", () => {
  const { timeline } = sampleResult();
  const [header, ...rows] = readCsv(timelineCsv({ timeline }));
  expect(header).toEqual(TIMELINE_COLUMNS);
  expect(new Set(header)).toEqual(new Set(Object.keys(timeline[0]!)));
  expect(rows).toHaveLength(timeline.length);
  expect(rows[7]![header!.indexOf("ttftP99Ms")]).toBe("");
  expect(Number(rows[3]![1])).toBeCloseTo(timeline[3]!.offeredPerSecond, 3);
});
