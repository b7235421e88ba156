import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TraceFault } from "../../../src/workload/trace/TraceFault.ts";
import type { TraceFormat } from "../../../src/workload/TrafficSpec.ts";
import { drain, fixture, openTrace, replay } from "../support.ts";
import type { OpenTrace } from "../support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-faults-"));
});
afterAll(() => rm(folder, { recursive: true }));

const faultOf = async (options: OpenTrace): Promise<TraceFault> => {
  const cause: unknown = await replay(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(cause).toBeInstanceOf(TraceFault);
  return cause as TraceFault;
};

/** The message after the folder of the file. */
const messageOf = async (path: string, format?: TraceFormat): Promise<string> => {
  const fault = await faultOf({ trace: { path, ...(format === undefined ? {} : { format }) } });
  return fault.message.replace(/^.*\/(malformed|spillway-faults-[^/]*)\//, "");
};

const row = (ms: number): string => `{"atMs":${ms},"promptTokens":1,"outputTokens":1}`;

const malformed: ReadonlyArray<readonly [string, string]> = [
  ["bad-month.csv", "bad-month.csv:3:1 TIMESTAMP must be a time (2023-13-16 18:17:04.03) write it as 2023-11-16 18:17:03.9799600"],
  ["negative-tokens.csv", "negative-tokens.csv:2:27 GeneratedTokens must be >= 0 (-4)"],
  ["few-columns.csv", "few-columns.csv:2 row must have at least 3 columns (2023-11-16 18:17:03.98,10) it has 2"],
  ["word-for-time.csv", "word-for-time.csv:2:1 Timestamp must be a number (soon)"],
  ["missing-length.jsonl", 'missing-length.jsonl:2 input_length must be a number >= 0 (absent) add "input_length"'],
  ["too-many-hashes.jsonl", "too-many-hashes.jsonl:1:59 hash_ids must have at most 2 ids, one per block of the prompt ([1,2,3]) it has 3"],
  ["cut-off.json", 'cut-off.json:2 an object must end with } ({"conversations": [{"from": "human")'],
  ["empty.csv", "empty.csv trace file must not be empty"],
];

describe("trace faults", () => {
  it.each(malformed)("%s: malformed -> place, constraint, value and hint", async (name, message) => {
    expect((await messageOf(fixture(`malformed/${name}`))).replace(/\n\)$/, ")")).toBe(message.replace("\n)", ")"));
  });

  it("broken JSON -> the column and the parser's reason", async () => {
    const fault = await faultOf({ trace: { path: fixture("malformed/broken.jsonl") } });
    expect(fault).toMatchObject({
      _tag: "TraceFault",
      line: 2,
      column: 47,
      constraint: "record must be JSON",
    });
    expect(fault.hint).toMatch(/after property name/);
  });

  it("unknown format -> the first line and all formats", async () => {
    const fault = await faultOf({ trace: { path: fixture("malformed/unknown.csv") } });
    expect(fault).toMatchObject({ line: 1, value: "time,tokens" });
    for (const format of ["azure", "burstgpt", "mooncake", "servegen", "sharegpt", "spillway"]) {
      expect(fault.constraint).toContain(format);
    }
  });

  it("a format without its header -> a fault even where bad rows are skipped", async () => {
    const trace = { path: fixture("malformed/missing-column.csv"), format: "azure" as const };
    expect((await faultOf({ trace, skipBadRows: true })).message).toMatch(/:1 header must have the column ContextTokens/);
  });

  it("missing file, folder, wrong folder -> say so", async () => {
    expect(await messageOf(join(folder, "nowhere.csv"))).toBe(
      "nowhere.csv trace file must exist check the path; it is taken from the folder of the scenario",
    );
    expect(await messageOf(folder, "azure")).toMatch(/must be a file \(a folder\)/);
    expect(await messageOf(fixture("malformed"))).toMatch(/folder must hold chunk-N-trace.csv/);
    expect(await messageOf(fixture("malformed/servegen"))).toMatch(/chunk-0-trace.csv:2:5 rate must be a number >= 0 \(fast\)/);
  });

  it("cut gzip, tar archive -> say so", async () => {
    const text = (await readFile(fixture("azure2023.csv"), "utf8")) + "\n2023-11-17 00:00:02,1,1".repeat(5000);
    const cut = join(folder, "cut.csv.gz");
    await writeFile(cut, gzipSync(text).subarray(0, 200));
    expect(await messageOf(cut)).toBe("cut.csv.gz gzip data must be whole and correct (unexpected end of file) copy the file again");
    const tar = join(folder, "clients.tar.gz");
    await writeFile(tar, gzipSync(Buffer.from(`${"chunk".padEnd(257, "\0")}ustar\0`)));
    expect(await messageOf(tar)).toBe("clients.tar.gz must not be a tar archive unpack it and give the folder");
  });

  it("rows far out of order -> the late row", async () => {
    const path = join(folder, "late.jsonl");
    await writeFile(path, [...Array.from({ length: 3000 }, (_, index) => row(index + 10)), row(5), row(9000)].join("\n"));
    expect(await messageOf(path)).toMatch(/^late.jsonl:3001 rows must be in order of time.* sort the file by time$/);
    const source = openTrace({ trace: { path }, skipBadRows: true });
    expect((await drain(source)).length).toBe(3001);
    expect([source.rows, source.skippedRows]).toEqual([3001, 1]);
  });

  it("skipBadRows: bad rows -> counted, the others replayed", async () => {
    const source = openTrace({
      trace: { path: fixture("malformed/bad-month.csv") },
      skipBadRows: true,
    });
    expect((await drain(source)).map((each) => each.promptTokens)).toEqual([10, 1]);
    expect([source.rows, source.skippedRows]).toEqual([2, 1]);
    const none = await faultOf({
      trace: { path: fixture("malformed/negative-tokens.csv") },
      skipBadRows: true,
    });
    expect(none.message).toMatch(/must have at least one row \(1 malformed rows skipped\)/);
  });

  it("rows of other classes only, an empty window -> say so", async () => {
    const path = join(folder, "other.jsonl");
    await writeFile(path, '{"atMs":1,"promptTokens":1,"outputTokens":1,"class":"batch"}');
    expect(await messageOf(path)).toMatch(/row to replay for class chat/);
    const fault = await faultOf({ trace: { path: fixture("spillway.jsonl"), fromMs: 5000 } });
    expect(fault.message).toMatch(/window must hold at least one row/);
  });

  it("impossible scales and spikes -> errors at construction", () => {
    const path = fixture("spillway.jsonl");
    expect(() => openTrace({ trace: { path, rateScale: 0 } })).toThrow(/rateScale 0/);
    expect(() => openTrace({ trace: { path, timeScale: -1 } })).toThrow(/timeScale -1/);
    expect(() => openTrace({ trace: { path, fromMs: 5, toMs: 5 } })).toThrow(/window 5 ms/);
    const spikes = [{ shape: "square" as const, atMs: 0, durationMs: 1, extraPerSecond: 1 }];
    expect(() => openTrace({ trace: { path }, spec: { spikes } })).toThrow(TraceFault);
  });

  it("a bad row after good ones: refilled again -> the same fault, not the end", async () => {
    const path = join(folder, "late-fault.jsonl");
    await writeFile(path, [...Array.from({ length: 20_000 }, (_, index) => row(index)), "{"].join("\n"));
    const source = openTrace({ trace: { path } });
    await expect(drain(source)).rejects.toThrow(/late-fault.jsonl:20001:2 record must be JSON/);
    await expect(source.refill()).rejects.toThrow(/:20001/);
  });

  it("a rejected refill -> rejects again, next() stays NaN", async () => {
    const source = openTrace({ trace: { path: fixture("malformed/unknown.csv") } });
    await expect(source.refill()).rejects.toThrow(TraceFault);
    await expect(source.refill()).rejects.toThrow(TraceFault);
    expect(source.next()).toBeNaN();
    await source.close();
  });
});
