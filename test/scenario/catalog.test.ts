import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describeWorld } from "../../src/report/terminal/describeWorld.ts";
import { renderTerminal } from "../../src/report/terminal/renderTerminal.ts";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import { FITTED_FACTORS } from "../../src/serving/catalog/RooflineFactors.ts";
import { ROOFLINE_WARNING } from "../../src/serving/catalog/rooflineWarnings.ts";
import type { PoolSpec, StepCoefficients } from "../../src/serving/ServingSpec.ts";
import { StepForm } from "../../src/serving/steptime/StepForm.ts";
import { run } from "../serving/SmallWorld.ts";
import { PUBLISHED_CONFIGS } from "../serving/catalog/publishedConfigs.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-catalog-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Catalog = NonNullable<ScenarioInput["catalog"]>;
type Pool = ScenarioInput["fleet"][string];

const GPU = {
  memory: "80GiB",
  bandwidth: "3.35TB/s",
  bf16: "989TFLOP/s",
  fp8: "1978TFLOP/s",
  interconnect: "450GB/s",
  price: "$3/h",
} as const;
const SHAPE = {
  layers: 32,
  hidden: 4096,
  heads: 32,
  kvHeads: 8,
  vocabulary: 128_256,
  intermediate: 14_336,
  maxModelLen: 131_072,
  parameters: 8_030_261_248,
};

const world = (pool: Pool, catalog?: Catalog): ScenarioInput => ({
  name: "own",
  horizon: "10s",
  traffic: { chat: { arrivals: { closed: { users: 4, think: "1s" } }, prompt: 500, output: 20 } },
  ...(catalog === undefined ? {} : { catalog }),
  fleet: { gpu: pool },
});

const poolOf = (pool: Pool, catalog?: Catalog): PoolSpec => {
  const decoded = decodeScenario(sourceOf(world(pool, catalog), join(folder, "own.yaml")));
  if (decoded instanceof ScenarioFault) throw decoded;
  return decoded.world.fleet[0]!;
};

const faultsOf = (authored: object): ReadonlyArray<string> => {
  const decoded = decodeScenario(sourceOf(authored, join(folder, "own.yaml")));
  return decoded instanceof ScenarioFault ? decoded.message.split("\n") : [];
};

