import { spawn } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import type { PairFigures } from "../../src/serving/catalog/pairFigures.ts";
import type { Outcome } from "./Several.ts";
import { FITTED_FACTORS } from "../../src/serving/catalog/RooflineFactors.ts";

const commands = {
  all: ["catalog"],
  allJson: ["catalog", "--format", "json"],
  gpu: ["catalog", "NVIDIA H20"],
  model: ["catalog", "qwen3-8b"],
  pair: ["catalog", "H100", "llama-3.1-8b"],
  pairJson: ["catalog", "llama-3.1-8b", "H100", "--format", "json"],
  kvJson: ["catalog", "llama-3.1-8b", "H100", "--kv-dtype", "fp8", "--format", "json"],
  measuredJson: ["catalog", "rtx-4090", "llama-3.1-8b", "--format", "json"],
  rooflineJson: ["catalog", "h20", "qwen-3-8b", "--context", "4096", "--format", "json"],
  spread: ["catalog", "h200", "deepseek-v3", "--dtype", "fp8", "--dp", "16", "--ep", "16", "--engine", "sglang"],
  spreadJson: ["catalog", "h200", "deepseek-v3", "--dtype", "fp8", "--dp", "16", "--ep", "16", "--format", "json"],
  denseSpread: ["catalog", "h100", "llama-3.1-8b", "--tp", "2", "--ep", "2"],
  published: ["catalog", "b200", "gpt-oss-120b", "--format", "json"],
  publishedTp: ["catalog", "H200", "deepseek-v3", "--tp", "8", "--format", "json"],
  publishedModel: ["catalog", "kimi-k2.5"],
  publishedAlias: ["catalog", "kimi-k2-instruct"],
  tooBig: ["catalog", "h100", "llama-3.1-70b"],
  tooBigJson: ["catalog", "h100", "llama-3.1-70b", "--format", "json"],
  unknown: ["catalog", "h10o"],
  file: ["catalog", "H200", "test/fixtures/models/tiny/config.json"],
  fileJson: ["catalog", "test/fixtures/models/tiny/config.json", "--format", "json"],
  noFile: ["catalog", "H200", "test/fixtures/models/none/config.json"],
  family: ["catalog", "Llama"],
  twoGpus: ["catalog", "h100", "h200"],
  oddTp: ["catalog", "h100", "llama-3.1-8b", "--tp", "3"],
  noUnits: ["catalog", "a100", "llama-3.1-8b", "--dtype", "fp8"],
  longContext: ["catalog", "h100", "llama-2-7b", "--context", "4097"],
  longestContext: ["catalog", "h100", "llama-2-7b", "--context", "4096"],
  unspread: ["catalog", "h200", "deepseek-v3", "--dp", "8"],
  unspreadJson: ["catalog", "h200", "deepseek-v3", "--dp", "8", "--format", "json"],
  staged: ["catalog", "h100", "llama-3.1-8b", "--pp", "2"],
  stagedJson: ["catalog", "h100", "llama-3.1-8b", "--pp", "2", "--format", "json"],
  manyStages: ["catalog", "h100", "llama-3.1-8b", "--pp", "33"],
  zeroContext: ["catalog", "h100", "llama-3.1-8b", "--context", "0"],
} satisfies { [name: string]: ReadonlyArray<string> };

let outcomes: { [K in keyof typeof commands]: Outcome };

