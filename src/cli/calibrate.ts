import { basename, dirname } from "node:path";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Argument, Command, Flag } from "effect/cli";
import { writeReports } from "../report/ReportFolder.ts";
import type { Calibrated } from "../report/terminal/renderCalibration.ts";
import { renderCalibration } from "../report/terminal/renderCalibration.ts";
import { loadScenario } from "../scenario/loadScenario.ts";
import type { PointPrior } from "../serving/calibration/fitPoints.ts";
import { fitPoints } from "../serving/calibration/fitPoints.ts";
import { fitRun } from "../serving/calibration/fitRun.ts";
import { fitSteps } from "../serving/calibration/fitSteps.ts";
import { isScored } from "../serving/calibration/RunRecord.ts";
import type { Measurements } from "../serving/calibration/readMeasurements.ts";
import { readMeasurements } from "../serving/calibration/readMeasurements.ts";
import type { CalibrationEntry } from "../serving/catalog/CalibrationEntry.ts";
import { CALIBRATION_VERSION } from "../serving/catalog/CalibrationEntry.ts";
import { isCatalogFault } from "../serving/catalog/CatalogFault.ts";
import { resolvePool } from "../serving/catalog/resolvePool.ts";
import type { EngineName } from "../serving/catalog/EngineNames.ts";
import { DEFAULT_ENGINE, ENGINE_NAMES } from "../serving/catalog/EngineNames.ts";
import { overheadMs } from "../serving/machine/RequestOverhead.ts";
import type { FitDomain } from "../serving/catalog/FitDomain.ts";
import type { PoolSpec, StepCoefficients } from "../serving/ServingSpec.ts";
import { CALIBRATION_INPUTS } from "./CalibrationInputs.ts";
import { parseSettings, setFlag } from "./CommandInput.ts";
import { readInput } from "./readInput.ts";

/** Why nothing can be calibrated. */
export class CalibrationUnusable extends Data.TaggedError("CalibrationUnusable")<{ readonly message: string }> {}

const optionalInt = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (n) => n >= 1,
      () => `--${name} must be at least 1`,
    ),
    Flag.withDescription(description),
    Flag.optional,
  );

const flags = {
  file: Argument.String("file").pipe(
    Argument.withDescription("measurements: CSV of steps, CSV of closed-loop points, or requests of a run (JSON lines or requests.csv)"),
  ),
  gpu: Flag.String("gpu").pipe(Flag.withDescription("GPU of the catalog"), Flag.optional),
  model: Flag.String("model").pipe(Flag.withDescription("model of the catalog"), Flag.optional),
  dtype: Flag.String("dtype").pipe(Flag.withDescription("number format of the weights (default bf16)"), Flag.withDefault("bf16")),
  parallelism: Flag.Int("parallelism").pipe(
    Flag.filter(
      (n) => n >= 1,
      () => "--parallelism must be at least 1",
    ),
    Flag.withDescription("tensor parallelism (default 1)"),
    Flag.withDefault(1),
  ),
  engine: Flag.Literals("engine", ENGINE_NAMES).pipe(
    Flag.withDescription(`engine whose roofline is the prior: ${ENGINE_NAMES.join(", ")} (default ${DEFAULT_ENGINE})`),
    Flag.withDefault(DEFAULT_ENGINE),
  ),
  scenario: Flag.String("scenario").pipe(
    Flag.withDescription("take GPU, model and engine settings from the first pool of this scenario"),
    Flag.optional,
  ),
  set: setFlag,
  where: Flag.String("where").pipe(
    Flag.withDescription("keep closed-loop points whose COLUMN=VALUE; may be repeated, e.g. --where system=h100_sxm"),
    Flag.atLeast(0),
  ),
  kvBlocks: optionalInt("kv-blocks", "KV blocks of the engine"),
  maxBatchedTokens: optionalInt("max-batched-tokens", "token budget of a step"),
  maxSequences: optionalInt("max-sequences", "sequences that run at once"),
  spread: Flag.Finite("spread").pipe(
    Flag.filter(
      (n) => n >= 0 && n < 1,
      () => "--spread must lie in 0..1",
    ),
    Flag.withDescription("closed-loop lengths lie in 1 - SPREAD .. 1 of the nominal (default 0)"),
    Flag.withDefault(0),
  ),
  out: Flag.String("out").pipe(Flag.withDescription("write the catalog entry, for `engine.calibration` of a scenario"), Flag.optional),
  format: Flag.Literals("format", ["text", "json"]).pipe(Flag.withDescription("text or json (default text)"), Flag.withDefault("text")),
  quiet: Flag.Boolean("quiet").pipe(Flag.withAlias("q"), Flag.withDescription("nothing on stderr but errors"), Flag.withDefault(false)),
};

