import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cvOf, drain, gapsOf, idcOf, mean, openTrace, replay } from "../support.ts";
import type { Arrival } from "../support.ts";

const DATA = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const TRACES = join(DATA, "traces");
const SYNTHETIC = fileURLToPath(new URL("../../../scenarios/traces/synthetic.jsonl.gz", import.meta.url));

/** Share of the prompt tokens whose block was seen before, with a cache that keeps everything. */
const hitRatio = (arrivals: ReadonlyArray<Arrival>): number => {
  const seen = new Set<number>();
  let hit = 0;
  let all = 0;
  for (const { blockHashes, blockTokens, promptTokens } of arrivals) {
    const hits = blockHashes!.findIndex((id) => !seen.has(id));
    hit += Math.min(promptTokens, (hits < 0 ? blockHashes!.length : hits) * blockTokens);
    all += promptTokens;
    for (const id of blockHashes!) seen.add(id);
  }
  return hit / all;
};

const times = (arrivals: ReadonlyArray<Arrival>): ReadonlyArray<number> => arrivals.map((each) => each.atMs);
const means = (arrivals: ReadonlyArray<Arrival>): ReadonlyArray<number> => [
  Math.round(mean(arrivals.map((each) => each.promptTokens))),
  Math.round(mean(arrivals.map((each) => each.outputTokens)) * 10) / 10,
];

// Figures of the recordings: shared/reference/serving.md section 11.
const absent = !existsSync(TRACES);
if (absent) process.stderr.write("recorded traces: skipped: ../shared/data is absent\n");

describe.skipIf(absent)("recorded traces", () => {
  it("Azure 2023 conversation -> 19,366 rows and their statistics", async () => {
    const source = openTrace({
      trace: { path: join(TRACES, "AzureLLMInferenceTrace_conv.csv.gz") },
    });
    const arrivals = await drain(source);
    expect([source.rows, source.skippedRows, arrivals.length]).toEqual([19_366, 0, 19_366]);
    expect(means(arrivals)).toEqual([1155, 211.1]);
    expect(arrivals.at(-1)!.atMs / 60_000).toBeCloseTo(58.4, 1);
    expect(cvOf(gapsOf(times(arrivals)))).toBeCloseTo(1.09, 2);
    expect(Math.abs(idcOf(times(arrivals), 60_000, 58 * 60_000) - 16.1)).toBeLessThan(1);
  });

  it("Azure 2023 code -> 8,819 rows and their statistics", async () => {
    const arrivals = await replay({
      trace: { path: join(TRACES, "AzureLLMInferenceTrace_code.csv.gz") },
    });
    expect(arrivals.length).toBe(8819);
    expect(means(arrivals)).toEqual([2048, 27.9]);
    expect(cvOf(gapsOf(times(arrivals)))).toBeCloseTo(13.15, 2);
  });

  it("Mooncake conversation -> 12,031 rows, stamps spread, 37.4 % of tokens in a cache without bound", async () => {
    const arrivals = await replay({
      trace: { path: join(TRACES, "mooncake_conversation_trace.jsonl.gz") },
    });
    expect(arrivals.length).toBe(12_031);
    expect(means(arrivals)).toEqual([12_035, 342.6]);
    expect(hitRatio(arrivals)).toBeCloseTo(0.374, 3);
    // 3.03 with the raw stamps.
    expect(Math.abs(cvOf(gapsOf(times(arrivals))) - 1)).toBeLessThan(0.05);
    expect(idcOf(times(arrivals), 60_000, 58 * 60_000)).toBeGreaterThan(2.4);
    expect(idcOf(times(arrivals), 60_000, 58 * 60_000)).toBeLessThan(3.4);
  });

  it("Mooncake conversation: twice the rate -> the same share of cached tokens", async () => {
    const arrivals = await replay({
      trace: { path: join(TRACES, "mooncake_conversation_trace.jsonl.gz"), rateScale: 2 },
    });
    expect(arrivals.length).toBe(24_062);
    expect(hitRatio(arrivals)).toBeCloseTo(0.374, 3);
  });

  it("Mooncake synthetic -> stamps as they are", async () => {
    const arrivals = await replay({
      trace: { path: join(TRACES, "mooncake_synthetic_trace.jsonl.gz") },
    });
    expect(arrivals.length).toBe(3993);
    expect(hitRatio(arrivals)).toBeCloseTo(0.651, 3);
    expect(times(arrivals).every(Number.isInteger)).toBe(true);
  });

  it("vLLM run -> 300 requests in 29 s", async () => {
    const run = join(DATA, "real-runs/rtx4090-llama-3.1-8b");
    for (const name of ["requests.jsonl", "sharegpt-llama-3.1-8b-300-sps10.lengths.jsonl"]) {
      const arrivals = await replay({ trace: { path: join(run, name) } });
      expect(arrivals.length).toBe(300);
      expect(Math.abs(arrivals.at(-1)!.atMs - 29_000)).toBeLessThan(500);
    }
  });

  it("ServeGen DeepSeek-R1 -> two hours of 73 clients at the rates and lengths of the folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-servegen-"));
    try {
      execFileSync("tar", ["xzf", join(TRACES, "servegen_reason_deepseek-r1.tar.gz"), "-C", folder]);
      const path = join(folder, "data/reason/deepseek-r1");
      const arrivals = await replay({ trace: { path, toMs: 7_200_000 } });
      // The mean hourly rates of hours 0 and 1 are 19 and 22 per second.
      expect(Math.abs(arrivals.length / 7200 - 20.5)).toBeLessThan(0.8);
      const [prompt, output] = means(arrivals);
      expect(prompt).toBeGreaterThan(500);
      expect(output).toBeGreaterThan(1000);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("the project's own trace", () => {
  it("synthetic.jsonl.gz -> about 2,000 requests in ten minutes, two bursts, shared prefixes", async () => {
    const arrivals = await replay({ trace: { path: SYNTHETIC } });
    expect(Math.abs(arrivals.length - 2000)).toBeLessThan(150);
    expect(arrivals.at(-1)!.atMs).toBeLessThan(600_000);
    expect(arrivals.filter((each) => each.atMs > 150_000 && each.atMs < 178_000).length).toBeGreaterThan(200);
    expect(hitRatio(arrivals)).toBeGreaterThan(0.5);
  });
});
