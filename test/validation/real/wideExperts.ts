import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { findGpu } from "../../../src/serving/catalog/Gpus.ts";
import { findModel } from "../../../src/serving/catalog/Models.ts";
import { FITTED_FACTORS } from "../../../src/serving/catalog/RooflineFactors.ts";
import type { RooflineFactors } from "../../../src/serving/catalog/RooflineFactors.ts";
import { rooflineForm } from "../../../src/serving/catalog/RooflineForm.ts";
import type { EngineName } from "../../../src/serving/catalog/EngineNames.ts";
import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";
import { StepForm } from "../../../src/serving/steptime/StepForm.ts";
import { SILICON_FILE } from "../silicon/SiliconPoint.ts";
import { sharedRows } from "./SharedFile.ts";
import type { Comparison, Findings, Section } from "./Section.ts";
import { relative } from "./Section.ts";

const GPUS_PER_NODE = 8;
/** The two switches that nobody publishes, at their ends. Skew: the fullest GPU takes as much longer than the mean (assumed). */
const SLOWEST: RooflineFactors = { ...FITTED_FACTORS, expertSkewRatio: 0.5 };
const FASTEST: RooflineFactors = { ...FITTED_FACTORS, expertSkewRatio: 0, linkRatio: Infinity, exchangeMs: 0 };

interface Unit {
  readonly quantity: string;
  readonly gpu: string;
  readonly gpus: number;
  /** Per GPU. */
  readonly step: { readonly sequences: number; readonly kvTokens: number; readonly prefillTokens: number; readonly attention: number };
  readonly publishedPerNode: number;
}

const decode = (sequences: number, context: number): Unit["step"] => ({
  sequences,
  kvTokens: sequences * context,
  prefillTokens: 0,
  attention: 0,
});

const UNITS: ReadonlyArray<Unit> = [
  {
    quantity: "DeepSeek day 6: decode, EP144 on H800, 88 sequences per GPU at 4,989 tokens",
    gpu: "h800",
    gpus: 144,
    step: decode(88, 4989),
    publishedPerNode: 14_800,
  },
  {
    quantity: "SGLang: decode, EP72 on H100, 256 sequences per GPU (assumed) at 2,000 tokens",
    gpu: "h100",
    gpus: 72,
    step: decode(256, 2000),
    publishedPerNode: 22_282,
  },
  {
    quantity: "SGLang: prefill, EP32 on H100, 16,384 tokens per GPU in prompts of 4,096",
    gpu: "h100",
    gpus: 32,
    step: { sequences: 0, kvTokens: 0, prefillTokens: 16_384, attention: 4 * 4096 ** 2 },
    publishedPerNode: 50_302,
  },
];

const perRank = (gpu: string, gpus: number, engine: EngineName, factors: RooflineFactors): StepCoefficients =>
  rooflineForm(
    findGpu(gpu)!,
    findModel("deepseek-v3")!,
    { tensorParallel: 1, dtype: "fp8", engine, dataParallel: gpus, expertParallel: gpus },
    factors,
  )!;

const tokensPerNode = ({ gpu, gpus, step }: Unit, factors: RooflineFactors): number => {
  const form = new StepForm(perRank(gpu, gpus, "sglang", factors));
  const ms = form.stepMs({ ...step, rows: step.sequences, prefillContext: 0, chunks: 4 });
  return (1000 * GPUS_PER_NODE * (step.sequences + step.prefillTokens)) / ms;
};

const thousands = (rate: number): string => `${(rate / 1000).toFixed(1)}k`;

const rangeRow = (unit: Unit): Comparison => ({
  quantity: unit.quantity,
  reference: thousands(unit.publishedPerNode),
  simulated: `${thousands(tokensPerNode(unit, SLOWEST))} to ${thousands(tokensPerNode(unit, FASTEST))}; catalog ${thousands(tokensPerNode(unit, FITTED_FACTORS))}`,
});

/** Measured closed loops of ranks with attention of their own, each on one GPU. */
const measuredRows = (): ReadonlyArray<Comparison> =>
  sharedRows(SILICON_FILE)
    .filter(
      (row) => row["system"] === "h200_sxm" && row["mode"] === "agg" && row["attention_dp_size"] === "8" && row["moe_ep_size"] === "8",
    )
    .map((row) => {
      const concurrency = Number(row["concurrency"]);
      const { tpotMs } = closedLoopPoint(perRank("h200", 8, "trtllm", FITTED_FACTORS), {
        inputTokens: Number(row["isl"]),
        outputTokens: Number(row["osl"]),
        concurrency: concurrency / 8,
        maxBatchedTokens: 8192,
        spreadRatio: 0.2,
        wholePrompts: true,
        admissionSteps: 1,
      });
      const quantity = `TensorRT-LLM: TPOT, ms, DP8 EP8 on H200, ${row["isl"]}/${row["osl"]} tokens, concurrency ${concurrency}`;
      return relative(quantity, Number(row["silicon_tpot_ms"]), tpotMs);
    });

const run = (): Findings => ({
  method: [
    "DeepSeek-V3 and R1 with data-parallel attention and experts spread over all GPUs of a unit: the roofline of the catalog, whose factors were fitted without any such point. Published rates: deepseek-ai/open-infra-index 56d8685, day 6; lmsys.org/blog/2025-05-05-large-scale-ep. Measured closed loops: aiconfigurator 095f58a.",
    "Nobody publishes how much of dispatch and combine is hidden and how skewed the experts are: the range goes from nothing hidden and the fullest GPU half again as long as the mean (assumed) to all hidden and no skew. The catalog hides nothing and has the skew of its fit.",
  ],
  tables: [
    { title: "Tokens/s per node of 8", reference: "published", rows: UNITS.map(rangeRow) },
    { title: "Closed loops", reference: "measured", rows: measuredRows() },
  ],
  remarks: [
    "Decode lies inside of the range. Prefill at EP32 is published above it: the compute share of routed experts was fitted to experts that are cut by tensor parallelism, whose matrices are narrow; whole experts with thousands of rows each run closer to the peak. The composed entries (fp8+ep64, fp8+ep32-prefill) stay the better choice there.",
  ],
});

export const wideExperts: Section = {
  name: "experts",
  title: "Wide expert parallelism",
  needs: [SILICON_FILE],
  run,
};
