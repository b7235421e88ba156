import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOOK_AHEAD } from "../../../src/workload/trace/TraceArrivals.ts";
import { drain, openTrace, replay } from "../support.ts";
import type { Arrival } from "../support.ts";

const ROWS = 40_000;
const GAP_MS = 25;
let folder = "";
let path = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-replay-"));
  path = join(folder, "rows.jsonl");
  const lines = Array.from({ length: ROWS }, (_, row) =>
    JSON.stringify({
      atMs: 7000 + row * GAP_MS,
      promptTokens: row + 1,
      outputTokens: 5,
      blockHashes: [row % 10],
    }),
  );
  await writeFile(path, lines.join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

const timesOf = (arrivals: ReadonlyArray<Arrival>): ReadonlyArray<number> => arrivals.map((each) => each.atMs);
const isSorted = (times: ReadonlyArray<number>): boolean => times.every((ms, index) => index === 0 || ms >= times[index - 1]!);

describe("TraceArrivals", () => {
  it("next: before the first refill -> NaN; after the last request -> Infinity for ever", async () => {
    const source = openTrace({ trace: { path, toMs: 100 } });
    expect(source.next()).toBeNaN();
    await source.refill();
    expect([0, 25, 50, 75, Infinity, Infinity]).toEqual(Array.from({ length: 6 }, () => source.next()));
    await source.close();
  });

  it("refill: a long file -> never more than the look-ahead is held, and the file is read as it is needed", async () => {
    const source = openTrace({ trace: { path } });
    let taken = 0;
    let mostReady = 0;
    let farthest = 0;
    for (let ms = source.next(); ms !== Infinity; ms = source.next()) {
      if (Number.isNaN(ms)) {
        await source.refill();
        mostReady = Math.max(mostReady, source.ready);
        farthest = Math.max(farthest, source.rows - taken);
      } else taken++;
    }
    expect(taken).toBe(ROWS);
    // Besides the look-ahead: the rows of one piece of text and of the window for order.
    expect(farthest).toBeLessThanOrEqual(LOOK_AHEAD + 4096);
    expect(mostReady).toBe(LOOK_AHEAD);
    await source.close();
  });

  it("refill: called early and twice at once -> nothing lost, nothing doubled", async () => {
    const source = openTrace({ trace: { path } });
    const prompts: Array<number> = [];
    for (let ms = source.next(); ms !== Infinity; ms = source.next()) {
      if (Number.isNaN(ms) || prompts.length % 1000 === 1) await Promise.all([source.refill(), source.refill()]);
      if (!Number.isNaN(ms)) prompts.push(source.draft.promptTokens);
    }
    expect(prompts).toEqual(Array.from({ length: ROWS }, (_, row) => row + 1));
  });

  it("close: in the middle -> what was read is given, then Infinity", async () => {
    const source = openTrace({ trace: { path } });
    await source.refill();
    source.next();
    await source.close();
    let rest = 0;
    while (source.next() !== Infinity) rest++;
    expect(rest).toBe(LOOK_AHEAD - 1);
    await source.refill();
    expect(source.next()).toBe(Infinity);
  });

  it("window and time scale -> cut before scaling, time 0 is the start of the window", async () => {
    const arrivals = await replay({ trace: { path, fromMs: 1000, toMs: 2000, timeScale: 0.5 } });
    expect(timesOf(arrivals)).toEqual(Array.from({ length: 40 }, (_, row) => row * 12.5));
    expect(arrivals[0]!.promptTokens).toBe(41);
  });

  it("loop: a window -> repeated every window, with block ids of their own", async () => {
    const source = openTrace({
      trace: { path, fromMs: 1000, toMs: 2010, timeScale: 2, loop: true },
    });
    const arrivals = await drain(source, 41 * 5);
    expect(arrivals.slice(41, 82).map((each) => each.atMs - 2020)).toEqual(timesOf(arrivals.slice(0, 41)));
    expect(arrivals.slice(164).map((each) => each.promptTokens)).toEqual(arrivals.slice(0, 41).map((each) => each.promptTokens));
    expect(isSorted(timesOf(arrivals))).toBe(true);
    const idsOf = (pass: number) => new Set(arrivals.slice(pass * 41, pass * 41 + 41).map((each) => each.blockHashes![0]!));
    expect(idsOf(1).size).toBe(idsOf(0).size);
    expect([...idsOf(1)].filter((id) => idsOf(0).has(id))).toEqual([]);
    // A window is left at its end: the rest of the file is not read.
    expect(source.rows).toBeLessThan(5000);
  });

  it("loop: the whole recording -> the next pass follows after one mean gap", async () => {
    const arrivals = await drain(openTrace({ trace: { path, loop: true } }), ROWS * 2);
    expect(arrivals[ROWS]!.atMs).toBeCloseTo(ROWS * GAP_MS, 6);
    expect(arrivals.at(-1)!.promptTokens).toBe(ROWS);
  });

  it("rate scale below 1 -> that share of rows at their own times, and those of a lower scale are among them", async () => {
    const rows = async (rateScale: number) => new Set((await replay({ trace: { path, rateScale } })).map((each) => each.promptTokens));
    const third = await rows(1 / 3);
    const half = await rows(0.5);
    expect(Math.abs(third.size - ROWS / 3)).toBeLessThan(4 * Math.sqrt((ROWS * 2) / 9));
    expect([...third].filter((row) => !half.has(row))).toEqual([]);
    const kept = await replay({ trace: { path, rateScale: 0.5, toMs: 10_000 } });
    expect(kept.every((each) => each.atMs === (each.promptTokens - 1) * GAP_MS)).toBe(true);
  });

  it("rate scale above 1 -> repetitions within the gap after their row, block ids of their own, in order", async () => {
    const arrivals = await replay({ trace: { path, rateScale: 2.5 } });
    expect(Math.abs(arrivals.length - 2.5 * ROWS)).toBeLessThan(4 * Math.sqrt(ROWS / 4));
    expect(isSorted(timesOf(arrivals))).toBe(true);
    for (const { atMs, promptTokens } of arrivals.slice(0, 1000)) {
      const delay = atMs - (promptTokens - 1) * GAP_MS;
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(GAP_MS);
    }
    // Ten ids in the recording, and ten for each of the two or three requests of a row.
    expect(new Set(arrivals.map((each) => each.blockHashes![0])).size).toBe(30);
    expect(arrivals.every((each) => Number.isSafeInteger(each.blockHashes![0]))).toBe(true);
  });

  it("spikes: a factor -> rows are repeated while it lasts", async () => {
    const spikes = [{ shape: "square" as const, atMs: 100_000, durationMs: 100_000, factor: 3 }];
    const arrivals = await replay({ trace: { path }, spec: { spikes } });
    expect(arrivals.filter((each) => each.atMs < 100_000).length).toBe(4000);
    expect(Math.abs(arrivals.length - ROWS - 8000)).toBeLessThan(5);
  });

  it("same seed -> same requests; another seed -> others", async () => {
    const trace = { path, rateScale: 1.5, toMs: 100_000 };
    expect(await replay({ trace })).toEqual(await replay({ trace }));
    expect(await replay({ trace })).not.toEqual(await replay({ trace, seed: 2 }));
  });

  it("base folder: a relative path -> taken from there", async () => {
    expect((await replay({ trace: { path: "rows.jsonl", toMs: 50 }, baseFolder: folder })).length).toBe(2);
  });
});