interface Wanted {
  readonly file: string;
  readonly gpu: Option.Option<string>;
  readonly model: Option.Option<string>;
  readonly dtype: string;
  readonly parallelism: number;
  readonly engine: EngineName;
  readonly scenario: Option.Option<string>;
  readonly set: ReadonlyArray<string>;
  readonly where: ReadonlyArray<string>;
  readonly kvBlocks: Option.Option<number>;
  readonly maxBatchedTokens: Option.Option<number>;
  readonly maxSequences: Option.Option<number>;
  readonly spread: number;
  readonly quiet: boolean;
}

/** `spillway calibrate FILE`: step times from measurements. */
export const calibrate = Command.make(
  "calibrate",
  flags,
  Effect.fnUntraced(function* (wanted) {
    const where = yield* parseSettings(wanted.where);
    const text = readInput(wanted.file, "a CSV or JSON lines of measurements");
    if (typeof text !== "string") return yield* new CalibrationUnusable(text);
    const read = yield* attempt(() => readMeasurements({ file: wanted.file, text, where }));
    const fleet = yield* fleetFor(wanted, read.kind);
    const pool = fleet?.[0];
    const measurements = yield* attempt(() => recordsOfPool(read, fleet));
    const calibrated = fit(measurements, pool, wanted);
    if (!wanted.quiet && process.stderr.isTTY === true) process.stderr.write("\r\u001B[2K");
    const entry = entryOf(calibrated, pool, wanted);
    if (Option.isSome(wanted.out)) {
      if (entry === undefined) return yield* new CalibrationUnusable({ message: "--out needs --gpu and --model, or --scenario" });
      yield* writeReports(dirname(wanted.out.value), { [basename(wanted.out.value)]: `${JSON.stringify(entry, null, 2)}\n` });
      if (!wanted.quiet) process.stderr.write(`catalog entry in ${wanted.out.value}, for engine.calibration of a scenario\n`);
    }
    process.stdout.write(
      wanted.format === "json" ? `${JSON.stringify({ ...calibrated, entry: entry ?? null }, null, 2)}\n` : renderCalibration(calibrated),
    );
  }),
).pipe(
  Command.withDescription(
    `Fit step times to measurements: coefficients, errors in and out of sample, what the data leave open; --out writes a catalog entry

${CALIBRATION_INPUTS}`,
  ),
  Command.withShortDescription("Fit step times to measurements; --out writes a catalog entry; --help says which columns, in which units"),
  Command.withExamples([
    { command: "spillway calibrate steps.csv --gpu h100 --model llama-3.1-8b --out entry.json", description: "from a step log" },
    {
      command:
        "spillway calibrate points.csv --where system=h100_sxm --where tp_size=8 --gpu h100 --model llama-3.1-70b --dtype fp8 --parallelism 8",
      description: "from closed-loop means",
    },
    { command: "spillway calibrate requests.jsonl --scenario mine.yaml --out entry.json", description: "from the requests of a real run" },
  ]),
);

const attempt = <A>(body: () => A): Effect.Effect<A, CalibrationUnusable> =>
  Effect.try({ try: body, catch: (cause) => new CalibrationUnusable({ message: cause instanceof Error ? cause.message : String(cause) }) });

