import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Argument, Command, Flag } from "effect/cli";
import type { Line } from "../report/terminal/Line.ts";
import { paint } from "../report/terminal/Paint.ts";
import type { KnownStep } from "../report/terminal/catalogLines.ts";
import { catalogLines, gpuLines, modelLines, shortageLines } from "../report/terminal/catalogLines.ts";
import { pairLines } from "../report/terminal/pairLines.ts";
import type { CatalogFault } from "../serving/catalog/CatalogFault.ts";
import type { Dtype } from "../serving/catalog/Dtypes.ts";
import { DEFAULT_ENGINE, ENGINE_NAMES } from "../serving/catalog/EngineNames.ts";
import { isCatalogFault } from "../serving/catalog/CatalogFault.ts";
import type { GpuSpec } from "../serving/catalog/Gpus.ts";
import { findGpu, GPUS } from "../serving/catalog/Gpus.ts";
import { KV_DTYPES } from "../serving/catalog/KvDtypes.ts";
import type { ModelSpec } from "../serving/catalog/Models.ts";
import { findModel, MODELS, publishedDtype } from "../serving/catalog/Models.ts";
import { namesWith, nearestName } from "../serving/catalog/Names.ts";
import { isModelFile, readModelFile } from "./readModelFile.ts";
import type { PairFigures } from "../serving/catalog/pairFigures.ts";
import { originOf, pairFigures } from "../serving/catalog/pairFigures.ts";
import { STEP_ENTRIES } from "../serving/catalog/StepTimes.ts";

/** A question that the catalog has no answer to. */
export class CatalogUnusable extends Data.TaggedError("CatalogUnusable")<{ readonly message: string }> {}

const atLeastOne = (name: string) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (n) => n >= 1,
      () => `--${name} must be at least 1`,
    ),
  );

/** `spillway catalog [GPU] [MODEL]`: what is known of hardware and models. */
export const catalog = Command.make(
  "catalog",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("a GPU, a model or its config.json, or one of each"),
      Argument.between(0, 2),
    ),
    tp: atLeastOne("tp").pipe(Flag.withDescription("tensor parallelism (default 1)"), Flag.withDefault(1)),
    pp: atLeastOne("pp").pipe(Flag.withDescription("stages of a pipeline (default 1)"), Flag.withDefault(1)),
    dp: atLeastOne("dp").pipe(Flag.withDescription("ranks of data-parallel attention (default 1)"), Flag.withDefault(1)),
    ep: atLeastOne("ep").pipe(Flag.withDescription("GPUs that routed experts are spread over"), Flag.optional),
    engine: Flag.Literals("engine", ENGINE_NAMES).pipe(
      Flag.withDescription(`whose host times and kernels: ${ENGINE_NAMES.join(", ")} (default ${DEFAULT_ENGINE})`),
      Flag.withDefault(DEFAULT_ENGINE),
    ),
    kvDtype: Flag.Literals("kv-dtype", KV_DTYPES).pipe(
      Flag.withDescription("number format of the KV cache (default that of vLLM, 16 bits)"),
      Flag.optional,
    ),
    dtype: Flag.String("dtype").pipe(
      Flag.withDescription("number format of the weights (default that of the published checkpoint, bf16 where it is not known)"),
      Flag.optional,
    ),
    context: atLeastOne("context").pipe(
      Flag.withDescription("tokens of each sequence that decodes (default 2048)"),
      Flag.withDefault(2048),
    ),
    format: Flag.Literals("format", ["text", "json"]).pipe(Flag.withDescription("text or json (default text)"), Flag.withDefault("text")),
  },
  Effect.fnUntraced(function* ({ names, tp, pp, dp, ep, engine, dtype, kvDtype, context, format }) {
    const chosen = choose(names);
    if ("message" in chosen) return yield* new CatalogUnusable(chosen);
    const { gpu, model } = chosen;
    if (model !== undefined && pp > model.layers) {
      return yield* new CatalogUnusable({ message: `--pp must be at most the ${model.layers} layers of ${model.name} (${pp})` });
    }
    if (model !== undefined && context > model.maxModelTokens) {
      const message = `--context must be at most ${model.maxModelTokens} (${context}): ${model.name} has no longer sequences`;
      return yield* new CatalogUnusable({ message });
    }
    const request = {
      gpu: gpu?.name ?? "",
      model: model?.name ?? "",
      dtype: Option.getOrElse(dtype, () => chosen.published),
      catalog: { gpus: [], models: model !== undefined && findModel(model.name) === undefined ? [model] : [] },
      tensorParallel: tp,
      pipelineParallel: pp,
      dataParallel: dp,
      engineName: engine,
      contextTokens: context,
      ...optional("expertParallel", ep),
      ...optional("kvDtype", kvDtype),
    };
    const figures = gpu !== undefined && model !== undefined ? pairFigures(request) : undefined;
    if (isCatalogFault(figures) && figures.shortage === undefined) return yield* new CatalogUnusable({ message: faultText(figures) });
    if (format === "json") {
      process.stdout.write(`${JSON.stringify(documentOf(chosen, figures), null, 2)}\n`);
      return;
    }
    const width = process.stdout.columns ?? 100;
    const title = `${request.model} on ${tp * pp * dp} ${request.gpu}, ${request.dtype}`;
    const lines = isCatalogFault(figures)
      ? shortageLines(figures, { title, width })
      : figures === undefined
        ? listLines(chosen, width)
        : pairLines(figures, width);
    write(lines);
  }),
).pipe(
  Command.withDescription("GPUs, models and step times that are known: what fits, how fast, what it costs"),
  Command.withExamples([
    { command: "spillway catalog", description: "all GPUs and models" },
    { command: "spillway catalog H200 models/mine/config.json --tp 8", description: "a model of your own" },
    { command: "spillway catalog H100 llama-3.1-70b --tp 4 --context 4096", description: "a pair: memory, step times, cost" },
    { command: "spillway catalog H200 deepseek-v3 --dp 16 --ep 16", description: "experts spread over 16 GPUs" },
  ]),
);

