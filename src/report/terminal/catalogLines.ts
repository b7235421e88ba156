import { showNumber, showRatio, showUsd } from "../../experiment/showQuantity.ts";
import type { CatalogFault } from "../../serving/catalog/CatalogFault.ts";
import type { Dtype } from "../../serving/catalog/Dtypes.ts";
import type { GpuSpec } from "../../serving/catalog/Gpus.ts";
import type { ModelSpec } from "../../serving/catalog/Models.ts";
import type { StepOrigin } from "../../serving/catalog/pairFigures.ts";
import type { StepEntry } from "../../serving/catalog/StepEntry.ts";
import type { Line } from "./Line.ts";
import { fitLine, span, wrapWords } from "./Line.ts";
import { sectionHeading } from "./sectionHeading.ts";
import { showBytes } from "./showBytes.ts";
import { table } from "./Table.ts";

const GIB = 2 ** 30;

/** Step times, and what they were fitted to. */
export type KnownStep = StepEntry & { readonly origin: StepOrigin };

const gib = (bytes: number): string => `${Number((bytes / GIB).toFixed(1))} GiB`;
const MISSING = "–";

/** Tables of all GPUs and models, and where their figures come from. */
export const catalogLines = (gpus: ReadonlyArray<GpuSpec>, models: ReadonlyArray<ModelSpec>, width: number): ReadonlyArray<Line> => [
  sectionHeading("GPUs", "peaks dense, TFLOP/s", width),
  ...gpuTable(gpus, width),
  [],
  sectionHeading("models", "KV of a token at 16 bits", width),
  ...modelTable(models, width),
  [],
  sectionHeading("sources", "", width),
  ...sources(gpus.map(({ name, source }) => [name, source])).flatMap((text) => note(text, width)),
  ...sources(gpus.flatMap(({ name, price }) => (price === undefined ? [] : [[name, `${price.source}, ${price.asOf}`] as const]))).flatMap(
    (text) => note(`price ${text}`, width),
  ),
  ...note(
    `price ${gpus
      .filter(({ price }) => price === undefined)
      .map(({ name }) => name)
      .join(", ")}: none found in public, set price in the pool`,
    width,
  ),
  ...note("models: config.json and safetensors index of the published checkpoints; spillway catalog MODEL names each", width),
];

/** Names that share a source, together. */
const sources = (of: ReadonlyArray<readonly [name: string, source: string]>): ReadonlyArray<string> => {
  const bySource = Map.groupBy(of, ([, source]) => source);
  return [...bySource].map(([source, rows]) => `${rows.map(([name]) => name).join(", ")}: ${source}`);
};

const note = (text: string, width: number): ReadonlyArray<Line> => wrapWords({ head: [span("  ")], text, style: "faint", width });

const gpuTable = (gpus: ReadonlyArray<GpuSpec>, width: number): ReadonlyArray<Line> =>
  table({
    columns: [
      { title: "name", side: "start" },
      { title: "memory", side: "end" },
      { title: "bandwidth", side: "end" },
      { title: "bf16", side: "end" },
      { title: "fp8", side: "end" },
      { title: "interconnect", side: "end" },
      { title: "per hour", side: "end" },
    ],
    rows: gpus.map((gpu) => [
      [span(gpu.name, "strong")],
      [span(gib(gpu.memoryBytes))],
      [span(`${showBytes(gpu.memoryBytesPerSecond)}/s`)],
      [span(showNumber(gpu.flopPerSecond.bf16 / 1e12))],
      [span(gpu.flopPerSecond.fp8 === undefined ? MISSING : showNumber(gpu.flopPerSecond.fp8 / 1e12))],
      [span(`${showBytes(gpu.intraNodeBytesPerSecond)}/s`)],
      [span(gpu.price === undefined ? "set price" : showUsd(gpu.price.usdPerGpuHour), gpu.price === undefined ? "fair" : "plain")],
    ]),
    gap: 2,
    indent: 2,
  }).map((line) => fitLine(line, width));