/** Records of the first pool alone: another pool of the scenario has other step times. Throws where several replicas answered and no record says which. */
const recordsOfPool = (read: Measurements, fleet: ReadonlyArray<PoolSpec> | undefined): Measurements => {
  if (read.kind !== "run" || fleet === undefined) return read;
  if (read.records[0]!.replica === undefined) {
    const replicas = fleet.reduce((sum, pool) => sum + Math.max(pool.replicas, pool.autoscale?.maxReplicas ?? 0), 0);
    if (replicas === 1) return read;
    throw new CalibrationUnusable({
      message: `the records name no replica, and the scenario has up to ${replicas}: add a column \`replica\` (JSON lines: a key) with the name of the replica that answered, or record one replica and give --set fleet.${fleet[0]!.name}.replicas=1`,
    });
  }
  const others = fleet.slice(1).map(({ name }) => `${name}/`);
  const records = read.records.filter(({ replica }) => !others.some((other) => replica!.startsWith(other)));
  if (records.filter(isScored).length >= 2) return { ...read, records, leftOut: read.leftOut + read.records.length - records.length };
  throw new CalibrationUnusable({ message: `fewer than two records are of the pool ${fleet[0]!.name}, whose step times are fitted` });
};

/** The pools, of which the first one's step times are the prior; undefined where a table of steps needs none and nobody named one. */
const fleetFor = Effect.fnUntraced(function* (wanted: Wanted, kind: Measurements["kind"]) {
  if (Option.isSome(wanted.scenario)) {
    const loaded = yield* loadScenario(wanted.scenario.value, { set: yield* parseSettings(wanted.set) });
    const { fleet } = loaded.world;
    if (fleet[0]!.station === undefined) return fleet;
    return yield* new CalibrationUnusable({
      message: `${wanted.scenario.value}: its first pool ${fleet[0]!.name} is a station, which has no steps: put a pool of GPUs first`,
    });
  }
  if (Option.isNone(wanted.gpu) || Option.isNone(wanted.model)) {
    if (kind === "steps") return undefined;
    return yield* new CalibrationUnusable({
      message: `${wanted.file}: ${kind === "run" ? "requests of a run" : "closed-loop points"} need a prior: give --gpu and --model, or --scenario`,
    });
  }
  const pool = resolvePool({
    name: "calibrated",
    gpu: wanted.gpu.value,
    model: wanted.model.value,
    dtype: wanted.dtype,
    tensorParallel: wanted.parallelism,
    engineName: wanted.engine,
    replicas: 1,
    weight: 1,
    backup: false,
    engine: given({ kvBlocks: wanted.kvBlocks, maxBatchedTokens: wanted.maxBatchedTokens, maxSequences: wanted.maxSequences }),
  });
  if (!isCatalogFault(pool)) return [pool];
  return yield* new CalibrationUnusable({ message: `${pool.field} ${pool.constraint} (${pool.value}): ${pool.hint}` });
});

const given = (options: { readonly [name: string]: Option.Option<number> }): { readonly [name: string]: number } =>
  Object.fromEntries(Object.entries(options).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : [])));

const fit = (measurements: Measurements, pool: PoolSpec | undefined, wanted: Wanted): Calibrated => {
  const progress = (what: string) => (count: number) => {
    if (!wanted.quiet && process.stderr.isTTY === true) process.stderr.write(`\r\u001B[2K${what} ${count}`);
  };
  if (measurements.kind === "steps") return { kind: "steps", count: measurements.steps.length, ...fitSteps(measurements.steps) };
  const { engine } = pool!;
  if (measurements.kind === "run") {
    const { records, leftOut } = measurements;
    const { requestOverhead } = pool!;
    const found = fitRun(records, engine, { requestOverhead, onSimulation: progress("simulated run") });
    const replicas = new Set(records.map(({ replica }) => replica)).size;
    const retried = records.filter((record) => !isScored(record)).length;
    const warnings = [...measurements.warnings, ...found.warnings];
    const of = { replicas, retried, leftOut, domain: engineDomain(engine), ...found, warnings };
    return { kind: "run", count: records.length, ...(requestOverhead === undefined ? {} : { requestOverhead }), ...of };
  }
  const { points, leftOut } = measurements;
  const found = fitPoints(
    points,
    { step: engine.step, ...priorOverhead(pool!, points[0]!) },
    {
      maxBatchedTokens: engine.maxBatchedTokens,
      kvTokens: engine.kvBlocks * engine.blockTokens,
      spreadRatio: wanted.spread,
      scheduling: engine.scheduling?.scheduler === "prefillFirst" ? "prefillFirst" : "mixed",
      // The client's next request comes when the engine's next step has begun.
      admissionSteps: 1,
    },
  );
  const most = (of: (point: (typeof points)[number]) => number): number => Math.max(...points.map(of));
  const domain: FitDomain = {
    maxSequences: most((point) => point.concurrency),
    maxKvTokens: most((point) => point.concurrency * (point.inputTokens + point.outputTokens)),
    maxPrefillTokens: engine.maxBatchedTokens,
  };
  return { kind: "points", count: points.length, leftOut, domain, ...found };
};

