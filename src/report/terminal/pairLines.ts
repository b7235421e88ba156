import { showDuration, showNumber, showUsd } from "../../experiment/showQuantity.ts";
import type { PairFigures, StepFigures } from "../../serving/catalog/pairFigures.ts";
import type { Line } from "./Line.ts";
import { fitLine, span, wrapWords } from "./Line.ts";
import { overheadText } from "./overheadText.ts";
import { sectionHeading } from "./sectionHeading.ts";
import { showBytes } from "./showBytes.ts";
import { table } from "./Table.ts";

const GIB = 2 ** 30;
const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

const ORIGINS = {
  measured: "fitted to measured steps",
  composed: "fitted to sums of measured operation times",
  roofline: "estimated from data sheet and shape",
} as const;

/** A model on a GPU: memory, step times, cost, and how far to trust them. */
export const pairLines = (of: PairFigures, width: number): ReadonlyArray<Line> => [
  sectionHeading(
    `${of.model} on ${of.gpus} ${of.gpu}`,
    `${of.dtype}${of.kvDtype === null ? "" : `, KV ${of.kvDtype}`}, ${of.engine}, the defaults of vLLM V1`,
    width,
  ),
  ...labeled("fits", memoryText(of), width),
  ...labeled("KV", kvText(of), width),
  ...(of.expertGpus === null ? [] : labeled("experts", `spread over ${of.expertGpus} of the ${of.gpus} GPUs`, width)),
  ...labeled(
    "price",
    of.price === null
      ? "none found in public: set price in the pool"
      : `${showUsd(of.price.usdPerGpuHour)} per GPU-hour: ${of.price.source}, ${of.price.asOf}`,
    width,
  ),
  ...labeled("step times", `${ORIGINS[of.stepOrigin]}: ${of.stepSource}`, width),
  ...(of.requestOverhead === null
    ? []
    : labeled(
        "requests",
        `${overheadText(of.requestOverhead)} pass before a prompt reaches the engine, as fitted with its steps; engine.requestOverhead changes it`,
        width,
      )),
  ...of.warnings.flatMap((text) => wrapWords({ head: [span("  ! ", "fair")], text, style: "fair", width })),
  [],
  sectionHeading("decode", `each sequence at ${showNumber(of.contextTokens)} tokens${perRank(of)}`, width),
  ...steps(of.ceiling === null || of.decode.some(({ size }) => size === of.ceiling!.size) ? of.decode : [...of.decode, of.ceiling], {
    title: "sequences",
    width,
  }),
  ...(of.ceiling === null
    ? labeled("ceiling", "not one sequence of this context fits", width)
    : labeled("ceiling", `${showNumber(of.ceiling.tokensPerSecond)} tokens/s with ${showNumber(of.ceiling.size)} sequences`, width)),
  [],
  sectionHeading("prefill", `one prompt, nothing else in the step${perRank(of)}`, width),
  ...steps(of.prefill, { title: "tokens", width }),
];

const labeled = (label: string, text: string, width: number): ReadonlyArray<Line> =>
  wrapWords({ head: [span(`  ${label.padEnd(12)}`, "faint")], text, style: "plain", width });

/** Sizes are those of one rank, speeds those of all. */
const perRank = ({ ranks, stages }: PairFigures): string =>
  `${stages === 1 ? "" : `; in each of ${stages} stages`}${ranks === 1 ? "" : `; on each of ${ranks} ranks`}`;

const memoryText = ({ memory }: PairFigures): string =>
  memory === null || memory === undefined
    ? "as far as is known"
    : `${gib(memory.gpuBytes)} per GPU: weights ${gib(memory.weightBytes)}, reserve ${gib(memory.reserveBytes)}, KV ${gib(memory.kvBytes)}, the rest is left free`;

const kvText = (of: PairFigures): string => {
  const size = of.memory === null || of.memory === undefined ? "" : ` of ${showBytes(of.memory.kvBytesPerToken)} per GPU`;
  return `${showNumber(of.kvTokens)} tokens${size}: ${showNumber(of.sequencesThatFit)} sequences of ${showNumber(of.contextTokens)} tokens`;
};

const steps = (rows: ReadonlyArray<StepFigures>, of: { readonly title: string; readonly width: number }): ReadonlyArray<Line> =>
  table({
    columns: [
      { title: of.title, side: "end" },
      { title: "step", side: "end" },
      { title: "tokens/s", side: "end" },
      { title: "per million tokens", side: "end" },
      { title: "", side: "start" },
    ],
    rows: rows
      .toSorted((left, right) => left.size - right.size)
      .map((row) => [
        [span(showNumber(row.size), "strong")],
        [span(showDuration(row.ms))],
        [span(showNumber(row.tokensPerSecond))],
        [span(showUsd(row.usdPerMillionTokens))],
        [span(remark(row), "fair")],
      ]),
    gap: 3,
    indent: 2,
  }).map((line) => fitLine(line, of.width));

const remark = (row: StepFigures): string => (row.fitsKv ? (row.extrapolated ? "beyond the fit" : "") : "more than the KV holds");
