import type { Dtype } from "./Dtypes.ts";
import { findByName } from "./Names.ts";

/** A default price. What a deployment really pays belongs in its scenario. */
export interface GpuPrice {
  readonly usdPerGpuHour: number;
  readonly source: string;
  /** Year and month, or the commit, that the figure is of. */
  readonly asOf: string;
}

/** One GPU. Peaks are dense (no sparsity), decimal: 1 TFLOP/s = 1e12; memory is binary. */
export interface GpuSpec {
  readonly name: string;
  readonly aliases: ReadonlyArray<string>;
  readonly memoryBytes: number;
  readonly memoryBytesPerSecond: number;
  readonly flopPerSecond: { readonly bf16: number; readonly fp8?: number };
  /** To another GPU of the node, one way. */
  readonly intraNodeBytesPerSecond: number;
  readonly networkBytesPerSecond?: number;
  readonly gpusPerNode: number;
  /** Absent for hardware of a scenario. */
  readonly powerWatts?: number;
  readonly source: string;
  readonly price?: GpuPrice;
  /** Memory beside weights and KV, where it was measured; holds up to `maxBatchedTokens`. */
  readonly measuredReserve?: {
    readonly bytes: number;
    readonly maxBatchedTokens: number;
    readonly source: string;
  };
}

const GIB = 2 ** 30;
const SYSTEM_FILES = "aiconfigurator 095f58a, system files";
const DATASHEET = "vendor data sheet, not checked against measurements here";

/** SemiAnalysis TCO, three-year rental, as constants in the InferenceX app. */
const rental = (usdPerGpuHour: number): GpuPrice => ({
  usdPerGpuHour,
  source: "SemiAnalysis TCO, three-year rental, in the InferenceX app",
  asOf: "commit 77ca49a6",
});

/** Community offers; two pages of the same site call the figure spot and on-demand. */
const runPod = (usdPerGpuHour: number, asOf: string): GpuPrice => ({
  usdPerGpuHour,
  source: "RunPod, quoted by deploybase.ai",
  asOf,
});

/** One GPU's share of an AWS instance, on demand in us-east-1. */
const aws = (of: {
  readonly instance: string;
  readonly usd: number;
  readonly gpus: number;
  readonly page: string;
  readonly asOf: string;
}): GpuPrice => ({
  usdPerGpuHour: of.usd / of.gpus,
  source: `AWS ${of.instance} on demand in us-east-1, $${Number(of.usd.toFixed(3))} for ${of.gpus}, quoted by ${of.page}`,
  asOf: of.asOf,
});

/** Shorthand of a row: GiB, TB/s, TFLOP/s, GB/s, W. */
interface Figures {
  readonly name: string;
  readonly aliases: ReadonlyArray<string>;
  readonly gib: number;
  readonly memoryTb: number;
  readonly bf16: number;
  readonly fp8?: number;
  readonly linkGb: number;
  readonly networkGb?: number;
  readonly watts: number;
  readonly source: string;
  readonly price?: GpuPrice;
  readonly measuredReserve?: GpuSpec["measuredReserve"];
}

const gpu = (row: Figures): GpuSpec => ({
  name: row.name,
  aliases: row.aliases,
  memoryBytes: Math.round(row.gib * GIB),
  memoryBytesPerSecond: row.memoryTb * 1e12,
  flopPerSecond: {
    bf16: row.bf16 * 1e12,
    ...(row.fp8 === undefined ? {} : { fp8: row.fp8 * 1e12 }),
  },
  intraNodeBytesPerSecond: row.linkGb * 1e9,
  ...(row.networkGb === undefined ? {} : { networkBytesPerSecond: row.networkGb * 1e9 }),
  gpusPerNode: 8,
  powerWatts: row.watts,
  source: row.source,
  ...(row.price === undefined ? {} : { price: row.price }),
  ...(row.measuredReserve === undefined ? {} : { measuredReserve: row.measuredReserve }),
});