/** Of the first point, which stands for all. */
const priorOverhead = ({ requestOverhead }: PoolSpec, { inputTokens }: { readonly inputTokens: number }): Pick<PointPrior, "requestMs"> =>
  requestOverhead === undefined ? {} : { requestMs: overheadMs(requestOverhead, inputTokens) };

/** What the points say; a run is replayed with that of its pool. */
const overheadOf = (found: Calibrated): Pick<CalibrationEntry, "requestOverhead"> => {
  if (found.kind === "points") return { requestOverhead: { perRequestMs: sixDigits(found.requestMs), perPromptTokenMs: 0 } };
  return found.kind === "run" && found.requestOverhead !== undefined ? { requestOverhead: found.requestOverhead } : {};
};

const engineDomain = (engine: PoolSpec["engine"]): FitDomain => ({
  maxSequences: engine.maxSequences,
  maxKvTokens: engine.kvBlocks * engine.blockTokens,
  maxPrefillTokens: engine.maxBatchedTokens,
});

const entryOf = (found: Calibrated, pool: PoolSpec | undefined, wanted: Wanted): CalibrationEntry | undefined => {
  const gpu = pool?.gpu ?? Option.getOrUndefined(wanted.gpu);
  const model = pool?.model ?? Option.getOrUndefined(wanted.model);
  if (gpu === undefined || model === undefined) return undefined;
  return {
    version: CALIBRATION_VERSION,
    gpu,
    model,
    dtype: pool?.dtype ?? wanted.dtype,
    tensorParallel: pool?.tensorParallel ?? wanted.parallelism,
    coefficients: rounded(found.coefficients),
    includesHost: true,
    ...overheadOf(found),
    domain: found.domain,
    errors: errorsFor(found),
    source: `calibrated from ${basename(wanted.file)}: ${found.count} ${{ steps: "steps", points: "closed-loop points", run: "requests of a run" }[found.kind]}${found.kind === "run" && found.refused !== undefined ? ", which left the prior as it is" : ""}`,
  };
};

const errorsFor = (found: Calibrated): CalibrationEntry["errors"] => {
  switch (found.kind) {
    case "steps": {
      const worse = ({ decode, prefill }: NonNullable<typeof found.crossValidated>): number => Math.max(decode.median, prefill.median);
      return {
        fitRatio: worse(found.residuals),
        ...(found.crossValidated === undefined ? {} : { heldOutRatio: worse(found.crossValidated) }),
      };
    }
    case "points":
      return {
        fitRatio: found.residuals.tpot.median,
        ...(found.crossValidated === undefined ? {} : { heldOutRatio: found.crossValidated.tpot.median }),
      };
    case "run":
      return { fitRatio: found.residuals.e2ePerRequest, heldOutRatio: found.crossValidated.e2ePerRequest };
  }
};

/** Six digits say all that a fit can know. */
const rounded = (of: StepCoefficients): StepCoefficients =>
  JSON.parse(JSON.stringify(of, (_, value: unknown) => (typeof value === "number" ? sixDigits(value) : value))) as StepCoefficients;

const sixDigits = (value: number): number => Number(value.toPrecision(6));
