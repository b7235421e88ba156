import type { ClosedLoopLoad } from "../../../src/serving/calibration/ClosedLoopLoad.ts";
import { ClosedLoopSteps } from "../../../src/serving/calibration/ClosedLoopSteps.ts";
import { isCatalogFault } from "../../../src/serving/catalog/CatalogFault.ts";
import type { Dtype } from "../../../src/serving/catalog/Dtypes.ts";
import type { EngineName } from "../../../src/serving/catalog/EngineNames.ts";
import type { GpuSpec } from "../../../src/serving/catalog/Gpus.ts";
import { findGpu } from "../../../src/serving/catalog/Gpus.ts";
import { withKvDtype } from "../../../src/serving/catalog/KvDtypes.ts";
import { planMemory } from "../../../src/serving/catalog/MemoryPlan.ts";
import type { ModelSpec } from "../../../src/serving/catalog/Models.ts";
import { findModel } from "../../../src/serving/catalog/Models.ts";
import type { RooflineShape } from "../../../src/serving/catalog/RooflineForm.ts";
import { sharedRows } from "../real/SharedFile.ts";
import { recipeOf } from "./recipeOf.ts";

/** Closed-loop points of aiconfigurator 095f58a (silicon_sample.csv, Apache-2.0), under the shared folder. */
export const SILICON_FILE = "perf/silicon_sample_dev.csv";

export type SiliconRow = { readonly [column: string]: string };

/** A measured closed loop, as the roofline sees it. */
export interface SiliconPoint {
  /** Model, GPU, parallelism, dtype and engine. */
  readonly group: string;
  /** What is left out of a fit together: DeepSeek-V3 and R1 are one. */
  readonly family: string;
  readonly gpu: GpuSpec;
  readonly model: ModelSpec;
  readonly shape: RooflineShape;
  /** Names GPU, model and shape: points that share it share their step times. */
  readonly pair: string;
  readonly load: ClosedLoopLoad;
  readonly steps: ClosedLoopSteps;
  readonly ttftMs: number;
  readonly tpotMs: number;
}

/** Weights of four bits run as int4 on GPUs without fp4 units; rows without a precision are bf16. */
const DTYPES: { readonly [precision: string]: Dtype } = { "": "bf16", bf16: "bf16", fp8: "fp8", fp4: "int4", int4: "int4" };
const ROUNDS = 10;
/** Public runs draw lengths from 0.8 to 1 of the nominal; the others are taken to vary as much, or clients would stay in step for ever. */
const SPREAD_RATIO = 0.2;
const BLOCK_TOKENS = 16;
const UTILIZATION_RATIO = 0.9;

/**
 * Aggregated serving on one node without pipeline or attention-data parallelism, of models and dtypes that the catalog has: `scored` on H100,
 * H200 and A100, `others` on B200 and B300, which a fit may use too. `leftOut` counts rows of the former GPUs that the catalog cannot say.
 */
export const siliconPoints = (): {
  readonly scored: ReadonlyArray<SiliconPoint>;
  readonly others: ReadonlyArray<SiliconPoint>;
  readonly leftOut: number;
} => {
  const rows = sharedRows(SILICON_FILE).filter(isUsed);
  const on = (systems: RegExp) => rows.filter((row) => systems.test(row["system"]!));
  const hopper = on(/^[ah][12]00_sxm$/u);
  const scored = hopper.flatMap((row) => pointOf(row) ?? []);
  const others = on(/^b[23]00_sxm$/u)
    .filter((row) => row["precision"] !== "fp4")
    .flatMap((row) => pointOf(row) ?? []);
  return { scored, others, leftOut: hopper.length - scored.length };
};

const isUsed = (row: SiliconRow): boolean =>
  row["mode"] === "agg" &&
  DTYPES[row["precision"]!] !== undefined &&
  row["concurrency"] !== "" &&
  ["", "1"].includes(row["pp_size"]!) &&
  ["", "1"].includes(row["attention_dp_size"]!) &&
  Number(row["tp_size"]) <= 8;

const pointOf = (row: SiliconRow): SiliconPoint | undefined => {
  const gpu = findGpu(row["system"]!.replace("_sxm", ""));
  const model = findModel(row["model_path"]!.replace(/-FP8$/u, ""));
  if (gpu === undefined || model === undefined) return undefined;
  const dtype = DTYPES[row["precision"]!]!;
  const engine = row["backend"] as EngineName;
  const tensorParallel = Number(row["tp_size"]);
  const expertParallel = Number(row["moe_ep_size"] || 1);
  if (model.shape.experts !== undefined && Number(row["moe_tp_size"] || 1) * expertParallel !== tensorParallel) return undefined;
  const recipe = recipeOf(row);
  const ofKv = withKvDtype(model, recipe.kv8 ? "fp8" : undefined);
  const plan = planMemory({
    gpu,
    model: ofKv,
    dtype,
    tensorParallel,
    utilizationRatio: UTILIZATION_RATIO,
    blockTokens: BLOCK_TOKENS,
    maxBatchedTokens: recipe.load.maxBatchedTokens,
  });
  if (isCatalogFault(plan)) return undefined;
  const load: ClosedLoopLoad = {
    inputTokens: Number(row["isl"]),
    outputTokens: Number(row["osl"]),
    concurrency: Number(row["concurrency"]),
    rounds: ROUNDS,
    spreadRatio: SPREAD_RATIO,
    kvTokens: plan.kvBlocks * BLOCK_TOKENS,
    ...recipe.load,
  };
  const shape: RooflineShape = {
    tensorParallel,
    dtype,
    engine,
    ...(model.shape.experts !== undefined && expertParallel > 1 ? { expertParallel } : {}),
    ...(recipe.kv8 ? { kv8: true } : {}),
  };
  return {
    group: `${row["model_path"]!.split("/").at(-1)} on ${gpu.name} TP${tensorParallel} ${dtype}, ${engine}`,
    family: model.name.startsWith("deepseek") ? "deepseek" : model.name,
    gpu,
    model: ofKv,
    shape,
    pair: `${gpu.name} ${model.name} ${JSON.stringify(shape)}`,
    load,
    steps: new ClosedLoopSteps(load),
    ttftMs: Number(row["silicon_ttft_ms"]),
    tpotMs: Number(row["silicon_tpot_ms"]),
  };
};
