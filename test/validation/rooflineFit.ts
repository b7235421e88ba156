import { readFileSync } from "node:fs";
import { closedLoopPoint } from "../../src/serving/calibration/closedLoopPoint.ts";
import { isCatalogFault } from "../../src/serving/catalog/CatalogFault.ts";
import type { Dtype } from "../../src/serving/catalog/Dtypes.ts";
import { findGpu } from "../../src/serving/catalog/Gpus.ts";
import { planMemory } from "../../src/serving/catalog/MemoryPlan.ts";
import { findModel } from "../../src/serving/catalog/Models.ts";
import type { RooflineFactors } from "../../src/serving/catalog/RooflineForm.ts";
import { rooflineForm } from "../../src/serving/catalog/RooflineForm.ts";

/**
 * Fits the factors of the roofline to measured closed-loop points (aiconfigurator 095f58a, silicon_sample.csv) and prints errors, in sample
 * and with the predicted model left out. Run: node test/validation/rooflineFit.ts [rounds per client]
 *
 * Rows used: aggregated serving on H100, H200 and A100 by vllm, trtllm and sglang; pipeline and attention-data parallelism 1; at most 8 GPUs;
 * models of the catalog; not DeepSeek under trtllm (speculation is not recorded there); only where all clients' KV fits at once. fp4 rows on
 * these GPUs are weight-only (int4); rows without precision are bf16. Public runs draw lengths from 0.8 to 1.0 of the nominal.
 * Objective: mean |ln(predicted / measured)| of TPOT plus half of TTFT's, each (GPU, model, engine) with the same weight; pattern search over
 * the logarithms. Host times and the time per request are the engine's.
 */
interface Point {
  readonly group: string;
  readonly family: string;
  readonly engine: string;
  readonly gpu: string;
  readonly model: string;
  readonly dtype: Dtype;
  readonly tp: number;
  readonly load: {
    inputTokens: number;
    outputTokens: number;
    concurrency: number;
    maxBatchedTokens: number;
    spreadRatio: number;
    rounds: number;
  };
  readonly ttftMs: number;
  readonly tpotMs: number;
}

const FILE = new URL("../../../shared/data/perf/silicon_sample_dev.csv", import.meta.url);
const ENGINES = ["vllm", "trtllm", "sglang"];
const FACTORS = [
  "weight16Ratio",
  "weight8Ratio",
  "compute16Ratio",
  "compute8Ratio",
  "kvRatio",
  "attentionRatio",
  "linkRatio",
  "layerMs",
  "reduceMs",
  "activationPasses",
] as const;
const START = [0.8, 0.75, 0.7, 0.55, 0.8, 0.3, 0.5, 0.03, 0.01, 20];
const ENGINE_START = [1, 0.02, 10];

const readPoints = (rounds: number): Array<Point> => {
  const [header, ...lines] = readFileSync(FILE, "utf8")
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
  return lines.flatMap((cells) => {
    const row = Object.fromEntries(header!.map((key, i) => [key, cells[i] ?? ""])) as Record<string, string>;
    const number = (key: string): number => Number(row[key]);
    const gpu = findGpu((row["system"] ?? "").replace("_sxm", ""));
    const model = findModel((row["model_path"] ?? "").replace(/-FP8$/, ""));
    const tp = number("tp_size");
    const known = gpu !== undefined && model !== undefined && ["h100", "h200", "a100"].includes(gpu.name);
    if (!known || row["mode"] !== "agg" || tp > 8 || number("pp_size") !== 1 || Number(row["attention_dp_size"] || 1) !== 1) return [];
    if (!row["concurrency"] || (row["backend"] === "trtllm" && model.name.startsWith("deepseek"))) return [];
    if (number("moe_tp_size") * number("moe_ep_size") > Math.max(tp, 1)) return [];
    const dtype = ({ "": "bf16", bf16: "bf16", fp8: "fp8", fp4: "int4", int4: "int4" } as Record<string, Dtype>)[row["precision"] ?? ""]!;
    const isPublic = /db-dump|source_file=20/.test(row["silicon_data_source"] ?? "");
    const plan = planMemory({ gpu, model, dtype, tensorParallel: tp, utilizationRatio: 0.9, blockTokens: 16, maxBatchedTokens: 8192 });
    const kvNeeded = number("concurrency") * (number("isl") + number("osl"));
    if (isCatalogFault(plan) || kvNeeded > plan.kvBlocks * 16) return [];
    const family = model.name.startsWith("deepseek") ? "deepseek" : model.name;
    return [
      {
        group: `${gpu.name} ${family} ${row["backend"]}`,
        family,
        engine: row["backend"]!,
        gpu: gpu.name,
        model: model.name,
        dtype,
        tp,
        load: {
          inputTokens: number("isl"),
          outputTokens: number("osl"),
          concurrency: number("concurrency"),
          maxBatchedTokens: 8192,
          spreadRatio: isPublic ? 0.2 : 0,
          rounds,
        },
        ttftMs: number("silicon_ttft_ms"),
        tpotMs: number("silicon_tpot_ms"),
      },
    ];
  });
};

