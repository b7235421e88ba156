import { describe, expect, it } from "vitest";
import { fitPoints } from "../../../src/serving/calibration/fitPoints.ts";
import { POINT_SCALES, scaledByPoints } from "../../../src/serving/calibration/PointScales.ts";
import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { fitRun } from "../../../src/serving/calibration/fitRun.ts";
import { readMeasurements } from "../../../src/serving/calibration/readMeasurements.ts";
import type { RunRecord } from "../../../src/serving/calibration/RunRecord.ts";
import { ttftMsOf } from "../../../src/serving/calibration/RunRecord.ts";
import { replayRun } from "../../../src/serving/calibration/replayRun.ts";
import { scaledCoefficients } from "../../../src/serving/calibration/ScaledCoefficients.ts";
import type { EngineSpec, StepCoefficients } from "../../../src/serving/ServingSpec.ts";

const read = (text: string, where: ReadonlyArray<readonly [string, string]> = []) => readMeasurements({ file: "m.csv", text, where });

describe("readMeasurements", () => {
  it("steps, points, requests.csv, JSON lines -> told apart by their first line", () => {
    expect(read("sequences,kvTokens,prefillTokens,context,ms\r\n2,100,8,4,17.5\r\n")).toEqual({
      kind: "steps",
      steps: [{ sequences: 2, kvTokens: 100, prefillTokens: 8, attention: 128, ms: 17.5 }],
    });
    const points = "gpu,isl,osl,concurrency,ttft_ms,tpot_ms\nA,10,20,4,50,7\nB,10,20,,50,7\na,10,20,,50,7\n";
    expect(read(points, [["gpu", "a"]])).toEqual({
      kind: "points",
      points: [{ inputTokens: 10, outputTokens: 20, concurrency: 4, ttftMs: 50, tpotMs: 7 }],
      leftOut: 1,
    });
    const own = "class,arrivalMs,promptTokens,outputTokens,ttftMs,e2eMs\nx,5,10,3,20,60\nx,6,10,0,,\nx,7,10,3,20,60\n";
    const first = { arrivalMs: 5, promptTokens: 10, outputTokens: 3, firstTokenMs: 25, lastTokenMs: 65 };
    expect(read(own)).toMatchObject({ kind: "run", leftOut: 1, records: [first, { arrivalMs: 7 }] });
    const line = (at: number): string =>
      JSON.stringify({
        input_toks: 10,
        output_toks: 3,
        queued_ts: at,
        arrival_time: 1e9,
        first_token_ts: at + 0.02,
        last_token_ts: at + 0.06,
      });
    expect(read(`${line(1)}\n${line(2)}\n`)).toMatchObject({ kind: "run", records: [{ arrivalMs: 1000 }, { arrivalMs: 2000 }] });
  });

  it("replica and attempts -> read; no first token or no replica where others name one -> left out", () => {
    const head = "arrivalMs,promptTokens,outputTokens,attempts,replica,ttftMs,e2eMs\n";
    const rows = "5,10,3,1,gpu/0,20,60\n6,10,3,2,gpu/1,20,60\n7,10,3,1,gpu/1,20,60\n8,10,3,1,gpu/1,,60\n9,10,3,1,,20,60\n";
    expect(read(head + rows)).toMatchObject({
      kind: "run",
      leftOut: 2,
      records: [{ replica: "gpu/0" }, { replica: "gpu/1", attempts: 2 }, { replica: "gpu/1", attempts: 1 }],
    });
    const line = JSON.stringify({
      input_toks: 1,
      output_toks: 1,
      queued_ts: 1,
      first_token_ts: 2,
      last_token_ts: 3,
      replica: 4,
      attempts: 1,
    });
    expect(read(`${line}\n${line}\n`)).toMatchObject({ records: [{ replica: "4", attempts: 1 }, {}] });
    expect(() => read(`${head}5,10,3,1,,20,60\n6,10,3,2,,20,60\n`)).toThrow("at least two answered requests that were not retried (1)");
  });

  const numbered = (ids: ReadonlyArray<number>, name: (i: number) => string = () => "x"): string =>
    ["class,id,arrivalMs,promptTokens,outputTokens,ttftMs,e2eMs", ...ids.map((id, i) => `${name(i)},${id},${5 + i},10,3,20,60`)].join("\n");
  const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i + 700);

  it("requests.csv with ids: a sample -> refused with the option that keeps all; a run that ended, or two classes -> read", () => {
    const sample = upTo(400).filter((id) => id % 3 !== 1);
    expect(() => read(numbered(sample))).toThrow("must have all requests of the run");
    expect(() => read(numbered(sample))).toThrow("--records 2000");
    const unfinished = upTo(400)
      .filter((id) => id < 1050 || id % 3 === 0)
      .map((id) => id - 700);
    expect(read(numbered(unfinished))).toMatchObject({ kind: "run", warnings: [] });
    const two = upTo(400).map((id) => Math.floor((id - 700) / 2));
    expect(read(numbered(two, (i) => `class${i % 2}`))).toMatchObject({ kind: "run", warnings: [] });
    expect(read(numbered(upTo(400)))).toMatchObject({ warnings: [expect.stringContaining("the ids begin after 700 requests")] });
    expect(read(numbered(sample).replace(",id,", ",request,"))).toMatchObject({ kind: "run", warnings: [] });
  });

  it("ids of a closed loop, which do not ascend -> read, with a warning that gaps do not tell", () => {
    const ids = upTo(400).map((id, i) => (i % 2 === 0 ? id * 3 : id));
    expect(read(numbered(ids))).toMatchObject({ warnings: [expect.stringContaining("ids do not ascend")] });
  });

  it.each([
    [
      "a word for a number",
      "sequences,kvTokens,prefillTokens,context,ms\n1,10,0,0,17\n8,80,x,0,18\n",
      "m.csv:3:6 prefillTokens must be a number (x)",
    ],
    ["no time", "sequences,kvTokens,prefillTokens,context,ms\n1,10,0,0,0\n", "m.csv:2:10 ms must be above 0 (0)"],
    ["a step of nothing", "sequences,kvTokens,prefillTokens,context,ms\n0,0,0,0,5\n", "m.csv:2 a step must decode"],
    ["a missing column", "sequences,kvTokens,ms\n1,1,1\n", "m.csv:1 header must have the column prefillTokens"],
    ["a header alone", "sequences,kvTokens,prefillTokens,context,ms\n", "m.csv must have a row below its header"],
    ["something else", "name,age\n", "m.csv:1 must be known measurements (name,age)"],
    [
      "a token before its request",
      '{"input_toks":1,"output_toks":1,"queued_ts":5,"first_token_ts":4,"last_token_ts":6}\n',
      "m.csv:1 arrival <= first token",
    ],
    [
      "requests.csv whose last token is before its first",
      "arrivalMs,promptTokens,outputTokens,ttftMs,e2eMs\n1,10,1,10,10\n0,10,5,10,5\n",
      "m.csv:3:11 e2eMs must be at least ttftMs, 10 (5)",
    ],
    [
      "a fraction of a token",
      "isl,osl,concurrency,ttft_ms,tpot_ms\n10,20.5,4,50,7\n",
      "m.csv:2:4 osl must be a whole number in 1..10000000 (20.5)",
    ],
    [
      "more clients than can be tried",
      "isl,osl,concurrency,ttft_ms,tpot_ms\n10,20,1000000000,50,7\n",
      "m.csv:2:7 concurrency must be a whole number in 1..10000 (1000000000)",
    ],
    [
      "a longer time than any",
      "isl,osl,concurrency,ttft_ms,tpot_ms\n10,20,4,1e308,7\n",
      "m.csv:2:9 ttft_ms must be at most 1000000000 (1e308)",
    ],
    [
      "a shorter step than any",
      "sequences,kvTokens,prefillTokens,context,ms\n1,10,0,0,1e-308\n",
      "m.csv:2:10 ms must be at least 0.000001 (1e-308)",
    ],
    [
      "more KV tokens than any",
      "sequences,kvTokens,prefillTokens,context,ms\n1,1e300,0,0,7\n",
      "m.csv:2:3 kvTokens must be at most 1000000000000 (1e300)",
    ],
    [
      "a longer prompt than any, in requests.csv",
      "arrivalMs,promptTokens,outputTokens,ttftMs,e2eMs\n1,1000000000,1,10,10\n0,10,5,10,50\n",
      "m.csv:2:3 promptTokens must be a whole number in 1..10000000 (1000000000)",
    ],
    [
      "a longer prompt than any, in JSON lines",
      '{"input_toks":1e9,"output_toks":1,"queued_ts":1,"first_token_ts":4,"last_token_ts":6}\n',
      "m.csv:1:2 input_toks must be a whole number in 1..10000000 (1000000000)",
    ],
    ["points of one token alone", "isl,osl,concurrency,ttft_ms,tpot_ms\n10,1,4,50,7\n", "one token has no time per output token"],
    [
      "one request",
      '{"input_toks":1,"output_toks":1,"queued_ts":1,"first_token_ts":4,"last_token_ts":6}\n',
      "m.csv must have at least two",
    ],
  ])("%s -> refused with its place", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it("closed-loop points of one output token, which have no TPOT -> left out and counted", () => {
    const points = "isl,osl,concurrency,ttft_ms,tpot_ms\n10,1,4,50,0\n10,20,4,50,7\n";
    expect(read(points)).toMatchObject({ kind: "points", points: [{ outputTokens: 20 }], leftOut: 1 });
  });

  it("a filter that nothing meets, or on a file of steps -> refused", () => {
    expect(() => read("gpu,isl,osl,concurrency,ttft_ms,tpot_ms\nA,1,1,1,1,1\n", [["gpu", "b"]])).toThrow(
      "must have a closed-loop point that matches (gpu=b)",
    );
    expect(() => read("sequences,kvTokens,prefillTokens,context,ms\n1,1,0,0,1\n", [["gpu", "b"]])).toThrow(
      "--where is for closed-loop points",
    );
  });
});

