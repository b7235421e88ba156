import type { CatalogFault } from "../../serving/catalog/CatalogFault.ts";
import { isCatalogFault } from "../../serving/catalog/CatalogFault.ts";
import type { EngineRequest, PoolRequest } from "../../serving/catalog/PoolRequest.ts";
import { anyModel } from "../../serving/catalog/OwnCatalog.ts";
import { publishedDtype } from "../../serving/catalog/Models.ts";
import { canonicalName } from "../../serving/catalog/Names.ts";
import type { RequestOverhead } from "../../serving/machine/RequestOverhead.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";
import { COUNT, TOKENS } from "../../units/Count.ts";
import { DURATION } from "../../units/Duration.ts";
import { PRICE } from "../../units/Money.ts";
import { SHARE } from "../../units/Share.ts";
import { DEFAULTS, UNLIMITED } from "../schema/Defaults.ts";
import type { Pool } from "../schema/Fleet.ts";
import type { Bounds, At, Decoding } from "./Decoding.ts";
import { withScheduling } from "./withScheduling.ts";
import { withSurroundings } from "./withSurroundings.ts";
import { decodeStationPool } from "./decodeStationPool.ts";
import { readStepFiles } from "./readStepFiles.ts";
import type { DecodedCatalog } from "./decodeCatalog.ts";
import type { StepFiles } from "./readStepFiles.ts";
import type { PoolCatalog } from "./PoolCatalog.ts";
import { present } from "./present.ts";

type PoolInput = typeof Pool.Type;
type EngineInput = NonNullable<PoolInput["engine"]>;

const BOUNDS: Bounds = { minimum: 1, maximum: UNLIMITED, whole: true };

/** Turns a written pool into numbers and completes it from the catalog; undefined where that cannot be. */
export const decodePool = (
  decoding: Decoding,
  at: At<PoolInput>,
  name: string,
  around: { readonly catalog: PoolCatalog; readonly files: StepFiles; readonly own: DecodedCatalog },
): PoolSpec | undefined => {
  if (Object.hasOwn(at.value, "station")) return withSurroundings(decoding, at, decodeStationPool(decoding, at, name));
  const faultsBefore = decoding.faults.length;
  for (const key of ["gpu", "model"] as const) if (!Object.hasOwn(at.value, key)) rejectMissing(decoding, at, key);
  const published = checkpointOf(at.value, around.own);
  const request = {
    ...readPool(decoding, at, { name, dtype: published ?? "bf16" }),
    ...readStepFiles(decoding, at, around.files),
    catalog: around.own,
  };
  if (!decoding.isSound(at.path) || decoding.faults.length > faultsBefore) return undefined;
  if ([request.gpu, request.model].some((named) => around.own.broken.has(canonicalName(named)))) return undefined;
  const resolved = around.catalog(request);
  if (isCatalogFault(resolved)) {
    rejectResolved(decoding, at, resolved);
    return undefined;
  }
  const pool = published === undefined || at.value.dtype !== undefined ? resolved : { ...resolved, dtypeAsPublished: true };
  return withSurroundings(decoding, at, withScheduling(decoding, at, withQuality(decoding, at, pool)));
};

/** The number format of the published weights, where it is known. */
const checkpointOf = ({ model }: PoolInput, own: DecodedCatalog): string | undefined => {
  if (typeof model !== "string") return undefined;
  const known = anyModel(own, model);
  return known === undefined || own.models.includes(known) ? known?.shape.checkpointDtype : publishedDtype(known, model);
};

/** What the user says that quantization costs. */
const withQuality = (decoding: Decoding, at: At<PoolInput>, pool: PoolSpec): PoolSpec => {
  const qualityCost = decoding.group(at, "qualityCost", (cost) => ({
    dropRatio: decoding.field(cost, "drop", (drop) => decoding.quantity(SHARE, drop)) ?? NaN,
    source: cost.value.source,
  }));
  return qualityCost === undefined ? pool : { ...pool, qualityCost };
};

const rejectMissing = (decoding: Decoding, at: At<PoolInput>, key: "gpu" | "model"): void =>
  decoding.reject({ path: [...at.path, key], constraint: "is missing", hint: MISSING_HINTS[key] });

const MISSING_HINTS = { gpu: "a GPU of the catalog, such as H100", model: "a model of the catalog, such as llama-3.1-8b" };

const rejectResolved = (decoding: Decoding, at: At<PoolInput>, { field, constraint, value, hint }: CatalogFault): void =>
  decoding.reject({ path: [...at.path, ...field.split(".")], constraint, value, hint });

