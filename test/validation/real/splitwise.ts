import { errorsOf, quantileOf } from "../../../src/serving/calibration/Errors.ts";
import type { StepEntry } from "../../../src/serving/catalog/StepEntry.ts";
import { findStepEntry } from "../../../src/serving/catalog/StepTimes.ts";
import type { Comparison, Findings, Section } from "./Section.ts";
import { StepForm } from "../../../src/serving/steptime/StepForm.ts";
import type { StepLoad } from "../../../src/serving/steptime/StepModel.ts";
import { sharedRows } from "./SharedFile.ts";

const FILE = "perf/splitwise_perf_model.csv";
const SYSTEMS = [
  ["llama2-70b", "llama-2-70b", "h100-80gb", "h100", 8],
  ["llama2-70b", "llama-2-70b", "h100-80gb", "h100", 4],
  ["llama2-70b", "llama-2-70b", "a100-80gb", "a100", 8],
  ["llama2-70b", "llama-2-70b", "a100-80gb", "a100", 4],
  ["bloom-176b", "bloom-176b", "h100-80gb", "h100", 8],
  ["bloom-176b", "bloom-176b", "a100-80gb", "a100", 8],
] as const;
/** How much worse than its stated error an entry may be: the statement has two digits. */
const ROUNDING_POINTS = 0.6;

interface Point {
  readonly batch: number;
  readonly prompt: number;
  readonly output: number;
  readonly promptMs: number;
  readonly tokenMs: number;
}

/** Medians over the repeats of each measured point. */
const pointsOf = (model: string, hardware: string, tensorParallel: number): ReadonlyArray<Point> => {
  const groups = new Map<string, Array<{ readonly [column: string]: string }>>();
  for (const row of sharedRows(FILE)) {
    if (row["model"] !== model || row["hardware"] !== hardware || Number(row["tensor_parallel"]) !== tensorParallel) continue;
    const key = `${row["batch_size"]},${row["prompt_size"]},${row["token_size"]}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([key, rows]) => {
    const [batch, prompt, output] = key.split(",").map(Number) as [number, number, number];
    const median = (column: string): number =>
      quantileOf(
        rows.map((row) => Number(row[column])).toSorted((x, y) => x - y),
        0.5,
      );
    return { batch, prompt, output, promptMs: median("prompt_time"), tokenMs: median("token_time") };
  });
};

const stepMs = ({ coefficients }: StepEntry, load: Partial<StepLoad>): number =>
  new StepForm(coefficients).stepMs({
    sequences: 0,
    rows: 0,
    kvTokens: 0,
    prefillTokens: 0,
    attention: 0,
    prefillContext: 0,
    chunks: 0,
    ...load,
  });

const decodeError = (entry: StepEntry, { batch, prompt, output, tokenMs }: Point): number =>
  stepMs(entry, { sequences: batch, rows: batch, kvTokens: batch * (prompt + output / 2) }) / tokenMs - 1;

const prefillError = (entry: StepEntry, { batch, prompt, promptMs }: Point): number =>
  stepMs(entry, { prefillTokens: batch * prompt, chunks: batch }) / promptMs - 1;

const GROUPS: ReadonlyArray<readonly [string, (point: Point) => boolean]> = [
  ["all points", () => true],
  ["batch 1 to 64 at prompt 512", (point) => point.prompt === 512 && point.output === 128],
  ["prompt 128 to 8,192 at batch 1", (point) => point.batch === 1 && point.output === 128],
  ["output 128 to 8,192 at batch 1", (point) => point.batch === 1 && point.prompt === 512],
];

const rowsOf = (entry: StepEntry, points: ReadonlyArray<Point>): ReadonlyArray<Comparison> =>
  (
    [
      ["decode", decodeError, entry.decodeErrorRatio],
      ["prefill", prefillError, entry.prefillErrorRatio],
    ] as const
  ).flatMap(([kind, error, stated]) =>
    GROUPS.flatMap(([group, holds], i): ReadonlyArray<Comparison> => {
      const errors = errorsOf(points.filter(holds).map((point) => error(entry, point)));
      if (errors.count === 0) return [];
      return [
        {
          quantity: `${kind}, ${group} (${errors.count} points)`,
          reference: i === 0 ? `${(100 * stated).toPrecision(2)} % stated` : "",
          simulated: `p90 ${(100 * errors.p90).toFixed(1)} %`,
          error: 100 * errors.median,
          ...(i === 0 ? { target: 100 * stated + ROUNDING_POINTS } : {}),
        },
      ];
    }),
  );

const run = (): Findings => ({
  method: [
    "Medians of Splitwise's measured prompt and token times (Mutinifni/splitwise-sim 8f99e7d, MIT; vLLM of 2023) against the catalog's entries `fp16+vllm-2023`. The error is the median absolute one; the target is the error that the entry states of itself.",
    "A decode step attends to batch x (prompt + output / 2) tokens on average.",
  ],
  tables: SYSTEMS.map(([model, ours, hardware, gpu, tensorParallel]) => ({
    title: `${ours} on ${gpu}, TP${tensorParallel}`,
    reference: "entry",
    rows: rowsOf(
      findStepEntry({ gpu, model: ours, tensorParallel, dtype: { dtype: "fp16", variant: "vllm-2023" } })!,
      pointsOf(model, hardware, tensorParallel),
    ),
  })),
  remarks: [
    "In sample: the entries are fits of these points. Decode and prefill are fitted apart and joined by a floor (a step of prefill alone has a lower constant), so each has the error of its own fit.",
    "Prefill at small prompts has a floor (about 52 ms up to 512 tokens on H100 TP8) that a line cannot have: short prompts come out too short by up to a third.",
    "TP2 rows are left out: their prefill was limited by memory and lies on no line.",
  ],
});

export const splitwise: Section = { name: "splitwise", title: "Splitwise's measured times", needs: [FILE], run };