/** GPUs by canonical name. No rental price of an H20 was found in public. */
export const GPUS: ReadonlyArray<GpuSpec> = [
  gpu({
    name: "h100",
    aliases: ["h100-sxm", "h100-sxm5", "h100-80gb", "h100-80gb-hbm3", "h100-sxm-80gb"],
    gib: 80,
    memoryTb: 3.35,
    bf16: 989,
    fp8: 1978,
    linkGb: 450,
    networkGb: 50,
    watts: 700,
    source: SYSTEM_FILES,
    price: rental(1.3),
  }),
  gpu({
    name: "h200",
    aliases: ["h200-sxm", "h200-141gb"],
    gib: 141,
    memoryTb: 4.8,
    bf16: 989,
    fp8: 1978,
    linkGb: 450,
    networkGb: 50,
    watts: 700,
    source: SYSTEM_FILES,
    price: rental(1.6),
  }),
  gpu({
    name: "h800",
    aliases: ["h800-sxm", "h800-80gb"],
    gib: 80,
    memoryTb: 3.35,
    bf16: 989,
    fp8: 1978,
    linkGb: 200,
    networkGb: 50,
    watts: 700,
    source: `${DATASHEET}; an H100 with less NVLink`,
    price: {
      usdPerGpuHour: 2,
      source: "DeepSeek's own assumption, open-infra-index day 6",
      asOf: "2025-02",
    },
  }),
  gpu({
    name: "h20",
    aliases: ["h20-sxm", "h20-96gb"],
    gib: 96,
    memoryTb: 4,
    bf16: 148,
    fp8: 296,
    linkGb: 450,
    networkGb: 50,
    watts: 400,
    source: DATASHEET,
  }),
  gpu({
    name: "a100",
    aliases: ["a100-80", "a100-80g", "a100-80gb", "a100-sxm", "a100-sxm4-80gb", "a100-sxm-80gb"],
    gib: 80,
    memoryTb: 2.039,
    bf16: 312,
    linkGb: 300,
    networkGb: 25,
    watts: 400,
    source: SYSTEM_FILES,
    price: runPod(1.19, "2025-10"),
  }),
  gpu({
    name: "a100-40gb",
    aliases: ["a100-40", "a100-40g", "a100-sxm4-40gb", "a100-sxm-40gb"],
    gib: 40,
    memoryTb: 1.555,
    bf16: 312,
    linkGb: 300,
    networkGb: 25,
    watts: 400,
    source: DATASHEET,
    price: aws({ instance: "p4d.24xlarge", usd: 21.957642, gpus: 8, page: "datareceipts/data-receipts, 109-gpu-pricing", asOf: "2026-11" }),
  }),
  gpu({
    name: "h100-pcie",
    aliases: ["h100-pcie-80gb", "h100-80gb-pcie"],
    gib: 80,
    memoryTb: 2,
    bf16: 756.5,
    fp8: 1513,
    linkGb: 64,
    networkGb: 50,
    watts: 350,
    source: SYSTEM_FILES,
    price: runPod(1.99, "2026-03"),
  }),
  gpu({
    name: "a10g",
    aliases: ["a10g-24gb"],
    gib: 24,
    memoryTb: 0.6,
    bf16: 70,
    linkGb: 32,
    networkGb: 12.5,
    watts: 300,
    source: `${DATASHEET}; bf16 with 32-bit accumulation of the AWS variant`,
    price: aws({
      instance: "g5.xlarge",
      usd: 1.006,
      gpus: 1,
      page: "main.d1m6t5n8e4tvia.amplifyapp.com, EC2 on-demand pricing",
      asOf: "2026-06",
    }),
  }),
  gpu({
    name: "l40s",
    aliases: ["l40s-48gb"],
    gib: 45,
    memoryTb: 0.864,
    bf16: 362,
    fp8: 733,
    linkGb: 32,
    networkGb: 50,
    watts: 350,
    source: SYSTEM_FILES,
    price: runPod(0.79, "2026-03"),
  }),
  gpu({
    name: "l4",
    aliases: ["l4-24gb"],
    gib: 24,
    memoryTb: 0.3,
    bf16: 121,
    fp8: 242,
    linkGb: 32,
    networkGb: 25,
    watts: 72,
    source: SYSTEM_FILES,
    price: runPod(0.44, "2026-03"),
  }),
  gpu({
    name: "rtx-4090",
    aliases: ["rtx4090", "4090"],
    // The device reports 25,250,627,584 bytes, a little less than 24 GiB.
    gib: 25_250_627_584 / GIB,
    memoryTb: 1.008,
    bf16: 165,
    fp8: 330,
    linkGb: 32,
    watts: 450,
    source: `${DATASHEET}; memory as reported by the device in casys-kaist/LLMServingSim 5daddb2`,
    price: runPod(0.34, "2026-03"),
    measuredReserve: {
      // What 2,588 blocks leave of 0.9 of the memory beside the weights, to within one block of 2 MiB.
      bytes: 1_236_500_000,
      maxBatchedTokens: 2048,
      source: "2,588 blocks of Llama-3.1-8B bf16 under vLLM 0.19, casys-kaist/LLMServingSim 5daddb2",
    },
  }),
  gpu({
    name: "b200",
    aliases: ["b200-sxm", "b200-180gb", "b200-192gb"],
    gib: 180,
    memoryTb: 7.7,
    bf16: 2250,
    fp8: 4500,
    linkGb: 900,
    networkGb: 100,
    watts: 1000,
    source: SYSTEM_FILES,
    price: rental(2.9),
  }),
  gpu({
    name: "b300",
    aliases: ["b300-sxm"],
    gib: 268.6,
    memoryTb: 7.75,
    bf16: 2250,
    fp8: 4500,
    linkGb: 900,
    networkGb: 100,
    watts: 1100,
    source: SYSTEM_FILES,
    price: rental(3.48),
  }),
  gpu({
    name: "mi300x",
    aliases: ["mi300x-192gb"],
    gib: 192,
    memoryTb: 5.3,
    bf16: 1307.4,
    fp8: 2614.9,
    linkGb: 448,
    networkGb: 50,
    watts: 750,
    source: "AMD Instinct MI300X data sheet, 2023, not checked against measurements here; network of 50 GB/s assumed",
    price: rental(1.55),
  }),
];

/** The GPU of a name or alias, in any case. */
export const findGpu = (name: string): GpuSpec | undefined => findByName(GPUS, name);

/** Peak FLOP/s for a weight format; undefined where the GPU has no such units. */
export const peakFlopPerSecond = (of: GpuSpec, dtype: Dtype): number | undefined =>
  dtype === "fp8" ? of.flopPerSecond.fp8 : of.flopPerSecond.bf16;