const modelTable = (models: ReadonlyArray<ModelSpec>, width: number): ReadonlyArray<Line> =>
  table({
    columns: [
      { title: "name", side: "start" },
      { title: "parameters", side: "end" },
      { title: "active", side: "end" },
      { title: "layers", side: "end" },
      { title: "KV/token", side: "end" },
      { title: "longest", side: "end" },
    ],
    rows: models.map((model) => [
      [span(model.name, "strong")],
      [span(billions(model.parameters))],
      [span(billions(model.activeParameters))],
      [span(showNumber(model.layers))],
      [span(showBytes(model.kvBytesPerToken))],
      [span(showNumber(model.maxModelTokens))],
    ]),
    gap: 2,
    indent: 2,
  }).map((line) => fitLine(line, width));

const billions = (count: number): string => `${(count / 1e9).toFixed(1)} B`;

/** One GPU, with the pairs that have fitted step times. */
export const gpuLines = (gpu: GpuSpec, entries: ReadonlyArray<KnownStep>, width: number): ReadonlyArray<Line> => [
  sectionHeading(gpu.name, "GPU", width),
  ...gpuTable([gpu], width),
  ...note(`also called ${gpu.aliases.join(", ")}; ${gpu.gpusPerNode} in a node`, width),
  ...note(`source: ${gpu.source}`, width),
  ...note(
    gpu.price === undefined ? "price: none found in public, set price in the pool" : `price: ${gpu.price.source}, ${gpu.price.asOf}`,
    width,
  ),
  ...(gpu.measuredReserve === undefined
    ? []
    : note(`reserve beside weights and KV: ${gib(gpu.measuredReserve.bytes)}, ${gpu.measuredReserve.source}`, width)),
  ...entryLines(entries, "model", width),
];

/** One model, with the pairs that have fitted step times. */
export const modelLines = (
  model: ModelSpec,
  { published, entries }: { readonly published: Dtype; readonly entries: ReadonlyArray<KnownStep> },
  width: number,
): ReadonlyArray<Line> => [
  sectionHeading(model.name, "model", width),
  ...modelTable([model], width),
  ...note(
    `${model.aliases.length === 0 ? "" : `also called ${model.aliases.join(", ")}; `}tensor parallelism divides ${model.attentionHeads} heads`,
    width,
  ),
  ...(model.shape.experts === undefined
    ? []
    : note(`${model.shape.experts.active} of ${model.shape.experts.count} experts for each token`, width)),
  ...note(`published in ${published}, which is the default dtype`, width),
  ...note(`source: ${model.source}`, width),
  ...entryLines(entries, "gpu", width),
];

const entryLines = (entries: ReadonlyArray<KnownStep>, other: "gpu" | "model", width: number): ReadonlyArray<Line> => [
  [],
  sectionHeading("step times", entries.length === 0 ? "" : "median errors", width),
  ...(entries.length === 0
    ? note("none is fitted: all pairs take the roofline, whose error a pair states", width)
    : [
        ...table({
          columns: [
            { title: other, side: "start" },
            { title: "TP", side: "end" },
            { title: "dtype", side: "start" },
            { title: "from", side: "start" },
            { title: "decode", side: "end" },
            { title: "prefill", side: "end" },
          ],
          rows: entries.map((entry) => [
            [span(entry[other], "strong")],
            [span(showNumber(entry.tensorParallel))],
            [span(entry.variant === undefined ? entry.dtype : `${entry.dtype}+${entry.variant}`)],
            [span(entry.origin)],
            [span(showRatio(entry.decodeErrorRatio))],
            [span(showRatio(entry.prefillErrorRatio))],
          ]),
          gap: 2,
          indent: 2,
        }).map((line) => fitLine(line, width)),
        ...sources(entries.map((entry) => [`TP${entry.tensorParallel} ${entry.dtype}`, entry.source]))
          .map((text) => text.replace(/^.*?: /u, ""))
          .flatMap((text) => note(text, width)),
        ...note("all other pairs take the roofline, whose error a pair states", width),
      ]),
];

/** Why a pair does not fit, and what would. */
export const shortageLines = (fault: CatalogFault, of: { readonly title: string; readonly width: number }): ReadonlyArray<Line> => [
  sectionHeading(of.title, "", of.width),
  ...wrapWords({ head: [span("  "), span("does not fit ", "bad")], text: fault.constraint, style: "plain", width: of.width }),
  ...wrapWords({ head: [span("  "), span("would fit    ", "good")], text: fault.hint, style: "plain", width: of.width }),
];