const PRIOR: StepCoefficients = { a: 10, b: 0.05, c: 5e-5, d: 0.05, e: 1e-6, h: 0 };
const LOGS = [Math.log(1.3), Math.log(0.8), Math.log(1.5)];

const engine: EngineSpec = {
  maxBatchedTokens: 1024,
  maxSequences: 16,
  maxModelTokens: 8192,
  blockTokens: 16,
  kvBlocks: 1000,
  prefixCache: false,
  reserveFullPrompt: true,
  maxWaiting: 1000,
  step: PRIOR,
};
const sent = (gapMs: number) =>
  Array.from({ length: 40 }, (_, i) => ({
    arrivalMs: i * gapMs,
    promptTokens: 100 + ((i * 379) % 900),
    outputTokens: 20 + ((i * 97) % 150),
    firstTokenMs: 0,
    lastTokenMs: 0,
  }));

describe("replayRun", () => {
  it("records that name replicas -> the same as each replica's records replayed alone; without names, one replica has all the load", () => {
    const records = sent(20).map((record, i) => ({ ...record, replica: i % 3 === 0 ? "a" : "b" }));
    const together = replayRun(records, engine, { sampleMs: 50 });
    const oneByOne = ["a", "b"].map((name) =>
      replayRun(
        records.filter(({ replica }) => replica === name),
        engine,
      ),
    );
    for (const [i, name] of ["a", "b"].entries()) {
      const waits = (run: ReadonlyArray<RunRecord>) => run.filter(({ replica }) => replica === name).map(ttftMsOf);
      const expected = waits(oneByOne[i]!.records);
      waits(together.records).forEach((wait, k) => expect(wait).toBeCloseTo(expected[k]!, 3));
    }
    expect(together.steps).toBe(oneByOne[0]!.steps + oneByOne[1]!.steps);
    expect(Math.max(...together.samples.map(({ running }) => running))).toBeGreaterThan(engine.maxSequences);
    expect(replayRun(sent(20), engine).steps).toBeLessThan(together.steps);
  });
});