beforeAll(async () => {
  const stdout = await new Promise<string>((resolve, reject) => {
    const child = spawn(process.execPath, ["test/cli/Several.ts", JSON.stringify(Object.values(commands))], {
      env: { ...process.env, CI: "1", NODE_OPTIONS: "" },
    });
    let text = "";
    child.stdout.on("data", (part) => (text += String(part)));
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
  const list = JSON.parse(stdout) as Array<Outcome>;
  outcomes = Object.fromEntries(Object.keys(commands).map((name, i) => [name, list[i]!])) as typeof outcomes;
}, 60_000);

const json = (of: Outcome): never => JSON.parse(of.stdout) as never;

describe("catalog", () => {
  test("nothing named -> all GPUs and models with sources; a missing price is asked for", () => {
    expect(outcomes.all.code).toBe(0);
    expect(outcomes.all.stdout).toMatch(/^ {2}h200 +141 GiB +4\.80 TB\/s +989 +1,978 +450 GB\/s +\$1\.60$/mu);
    expect(outcomes.all.stdout).toMatch(/^ {2}h20 .* set price$/mu);
    expect(outcomes.all.stdout).toMatch(/^ {2}deepseek-v3 +671\.0 B +36\.6 B +61 /mu);
    expect(outcomes.all.stdout).toMatch(/price a100: RunPod, quoted by deploybase\.ai, 2025-10/u);
    for (const line of outcomes.all.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    const document = json(outcomes.allJson) as {
      gpus: Array<{ name: string; price: unknown }>;
      models: Array<object>;
      stepTimes: Array<object>;
    };
    expect(document.gpus.find(({ name }) => name === "h20")!.price).toBeNull();
    expect(document.models.length).toBeGreaterThan(15);
    expect(document.stepTimes.length).toBeGreaterThan(20);
  });

  test("one name -> what is known, and which pairs have fitted step times", () => {
    expect(outcomes.gpu.stdout).toMatch(/none is fitted: all pairs take the roofline/u);
    expect(outcomes.gpu.stdout).toMatch(/price: none found in public, set price/u);
    expect(outcomes.model.stdout).toMatch(/also called qwen3-8b/u);
  });

  test("a pair in any order -> memory, step times by their formula, cost by price over throughput", () => {
    expect(outcomes.pair.stdout).toMatch(/fitted to sums of measured operation times/u);
    const of = json(outcomes.pairJson) as {
      fits: boolean;
      stepOrigin: string;
      sequencesThatFit: number;
      kvTokens: number;
      decode: ReadonlyArray<{ size: number; ms: number; tokensPerSecond: number; usdPerMillionTokens: number; fitsKv: boolean }>;
      prefill: ReadonlyArray<{ ms: number }>;
      ceiling: { size: number };
    };
    expect(of).toMatchObject({ fits: true, stepOrigin: "composed", kvDtype: null, price: { usdPerGpuHour: 1.3, asOf: "commit 77ca49a6" } });
    expect(outcomes.pair.stdout).toMatch(/\$1\.30 per GPU-hour: SemiAnalysis TCO/u);
    const narrow = json(outcomes.kvJson) as typeof of;
    expect(Math.abs(narrow.kvTokens - 2 * of.kvTokens)).toBeLessThan(32);
    // Half of the bytes, at the speed at which the engine reads them.
    const { kv8Ratio } = FITTED_FACTORS.engines.vllm;
    expect(narrow.decode[1]!.ms - of.decode[1]!.ms).toBeCloseTo(16 * 2048 * 4.28962e-5 * (0.5 / kv8Ratio - 1), 9);
    const step = of.decode[1]!;
    // 1.2 ms of host beside a, b, c of the entry.
    expect(step.ms).toBeCloseTo(1.2 + 6.08666 + 16 * 0.00835196 + 16 * 2048 * 4.28962e-5, 9);
    expect(of.prefill[1]!.ms).toBeCloseTo(1.2 + 6.08666 + 2048 * 0.0117797 + 2048 ** 2 * 1.37004e-6, 9);
    expect(step.tokensPerSecond).toBeCloseTo(16_000 / step.ms, 9);
    expect(step.usdPerMillionTokens).toBeCloseTo((1.3 / 3600 / step.tokensPerSecond) * 1e6, 9);
    expect(of.sequencesThatFit).toBe(Math.floor(of.kvTokens / 2048));
    expect(of.ceiling.size).toBe(of.sequencesThatFit);
    expect(of.decode.map(({ fitsKv }) => fitsKv)).toEqual([true, true, true, false]);
    expect(outcomes.pair.stdout).toMatch(/256 .* more than the KV holds$/mu);
  });

  test("origin: measured steps, and roofline with its warning and without a price", () => {
    expect(json(outcomes.measuredJson)).toMatchObject({ stepOrigin: "measured" });
    expect(json(outcomes.rooflineJson)).toMatchObject({
      stepOrigin: "roofline",
      contextTokens: 4096,
      price: null,
      warnings: expect.arrayContaining([expect.stringMatching(/roofline estimate/u)]),
    });
    expect((json(outcomes.rooflineJson) as { decode: Array<object> }).decode[0]).toMatchObject({ usdPerMillionTokens: null });
  });

  test("a config.json -> a model named after its folder, in the format of its checkpoint", () => {
    expect(outcomes.file.stdout).toMatch(/^tiny-config on 1 h200 .* fp8, vllm, the defaults of vLLM V1$/mu);
    expect(outcomes.file.stdout).toMatch(/roofline of h200 and tiny-config/u);
    expect(json(outcomes.fileJson)).toMatchObject({ model: { name: "tiny-config", layers: 16, kvBytesPerToken: 32_768 } });
  });

  test("experts over the GPUs of 16 ranks -> their weights spread, speeds of all ranks, the engine, and what no measurement confirms", () => {
    expect(outcomes.spread.code).toBe(0);
    expect(outcomes.spread.stdout).toMatch(/^deepseek-v3 on 16 h200 .* fp8, sglang/mu);
    expect(outcomes.spread.stdout).toMatch(/experts +spread over 16 of the 16 GPUs/u);
    expect(outcomes.spread.stdout).toMatch(/on each of 16 ranks/u);
    expect(outcomes.spread.stdout).toMatch(/requests +165ms and 2\.16ms per 1,000 prompt tokens pass before a prompt reaches the engine/u);
    expect(json(outcomes.pairJson)).toMatchObject({ stepOrigin: "composed", requestOverhead: null });
    expect(outcomes.spread.stdout).toMatch(/dispatch and combine are counted without overlap/u);
    for (const line of outcomes.spread.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    const document = json(outcomes.spreadJson) as { decode: Array<{ size: number; ms: number; tokensPerSecond: number }> };
    expect(document).toMatchObject({ gpus: 16, ranks: 16, expertGpus: 16, engine: "vllm", stepOrigin: "roofline" });
    for (const { size, ms, tokensPerSecond } of document.decode) expect(tokensPerSecond).toBeCloseTo((16 * 1000 * size) / ms, 6);
  });

  test("no --dtype -> that of the published checkpoint, and of an alias that is published otherwise", () => {
    expect(json(outcomes.published)).toMatchObject({ fits: true, dtype: "int4", memory: { weightBytes: expect.closeTo(65.3e9, -9) } });
    expect(json(outcomes.publishedTp)).toMatchObject({ fits: true, dtype: "fp8", gpus: 8 });
    expect(outcomes.publishedModel.stdout).toMatch(/published in int4, which is the default dtype/u);
    expect(outcomes.publishedAlias.stdout).toMatch(/published in fp8, which is the default dtype/u);
    expect(outcomes.model.stdout).toMatch(/published in bf16/u);
  });

  test("does not fit -> 0, what it needs and what would fit", () => {
    expect(outcomes.tooBig.code).toBe(0);
    expect(outcomes.tooBig.stdout).toMatch(/does not fit needs 134\.9 GiB per GPU/u);
    expect(json(outcomes.tooBigJson)).toMatchObject({
      fits: false,
      gpu: "h100",
      model: "llama-3.1-70b",
      alternatives: { tensorParallel: 2, dtype: { dtype: "fp8", tensorParallel: 1 }, gpu: { name: "b200", tensorParallel: 1 } },
    });
  });

  test("a mixture of experts on data-parallel ranks that does not fit -> --ep; a context of the maximum -> taken", () => {
    expect(outcomes.unspread.stdout.replaceAll(/\s+/gu, " ")).toMatch(/would fit ep 8 spreads the experts over all of its GPUs/u);
    expect(json(outcomes.unspreadJson)).toMatchObject({ fits: false, alternatives: { expertParallel: 8 } });
    expect(outcomes.longestContext.code).toBe(0);
  });

  test("--pp -> memory of a stage, a step through all of them, the throughput and the KV of a batch in each", () => {
    type Figures = PairFigures & { readonly memory: { readonly weightBytes: number } };
    const [one, two] = [json(outcomes.pairJson) as Figures, json(outcomes.stagedJson) as Figures];
    expect(two).toMatchObject({ gpus: 2, stages: 2 });
    // Half of the layers, and one of the two ends of the embedding.
    expect(two.memory.weightBytes / one.memory.weightBytes).toBeCloseTo(0.5, 9);
    for (const [i, step] of two.decode.entries()) {
      expect(step.ms).toBeCloseTo(one.decode[i]!.ms, 9);
      expect(step.tokensPerSecond).toBeCloseTo(2 * one.decode[i]!.tokensPerSecond, 6);
      expect(step.fitsKv).toBe(2 * 2048 * step.size <= two.kvTokens);
    }
    expect(two.ceiling!.size).toBe(Math.floor(Math.min(256, two.sequencesThatFit) / 2));
    expect(outcomes.staged.stdout).toMatch(/in each of 2 stages/u);
  });

  test.each([
    ["unknown", /"h10o" is no GPU.*did you mean "h100"/u],
    ["noFile", /none\/config\.json: no such file: give the path of a model's config\.json/u],
    ["family", /did you mean one of llama-3\.1-8b, llama-3\.1-70b, .*llama-2-70b\?/u],
    ["twoGpus", /h100 and h200 are both GPUs/u],
    ["oddTp", /--tp must be .*divides the 32 attention heads.*\(3\)/u],
    ["noUnits", /--dtype must be a dtype that a100 computes in \(fp8\): a100 has bf16/u],
    ["denseSpread", /--ep needs a mixture of experts \(2\): llama-3\.1-8b is dense/u],
    ["manyStages", /--pp must be at most the 32 layers of llama-3\.1-8b \(33\)/u],
    ["longContext", /--context must be at most 4096 \(4097\)/u],
    ["zeroContext", /--context must be at least 1/u],
  ] as const)("%s -> 104, and says why", (name, text) => {
    expect(outcomes[name].code).toBe(104);
    expect(outcomes[name].stderr).toMatch(text);
    expect(outcomes[name].stderr).not.toMatch(/^ {4}at /mu);
  });
});