const readPool = (
  decoding: Decoding,
  at: At<PoolInput>,
  { name, dtype }: { readonly name: string; readonly dtype: string },
): PoolRequest => {
  const { value } = at;
  const { pool } = DEFAULTS;
  const engine: At<EngineInput> = { value: value.engine ?? {}, path: [...at.path, "engine"] };
  return present({
    name,
    gpu: value.gpu ?? "",
    model: value.model ?? "",
    dtype: value.dtype ?? dtype,
    tensorParallel: value.parallelism?.tp ?? pool.tp,
    pipelineParallel: value.parallelism?.pp,
    dataParallel: value.parallelism?.dp,
    expertParallel: value.parallelism?.ep,
    engineName: value.engine?.name,
    kvDtype: value.engine?.kvDtype,
    replicas: value.replicas ?? pool.replicas,
    weight: value.weight ?? pool.weight,
    backup: value.backup ?? pool.backup,
    usdPerGpuHour: decoding.field(at, "price", (price) => decoding.quantity(PRICE, price)),
    engine: decodeEngine(decoding, engine),
    gpuMemoryUtilizationRatio:
      decoding.field(engine, "gpuMemoryUtilization", (share) => decoding.quantity(SHARE, share, { above: 0 })) ??
      DEFAULTS.engine.gpuMemoryUtilization,
    hostOverheadMs: hostOverhead(decoding, engine),
    requestOverhead: requestOverhead(decoding, at, engine),
    step: decoding.field(engine, "step", (step) => ({
      b: 0,
      c: 0,
      d: 0,
      e: 0,
      h: 0,
      ...step.value,
    })),
  });
};

/** What the engine core does on the CPU takes the place of the catalog's host time. */
const hostOverhead = (decoding: Decoding, engine: At<EngineInput>): number | undefined => {
  if (!Object.hasOwn(engine.value, "host")) {
    return decoding.field(engine, "hostOverhead", (overhead) => decoding.quantity(DURATION, overhead));
  }
  if (Object.hasOwn(engine.value, "hostOverhead")) {
    decoding.reject({
      path: [...engine.path, "hostOverhead"],
      constraint: "must not be together with host",
      hint: "host.perStep says the same",
      part: "key",
    });
  }
  return 0;
};

const NO_OVERHEAD: RequestOverhead = { perRequestMs: 0, perPromptTokenMs: 0 };

/** A modeled front end is what the default stands for; a decode pool gets prompts that have passed it. */
const requestOverhead = (decoding: Decoding, { value }: At<PoolInput>, engine: At<EngineInput>): RequestOverhead | undefined =>
  decoding.group(engine, "requestOverhead", (of) => ({
    perRequestMs: decoding.field(of, "perRequest", (written) => decoding.quantity(DURATION, written)) ?? 0,
    perPromptTokenMs: decoding.field(of, "perPromptToken", (written) => decoding.quantity(DURATION, written)) ?? 0,
  })) ?? (Object.hasOwn(value, "frontend") || value.role === "decode" ? NO_OVERHEAD : undefined);

type Whole = "maxBatchedTokens" | "maxSequences" | "maxModelLen" | "kvBlocks" | "maxWaiting";

const decodeEngine = (decoding: Decoding, at: At<EngineInput>): EngineRequest => {
  const { engine } = DEFAULTS;
  const whole = (key: Whole, absent: number): number =>
    decoding.number(at, key, absent, (written) =>
      decoding.quantity(key === "maxBatchedTokens" || key === "maxModelLen" ? TOKENS : COUNT, written, BOUNDS),
    );
  const ifPresent = (key: Whole): number | undefined => (Object.hasOwn(at.value, key) ? whole(key, NaN) : undefined);
  const maxBatchedTokens = whole("maxBatchedTokens", engine.maxBatchedTokens);
  const maxSequences = whole("maxSequences", engine.maxSequences);
  if (maxBatchedTokens < maxSequences) {
    const constraint = `must be at least maxSequences, ${maxSequences}`;
    decoding.reject({
      path: [...at.path, "maxBatchedTokens"],
      constraint,
      value: maxBatchedTokens,
      hint: "each running sequence takes a token of each step",
    });
  }
  return present({
    maxBatchedTokens,
    maxSequences,
    maxModelTokens: ifPresent("maxModelLen"),
    blockTokens: at.value.blockTokens ?? engine.blockTokens,
    kvBlocks: ifPresent("kvBlocks"),
    prefixCache: at.value.prefixCache ?? engine.prefixCache,
    reserveFullPrompt: at.value.reserveFullPrompt ?? engine.reserveFullPrompt,
    maxWaiting: whole("maxWaiting", engine.maxWaiting),
  });
};
