import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Streams } from "../../../src/kernel/Streams.ts";
import { FileRows } from "../../../src/workload/trace/FileRows.ts";
import type { TraceRow } from "../../../src/workload/trace/TraceRow.ts";
import { drain, fixture, openTrace, replay } from "../support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-traces-"));
});
afterAll(() => rm(folder, { recursive: true }));

const rowsOf = async (pieces: Iterable<string>): Promise<ReadonlyArray<TraceRow>> => {
  const reader = new FileRows({
    file: "pieces",
    format: undefined,
    className: "chat",
    skipBadRows: false,
    spread: new Streams(1).open("traffic/chat", "spread").sequence(),
  });
  const rows: Array<TraceRow> = [];
  for await (const batch of reader.read(pieces)) rows.push(...batch);
  return rows;
};

function* piecesOf(text: string, size: number): Generator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

const lengths = (arrivals: ReadonlyArray<{ readonly promptTokens: number; readonly outputTokens: number }>) =>
  arrivals.map(({ promptTokens, outputTokens }) => [promptTokens, outputTokens]);

describe("trace formats", () => {
  it("azure 2023: seven decimals, CRLF, midnight, no last line end -> exact times, zero tokens become one", async () => {
    const arrivals = await replay({ trace: { path: fixture("azure2023.csv") } });
    expect(lengths(arrivals)).toEqual([
      [374, 44],
      [396, 109],
      [1, 1],
    ]);
    expect(arrivals[0]!.atMs).toBe(0);
    expect(arrivals[1]!.atMs).toBeCloseTo(20.0401, 7);
    expect(arrivals[2]!.atMs).toBeCloseTo(1520.04, 7);
  });

  it("azure 2024 and 2025: time zones and a further column -> UTC times, columns by name", async () => {
    const arrivals = await replay({ trace: { path: fixture("azure2024.csv") } });
    expect(lengths(arrivals)).toEqual([
      [2162, 5],
      [12, 7],
      [13, 8],
    ]);
    expect(arrivals.map((each) => Math.round(each.atMs * 1000) / 1000)).toEqual([0, 500, 1000]);
  });

  it("burstgpt: seconds, extra columns, a failed request -> times in ms, the failed one left out and counted", async () => {
    const source = openTrace({ trace: { path: fixture("burstgpt.csv") } });
    const arrivals = await drain(source);
    expect(lengths(arrivals)).toEqual([
      [472, 18],
      [1087, 230],
    ]);
    expect(arrivals.map((each) => each.atMs)).toEqual([0, 40_000]);
    expect([source.rows, source.ignoredRows, source.skippedRows]).toEqual([3, 1, 0]);
  });

  it("mooncake: hash ids -> block hashes of 512 tokens, fresh for each request; blank line skipped", async () => {
    const source = openTrace({ trace: { path: fixture("mooncake.jsonl") } });
    await source.refill();
    expect(source.next()).toBe(0);
    const first = source.draft.blockHashes;
    expect(first).toEqual(Float64Array.of(0, 1, 2));
    expect(source.draft.blockTokens).toBe(512);
    source.next();
    expect(source.draft.blockHashes).not.toBe(first);
    expect(source.next()).toBe(250);
    expect(source.draft).toMatchObject({
      promptTokens: 40,
      blockHashes: undefined,
      blockTokens: 0,
    });
    expect(source.next()).toBe(Infinity);
  });

  it("sharegpt: array of conversations -> first two messages at four characters per token, one per second", async () => {
    const source = openTrace({ trace: { path: fixture("sharegpt.json") } });
    const arrivals = await drain(source);
    expect(lengths(arrivals)).toEqual([
      [2, 8],
      [2, 1],
    ]);
    expect(arrivals.map((each) => each.atMs)).toEqual([0, 1000]);
    expect([source.rows, source.ignoredRows]).toEqual([3, 1]);
  });

  it("sharegpt: the class has arrivals -> times of that process", async () => {
    const arrivals = {
      kind: "deterministic" as const,
      rate: { kind: "constant" as const, perSecond: 4 },
    };
    const taken = await replay({ trace: { path: fixture("sharegpt.json") }, spec: { arrivals } });
    expect(taken.map((each) => each.atMs)).toEqual([250, 500]);
  });

  it("vllm benchmark: arrival times in s and in ns -> ms from the first", async () => {
    const seconds = await replay({ trace: { path: fixture("vllm.jsonl") } });
    expect(lengths(seconds)).toEqual([
      [2358, 531],
      [1034, 769],
    ]);
    expect(seconds.map((each) => each.atMs)).toEqual([0, 250]);
    const nanoseconds = await replay({ trace: { path: fixture("vllm-ns.jsonl") } });
    expect(nanoseconds[1]!.atMs).toBeCloseTo(301.012143, 6);
  });

  it("spillway: rows of a class and blocks of their own -> only what belongs to the class", async () => {
    const path = fixture("spillway.jsonl");
    const chat = await replay({ trace: { path } });
    expect(chat.map((each) => [each.atMs, each.promptTokens, each.blockTokens])).toEqual([
      [0, 33, 16],
      [200, 80, 64],
    ]);
    expect(chat[1]!.blockHashes).toEqual([1, 2]);
    const batch = await replay({ trace: { path }, spec: { name: "batch" } });
    expect(batch.map((each) => [each.atMs, each.promptTokens])).toEqual([
      [0, 33],
      [100.5, 10],
    ]);
  });

  it("format given -> used instead of the first line", async () => {
    const path = join(folder, "conversations.jsonl");
    await writeFile(path, '{"id": 1, "conversations": [{"value": "1234"}, {"value": "12345"}]}\n');
    expect(lengths(await replay({ trace: { path, format: "sharegpt" } }))).toEqual([[1, 2]]);
  });

  it.each(["azure2023.csv", "mooncake.jsonl", "sharegpt.json", "spillway.jsonl", "burstgpt.csv"])(
    "%s: cut into pieces of any size -> the same rows",
    async (name) => {
      const text = await readFile(fixture(name), "utf8");
      const whole = await rowsOf([text]);
      expect(whole.length).toBeGreaterThan(1);
      for (const size of [1, 2, 3, 7, 61]) expect(await rowsOf(piecesOf(text, size))).toEqual(whole);
    },
  );

  it("gzip, a byte order mark, any file name -> read as the plain file", async () => {
    const bytes = await readFile(fixture("azure2023.csv"));
    const path = join(folder, "trace.bin");
    await writeFile(path, gzipSync(Buffer.concat([Buffer.from("\uFEFF"), bytes])));
    expect(await replay({ trace: { path } })).toEqual(await replay({ trace: { path: fixture("azure2023.csv") } }));
  });

  it("gzip of several pieces -> all rows in order", async () => {
    const count = 30_000;
    const lines = Array.from({ length: count }, (_, row) => `{"atMs":${row},"promptTokens":${(row % 997) + 1},"outputTokens":2}`);
    const path = join(folder, "long.jsonl.gz");
    await writeFile(path, gzipSync(lines.join("\n")));
    const arrivals = await replay({ trace: { path } });
    expect(arrivals.length).toBe(count);
    expect(arrivals.every((each, row) => each.atMs === row && each.promptTokens === (row % 997) + 1)).toBe(true);
  });

  it("rows a little out of order -> sorted", async () => {
    const path = join(folder, "shuffled.jsonl");
    const stamps = Array.from({ length: 5000 }, (_, row) => row + ((row * 7919) % 400));
    await writeFile(
      path,
      ['{"atMs":0,"promptTokens":1,"outputTokens":1}', ...stamps.map((ms) => `{"atMs":${ms},"promptTokens":1,"outputTokens":1}`)].join(
        "\n",
      ),
    );
    const arrivals = await replay({ trace: { path } });
    expect(arrivals.slice(1).map((each) => each.atMs)).toEqual(stamps.toSorted((a, b) => a - b));
  });

  it("stamps in steps of about 3 s -> spread within their step, in recorded order", async () => {
    const path = join(folder, "steps.jsonl");
    // The recorder rounds: 0, 3000, 5999, 8999, 12000, ...
    const stamps = Array.from({ length: 3000 }, (_, row) => {
      const step = Math.floor(row / 10);
      return step * 3000 - (step % 4 > 1 ? 1 : 0);
    });
    await writeFile(path, stamps.map((ms, row) => `{"timestamp":${ms},"input_length":${row + 1},"output_length":1}`).join("\n"));
    const arrivals = await replay({ trace: { path } });
    expect(lengths(arrivals).map(([prompt]) => prompt)).toEqual(stamps.map((_, row) => row + 1));
    arrivals.forEach(({ atMs }, row) => {
      expect(atMs).toBeGreaterThanOrEqual(stamps[row]!);
      expect(atMs).toBeLessThanOrEqual(stamps[row]! + 3001);
    });
    expect(new Set(arrivals.map((each) => each.atMs)).size).toBe(3000);
    const offsets = arrivals.map(({ atMs }, row) => atMs - stamps[row]!);
    expect(Math.abs(offsets.reduce((sum, each) => sum + each, 0) / 3000 - 1500)).toBeLessThan(60);
    expect(await replay({ trace: { path } })).toEqual(arrivals);
    expect(await replay({ trace: { path }, seed: 2 })).not.toEqual(arrivals);
  });
});