const predict = (point: Point, x: ReadonlyArray<number>): { ttftMs: number; tpotMs: number } => {
  const engine = FACTORS.length + 3 * ENGINES.indexOf(point.engine);
  const factors = Object.fromEntries(FACTORS.map((key, i) => [key, x[i]])) as unknown as RooflineFactors;
  const form = rooflineForm(
    findGpu(point.gpu)!,
    findModel(point.model)!,
    { tensorParallel: point.tp, dtype: point.dtype },
    { ...factors, hostMs: x[engine]!, hostPerSequenceMs: x[engine + 1]! },
  )!;
  const { ttftMs, tpotMs } = closedLoopPoint(form, point.load);
  return { ttftMs: ttftMs + x[engine + 2]!, tpotMs };
};

const costOf = (points: ReadonlyArray<Point>, x: ReadonlyArray<number>): number => {
  const groups = new Map<string, { sum: number; count: number }>();
  for (const point of points) {
    const { ttftMs, tpotMs } = predict(point, x);
    const group = groups.get(point.group) ?? { sum: 0, count: 0 };
    group.sum += Math.abs(Math.log(tpotMs / point.tpotMs)) + 0.5 * Math.min(1, Math.abs(Math.log(ttftMs / point.ttftMs)));
    group.count++;
    groups.set(point.group, group);
  }
  return [...groups.values()].reduce((sum, group) => sum + group.sum / group.count, 0) / groups.size;
};

const fit = (points: ReadonlyArray<Point>, start: ReadonlyArray<number>, sweeps: number): Array<number> => {
  const x = [...start];
  const step = x.map(() => 0.4);
  let cost = costOf(points, x);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let i = 0; i < x.length; i++) {
      const old = x[i]!;
      let better = false;
      for (const sign of [1, -1]) {
        const tried = old * Math.exp(sign * step[i]!);
        if (i < 7 && tried > 1) continue;
        x[i] = tried;
        const now = costOf(points, x);
        if (now < cost) {
          cost = now;
          better = true;
          break;
        }
      }
      if (!better) x[i] = old;
      step[i] = step[i]! * (better ? 1.2 : 0.5);
    }
  }
  return x;
};

const median = (of: ReadonlyArray<number>): number => of.toSorted((p, q) => p - q)[of.length >> 1] ?? NaN;
const errors = (points: ReadonlyArray<Point>, xOf: (point: Point) => ReadonlyArray<number>) =>
  points.map((point) => {
    const { ttftMs, tpotMs } = predict(point, xOf(point));
    return { point, tpot: tpotMs / point.tpotMs - 1, ttft: ttftMs / point.ttftMs - 1 };
  });
const show = (name: string, of: ReturnType<typeof errors>): void => {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const absolute = (key: "tpot" | "ttft"): string => percent(median(of.map((one) => Math.abs(one[key]))));
  const bias = (key: "tpot" | "ttft"): string => percent(median(of.map((one) => one[key])));
  console.log(
    `${name.padEnd(40)} ${of.length} points, TPOT ${absolute("tpot")} (bias ${bias("tpot")}), TTFT ${absolute("ttft")} (bias ${bias("ttft")})`,
  );
};

const rounds = Number(process.argv[2] ?? 3);
const sweeps = Number(process.argv[3] ?? 12);
const every = Number(process.argv[4] ?? 3);
const points = readPoints(rounds);
const training = points.filter((_, i) => i % every === 0);
const all = fit(training, [...START, ...ENGINES.flatMap(() => ENGINE_START)], sweeps);
console.log(
  Object.fromEntries([
    ...FACTORS.map((key, i) => [key, +all[i]!.toPrecision(4)]),
    ...ENGINES.map((e, i) => [e, all.slice(FACTORS.length + 3 * i, FACTORS.length + 3 * i + 3).map((v) => +v.toPrecision(3))]),
  ]),
);
const inSample = errors(points, () => all);
show("all, in sample", inSample);
for (const group of new Set(points.map((point) => point.group)))
  show(
    `  ${group}`,
    inSample.filter((one) => one.point.group === group),
  );
const without = new Map(
  [...new Set(points.map((point) => point.family))].map((family) => [
    family,
    fit(
      training.filter((point) => point.family !== family),
      all,
      Math.ceil(sweeps / 2),
    ),
  ]),
);
const leftOut = errors(points, (point) => without.get(point.family)!);
show("all, predicted model left out", leftOut);
for (const group of new Set(points.map((point) => point.group)))
  show(
    `  ${group}`,
    leftOut.filter((one) => one.point.group === group),
  );