describe("replayRun with an overhead", () => {
  it("one for each request alike -> all times later by just that; by prompt token -> a run of its own, longer waits", () => {
    const plain = replayRun(sent(20), engine);
    const late = replayRun(sent(20), engine, { requestOverhead: { perRequestMs: 30.25, perPromptTokenMs: 0 } });
    for (const key of ["firstTokenMs", "lastTokenMs"] as const) {
      expect(late.records.map((record, i) => record[key] - plain.records[i]![key])).toEqual(sent(20).map(() => 30.25));
    }
    const byToken = replayRun(sent(10_000), engine, { requestOverhead: { perRequestMs: 0, perPromptTokenMs: 0.5 } });
    const alone = replayRun(sent(10_000), engine);
    byToken.records.forEach((record, i) =>
      expect(record.firstTokenMs - alone.records[i]!.firstTokenMs).toBeCloseTo(0.5 * record.promptTokens, 9),
    );
  });
});

describe("fits on a prior", () => {
  it("closed-loop points of a known engine -> its factors, and held-out points within 2 %", () => {
    const settings = { maxBatchedTokens: 4096, spreadRatio: 0.2, rounds: 3 };
    const logs = [1.3, 1, 0.8, 1, 1.5, 1].map(Math.log);
    const points = [1, 4, 16, 64].flatMap((concurrency) =>
      [256, 2048].map((inputTokens) => {
        const load = { inputTokens, outputTokens: 256, concurrency };
        const { ttftMs, tpotMs } = closedLoopPoint(scaledByPoints(PRIOR, logs), { ...load, ...settings });
        return { ...load, ttftMs: ttftMs + 10, tpotMs };
      }),
    );
    const fit = fitPoints(points, { step: PRIOR }, settings);
    expect(fit.factors).toHaveLength(POINT_SCALES.length);
    expect(fit.factors[0]!).toBeCloseTo(1.3, 1);
    expect(fit.factors[4]!).toBeCloseTo(1.5, 1);
    expect(Math.abs(fit.requestMs / 10 - 1)).toBeLessThan(0.2);
    expect(fit.residuals.tpot.median).toBeLessThan(0.01);
    expect(fit.crossValidated!.tpot.median).toBeLessThan(0.02);
    expect(fit.prior.tpot.median).toBeGreaterThan(0.1);
  });

  it("a recorded run of a known engine -> its factors; one that never waits -> told what is open", () => {
    const real = replayRun(sent(100), { ...engine, step: scaledCoefficients(PRIOR, LOGS) }).records;
    const fit = fitRun(real, engine);
    expect(Math.abs(fit.residuals.e2eMean)).toBeLessThan(0.01);
    expect(fit.residuals.e2ePerRequest).toBeLessThan(0.02);
    expect(Math.abs(fit.prior.e2eMean)).toBeGreaterThan(0.1);
    expect(fit.factors[0]!).toBeCloseTo(1.3, 1);
    expect(fit.warnings.join()).toContain("KV (c, h) is hardly determined");
  });

  it("a recorded run of the prior behind an overhead -> no error with it, a late first token without", () => {
    const requestOverhead = { perRequestMs: 100, perPromptTokenMs: 0.01 };
    const real = replayRun(sent(100), engine, { requestOverhead }).records;
    const fit = fitRun(real, engine, { requestOverhead });
    expect(fit.prior).toEqual({ ttftMean: 0, tpotMean: 0, e2eMean: 0, e2ePerRequest: 0 });
    expect(fit.factors).toEqual([1, 1, 1]);
    expect(fitRun(real, engine).prior.ttftMean).toBeLessThan(-0.2);
  });

  it("the times of retried requests: any value -> no part of the score, while their load is replayed", () => {
    const truth = replayRun(sent(100), { ...engine, step: scaledCoefficients(PRIOR, LOGS) }).records;
    const real = truth.map((record, i) => (i % 8 === 3 ? { ...record, attempts: 2 } : record));
    const late = real.map((record) =>
      record.attempts === 2 ? { ...record, firstTokenMs: record.firstTokenMs + 1e5, lastTokenMs: record.lastTokenMs + 2e5 } : record,
    );
    const fit = fitRun(late, engine);
    expect(fit.factors).toEqual(fitRun(real, engine).factors);
    expect(Math.abs(fit.residuals.e2eMean)).toBeLessThan(0.01);
  });

  it("records of the prior itself from the middle of a run on -> the prior is kept; of an engine 5 % slower -> fitted", () => {
    const loaded = Array.from({ length: 600 }, (_, i) => ({
      arrivalMs: i * 120 + ((i * 7919) % 1009) / 10,
      promptTokens: 100 + ((i * 379) % 900),
      outputTokens: 20 + ((i * 97) % 150),
      firstTokenMs: 0,
      lastTokenMs: 0,
    }));
    const from = (logs: ReadonlyArray<number>) =>
      replayRun(loaded, { ...engine, step: scaledCoefficients(PRIOR, logs) }).records.slice(100);
    const same = fitRun(from([0, 0, 0]), engine);
    expect(same.factors).toEqual([1, 1, 1]);
    expect(same.coefficients).toEqual(PRIOR);
    expect(same.refused).toBeDefined();
    expect([same.residuals, same.crossValidated]).toEqual([same.prior, same.prior]);
    expect(same.gain.mean).toBeLessThanOrEqual(2 * same.gain.standardError);
    const slower = fitRun(from([Math.log(1.05), 0, 0]), engine);
    expect(slower.refused).toBeUndefined();
    expect(slower.factors[0]!).toBeCloseTo(1.05, 1);
    expect(Math.abs(slower.residuals.tpotMean)).toBeLessThan(Math.abs(slower.prior.tpotMean) / 3);
  });
});