const optional = <K extends string, V>(key: K, value: Option.Option<V>): { readonly [P in K]?: V } =>
  Option.isSome(value) ? ({ [key]: value.value } as { readonly [P in K]: V }) : {};

interface Chosen {
  readonly gpu: GpuSpec | undefined;
  readonly model: ModelSpec | undefined;
  /** Number format that the model is published in. */
  readonly published: Dtype;
}

/** Names in any order; at most one of each kind. */
const choose = (names: ReadonlyArray<string>): Chosen | { readonly message: string } => {
  const files = names.filter(isModelFile).map(readModelFile);
  const unreadable = files.find((file) => "message" in file);
  if (unreadable !== undefined) return unreadable;
  const unknown = names.find((name) => !isModelFile(name) && findGpu(name) === undefined && findModel(name) === undefined);
  if (unknown !== undefined) return { message: unknownText(unknown) };
  const gpus = names.flatMap((name) => findGpu(name) ?? []);
  const models = [...names.flatMap((name) => findModel(name) ?? []), ...files.flatMap((file) => ("message" in file ? [] : [file]))];
  if (gpus.length > 1) return { message: `${names.join(" and ")} are both GPUs: give a GPU and a model` };
  if (models.length > 1) return { message: `${names.join(" and ")} are both models: give a GPU and a model` };
  const [gpu, model] = [gpus[0], models[0]];
  const named = names.find((name) => model !== undefined && findModel(name) === model);
  return { gpu, model, published: model === undefined ? "bf16" : publishedDtype(model, named ?? model.name) };
};

/** Names shown for a part that many have. */
const MOST_ALIKE = 8;

const unknownText = (name: string): string => {
  const rows = [...GPUS, ...MODELS];
  const alike = namesWith(
    name,
    rows.map((row) => row.name),
  );
  const nearest =
    alike.length > 1
      ? `one of ${alike.slice(0, MOST_ALIKE).join(", ")}${alike.length > MOST_ALIKE ? " ..." : ""}`
      : `"${nearestName(
          name,
          rows.flatMap((row) => [row.name, ...row.aliases]),
        )}"`;
  return `"${name}" is no GPU and no model of the catalog: did you mean ${nearest}? \`spillway catalog\` lists all`;
};

const OPTIONS: { readonly [field: string]: string } = { "parallelism.tp": "--tp", "parallelism.ep": "--ep", dtype: "--dtype" };

const faultText = ({ field, constraint, value, hint }: CatalogFault): string =>
  `${OPTIONS[field] ?? field} ${constraint} (${value}): ${hint}`;

const entriesOf = ({ gpu, model }: Pick<Chosen, "gpu" | "model">): ReadonlyArray<KnownStep> =>
  STEP_ENTRIES.filter((entry) => entry.gpu === (gpu?.name ?? entry.gpu) && entry.model === (model?.name ?? entry.model)).map((entry) => ({
    origin: originOf(entry),
    ...entry,
  }));

const listLines = ({ gpu, model, published }: Chosen, width: number): ReadonlyArray<Line> => {
  if (gpu !== undefined) return gpuLines(gpu, entriesOf({ gpu, model }), width);
  return model === undefined
    ? catalogLines(GPUS, MODELS, width)
    : modelLines(model, { published, entries: entriesOf({ gpu, model }) }, width);
};

const documentOf = (chosen: Chosen, figures: PairFigures | CatalogFault | undefined): object => {
  if (isCatalogFault(figures)) {
    const { constraint, hint, shortage } = figures;
    return { fits: false, gpu: chosen.gpu?.name, model: chosen.model?.name, constraint, hint, ...shortage };
  }
  if (figures !== undefined) return { fits: true, ...figures };
  const { gpu, model } = chosen;
  const entries = entriesOf(chosen);
  if (gpu === undefined && model === undefined) return { gpus: GPUS.map(gpuJson), models: MODELS.map(modelJson), stepTimes: entries };
  return {
    ...(gpu === undefined ? {} : { gpu: gpuJson(gpu) }),
    ...(model === undefined ? {} : { model: modelJson(model) }),
    stepTimes: entries,
  };
};

const gpuJson = (gpu: GpuSpec): object => ({ ...gpu, price: gpu.price ?? null });

const modelJson = ({ shape, ...model }: ModelSpec): object => ({
  ...model,
  experts: shape.experts ?? null,
  publishedDtype: shape.checkpointDtype ?? "bf16",
});

const write = (lines: ReadonlyArray<Line>): void => {
  const color = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  process.stdout.write(`${lines.map((line) => paint(line, color)).join("\n")}\n`);
};