describe("own hardware and models", () => {
  test("the figures of an H100 under another name -> its KV and price as given, step times of the roofline with its warning", () => {
    const own = poolOf({ gpu: "My H100", model: "llama-3.1-8b" }, { gpus: { my_h100: GPU } });
    const known = poolOf({ gpu: "H100", model: "llama-3.1-8b" });
    expect(own.engine.kvBlocks).toBe(known.engine.kvBlocks);
    expect(own.usdPerGpuHour).toBe(3);
    expect(own.gpu).toBe("my-h100");
    expect(own.warnings).toContain(ROOFLINE_WARNING);
    expect(known.warnings).not.toContain(ROOFLINE_WARNING);
    const oneToken = (step: StepCoefficients) => new StepForm(step).constantMs(1, 0);
    expect(oneToken(own.engine.step) / oneToken(known.engine.step)).toBeGreaterThan(0.7);
    expect(oneToken(own.engine.step) / oneToken(known.engine.step)).toBeLessThan(1.4);
  });

  test("a model by its shape: that of Llama-3.1-8B -> the same KV blocks; without fp8 units, fp8 is refused", () => {
    const catalog: Catalog = {
      gpus: { plain: { memory: "80GiB", bandwidth: "2TB/s", bf16: "300TFLOP/s" } },
      models: { mine: { shape: SHAPE } },
    };
    expect(poolOf({ gpu: "h100", model: "mine" }, catalog).engine.kvBlocks).toBe(
      poolOf({ gpu: "h100", model: "llama-3.1-8b" }).engine.kvBlocks,
    );
    expect(poolOf({ gpu: "plain", model: "mine" }, catalog).warnings.join()).toMatch(
      /no price is known for plain.*set price in the pool, as "\$2\/h"/u,
    );
    expect(faultsOf(world({ gpu: "plain", model: "mine", dtype: "fp8" }, catalog)).join()).toMatch(
      /fleet\.gpu\.dtype must be a dtype that plain computes in/u,
    );
  });

  test("a model by config.json, relative to the scenario -> simulated like one of the catalog", async () => {
    writeFileSync(
      join(folder, "config.json"),
      JSON.stringify({
        model_type: "llama",
        num_hidden_layers: 32,
        hidden_size: 4096,
        num_attention_heads: 32,
        num_key_value_heads: 8,
        vocab_size: 128_256,
        intermediate_size: 14_336,
        max_position_embeddings: 131_072,
        tie_word_embeddings: false,
      }),
    );
    const pool = poolOf({ gpu: "h100", model: "mine" }, { models: { mine: { config: "config.json" } } });
    expect(pool.knownModel).toEqual({ layers: 32, kvBytesPerToken: 131_072 });
    const simulated = await run(world({ gpu: "h100", model: "mine" }, { models: { mine: { config: join(folder, "config.json") } } }));
    expect(simulated.result.pools[0]).toMatchObject({ model: "mine", stepSource: expect.stringMatching(/^roofline of h100 and mine/u) });
    expect(simulated.result.total.outcomes.completed).toBeGreaterThan(10);
  });

  test("config.json with a quantization_config -> the pool's dtype, unless it has its own; notes are warnings", () => {
    const text = (config: object): void => writeFileSync(join(folder, "v3.json"), JSON.stringify(config));
    const [, config] = PUBLISHED_CONFIGS["DeepSeek-V3"]!;
    const models = { models: { mine: { config: "v3.json" } } };
    const pool = { gpu: "h200", model: "mine", parallelism: { tp: 8 } } as const;
    text(config);
    expect(poolOf(pool, models)).toMatchObject({ dtype: "fp8", memory: { weightBytes: expect.closeTo(84.1e9, -8) } });
    expect(poolOf({ ...pool, dtype: "int4" }, models).dtype).toBe("int4");
    text({ ...config, quantization_config: { quant_method: "quip" } });
    expect(poolOf({ ...pool, parallelism: { tp: 16 } }, models)).toMatchObject({
      dtype: "bf16",
      warnings: expect.arrayContaining([expect.stringMatching(/^mine: its quantization "quip" is not understood/u)]),
    });
  });

  test("a model of the catalog without dtype -> as published, which check says; with dtype -> as written", () => {
    const pool = { gpu: "h200", model: "deepseek-v3", parallelism: { tp: 8 } } as const;
    const described = (of: Pool): string => {
      const decoded = decodeScenario(sourceOf(world(of), join(folder, "own.yaml")));
      if (decoded instanceof ScenarioFault) throw decoded;
      return describeWorld(decoded.world, "own.yaml");
    };
    expect(poolOf(pool).dtype).toBe("fp8");
    expect(poolOf({ gpu: "b200", model: "openai/gpt-oss-120b" }).dtype).toBe("int4");
    expect(poolOf({ gpu: "h100", model: "llama-3.1-8b" }).dtype).toBe("bf16");
    expect(poolOf({ ...pool, dtype: "int4" }).dtype).toBe("int4");
    expect(described(pool)).toMatch(/for deepseek-v3 fp8 as published, /u);
    expect(described({ ...pool, dtype: "fp8" })).toMatch(/for deepseek-v3 fp8, /u);
  });

  test("faults: each with place, constraint, value and hint, and none for the pools that use a wrong row", () => {
    const lines = faultsOf({
      ...world({ gpu: "small", model: "odd" }),
      catalog: {
        gpus: { small: { ...GPU, memory: "80" }, h100: GPU, "a b": GPU },
        models: { odd: { shape: { ...SHAPE, kvHeads: 5 } }, gone: { config: "gone.json" } },
      },
    });
    const text = lines.join("\n");
    expect(text).toMatch(/catalog\.gpus\.small\.memory must be a size in bytes \("80"\)/u);
    expect(text).toMatch(/catalog\.gpus\.h100 must not have the name of a GPU of the catalog \("h100"\).*my-h100/u);
    expect(text).toMatch(/catalog\.models\.odd\.shape\.kvHeads must divide heads, 32 \(5\)/u);
    expect(text).toMatch(/catalog\.models\.gone\.config must be a file that can be read .*gone\.json/u);
    expect(text).not.toMatch(/fleet\.gpu/u);
  });

  test("unknown name -> the own names are among the known ones", () => {
    expect(faultsOf(world({ gpu: "my-h10", model: "llama-3.1-8b" }, { gpus: { "my-h100": GPU } })).join()).toMatch(
      /did you mean "my-h100"/u,
    );
  });

  test("config.json of an unknown type, or with fields that lack -> says which", () => {
    writeFileSync(join(folder, "mamba.json"), JSON.stringify({ model_type: "mamba" }));
    writeFileSync(join(folder, "half.json"), JSON.stringify({ model_type: "llama", hidden_size: 4096, num_attention_heads: 32 }));
    const faults = (config: string): string => faultsOf(world({ gpu: "h100", model: "m" }, { models: { m: { config } } })).join();
    expect(faults("mamba.json")).toMatch(/must have a model_type of llama, .* has "mamba".*shape/u);
    expect(faults("half.json")).toMatch(
      /positive whole numbers as num_hidden_layers, vocab_size, intermediate_size, max_position_embeddings/u,
    );
  });
});

describe("experts and engines", () => {
  test("ep of a mixture of experts -> spread over the replica's GPUs, with KV for each rank", () => {
    const pool = poolOf({ gpu: "h200", model: "deepseek-v3", dtype: "fp8", parallelism: { dp: 8, ep: 8 } });
    expect(pool.gpusPerReplica).toBe(8);
    expect(pool.stepSource).toMatch(/TP1 EP8 fp8/u);
    expect(pool.engine.scheduling?.dataParallel?.ranks).toBe(8);
    expect(pool.engine.step.experts?.ranks).toBe(8);
  });

  test("an engine by name -> its own step times", () => {
    const step = (name: "vllm" | "trtllm") => poolOf({ gpu: "h200", model: "qwen-3-32b", engine: { name } }).engine.step;
    expect(step("trtllm").a).not.toBe(step("vllm").a);
    expect(step("vllm")).toEqual(poolOf({ gpu: "h200", model: "qwen-3-32b" }).engine.step);
  });

  test.each([
    [{ parallelism: { tp: 2, ep: 2 } }, /fleet\.gpu\.parallelism\.ep.*needs a mixture of experts/u],
    [{ engine: { name: "trtllm", step: { a: 5 } } } as const, /fleet\.gpu\.engine\.name.*must not be together with step/u],
  ])("%j -> refused at its place", (more, fault) => {
    expect(faultsOf(world({ gpu: "h100", model: "llama-3.1-8b", ...more })).join(" ")).toMatch(fault);
  });
});

describe("engine.kvDtype", () => {
  test.each([
    ["composed", "h100"],
    ["measured", "rtx-4090"],
    ["roofline", "h20"],
  ])("fp8 with %s step times -> twice the KV tokens, half the bytes at the engine's speed, all else as before, a warning", (_, gpu) => {
    const wide = poolOf({ gpu, model: "llama-3.1-8b" });
    const narrow = poolOf({ gpu, model: "llama-3.1-8b", engine: { kvDtype: "fp8" } });
    expect(narrow.engine.kvBlocks / wide.engine.kvBlocks).toBeCloseTo(2, 2);
    expect(narrow.memory!.kvBytesPerToken).toBe(wide.memory!.kvBytesPerToken / 2);
    const ratio = 0.5 / FITTED_FACTORS.engines.vllm.kv8Ratio;
    const { c, h } = wide.engine.step;
    expect(narrow.engine.step).toEqual({ ...wide.engine.step, c: expect.closeTo(c * ratio, 12), h: expect.closeTo(h * ratio, 12) });
    expect(narrow.warnings.join()).toMatch(/KV at 8 bits/u);
    expect(poolOf({ gpu, model: "llama-3.1-8b", engine: { kvDtype: "bf16" } }).engine).toEqual(wide.engine);
  });

  test("step times of the user's own -> they stay as given, and a warning says so", () => {
    const step = { a: 5, c: 0.001 };
    const pool = poolOf({ gpu: "h100", model: "llama-3.1-8b", engine: { kvDtype: "fp8", step } });
    expect(pool.engine.step.c).toBe(0.001);
    expect(pool.warnings.join()).toMatch(/step times stay as given/u);
  });
});

describe("qualityCost", () => {
  test("declared -> in the result and on the terminal; else null and no word", async () => {
    const pool: Pool = { gpu: "h100", model: "llama-3.1-8b", engine: { kvDtype: "fp8" } };
    const plain = (await run(world(pool))).result;
    const declared = (await run(world({ ...pool, qualityCost: { drop: "0.4%", source: "our MMLU runs" } }))).result;
    expect(plain.pools[0]).toMatchObject({ qualityCost: null, kvDtype: "fp8" });
    expect(declared.pools[0]!.qualityCost).toEqual({ dropRatio: 0.004, source: "our MMLU runs" });
    const text = (of: typeof plain): string => renderTerminal(of, { color: false, width: 100 });
    expect(text(declared)).toMatch(/declared to cost 0\.400% of quality: our MMLU runs/u);
    expect(text(declared)).toMatch(/KV fp8/u);
    expect(text(plain)).not.toMatch(/declared to cost/u);
  });
});
