import { overheadMs } from "../machine/RequestOverhead.ts";
import type { EngineSpec, PoolSpec } from "../ServingSpec.ts";
import type { CatalogFault } from "./CatalogFault.ts";
import { catalogFault, isCatalogFault, unknownName } from "./CatalogFault.ts";
import type { DtypeKey } from "./Dtypes.ts";
import { DTYPES, dtypeKeyText, parseDtypeKey } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import { KV_GIVEN_WARNING, kvRatio, withKvDtype } from "./KvDtypes.ts";
import type { MemoryRequest } from "./MemoryPlan.ts";
import { holdBlocks, planMemory } from "./MemoryPlan.ts";
import type { ModelSpec } from "./Models.ts";
import { anyGpu, anyModel, EMPTY_CATALOG, knownNames } from "./OwnCatalog.ts";
import { expertFault } from "./expertFault.ts";
import { poolMemory } from "./poolMemory.ts";
import type { EngineRequest, PoolRequest } from "./PoolRequest.ts";
import type { StepChoice } from "./StepChoice.ts";
import { calibratedStep, catalogStep, givenStep, measuredStep } from "./StepChoice.ts";

/** vLLM V1's defaults, but for maxWaiting, which vLLM does not bound and every queue here must have. */
const DEFAULTS = {
  maxBatchedTokens: 8192,
  maxSequences: 256,
  blockTokens: 16,
  prefixCache: true,
  reserveFullPrompt: true,
  maxWaiting: 100_000,
  memoryUtilizationRatio: 0.9,
} as const;

/** A fit is called extrapolated when the engine may leave its domain by more than this factor. */
const EXTRAPOLATION_FACTOR = 1.5;

/**
 * Looks up a pool's names, step times, memory and price. The first fault found is returned; numbers are taken as valid (the scenario
 * schema checks them), only their agreement with GPU and model is checked here.
 */
export const resolvePool = (request: PoolRequest): PoolSpec | CatalogFault => {
  const names = resolveNames(request);
  if (isCatalogFault(names)) return names;
  const misplaced = expertFault(names, request);
  if (misplaced !== undefined) return misplaced;
  const step = chooseStep(names, request);
  if (isCatalogFault(step)) return step;
  const kvBlocks = countBlocks(names, step, request);
  if (isCatalogFault(kvBlocks)) return kvBlocks;
  const context = chooseContext(names.model, kvBlocks, request.engine);
  if (isCatalogFault(context)) return context;
  const engine = buildEngine(request.engine, {
    kvBlocks,
    maxModelTokens: context.maxModelTokens,
    step: step.coefficients,
  });
  const price = choosePrice(names.gpu, request);
  const overhead = request.requestOverhead ?? step.requestOverhead;
  const { tensorParallel } = request;
  const memory = poolMemory({
    ...names,
    ...engine,
    ...spread(step, request),
    tensorParallel,
    pipelineParallel: request.pipelineParallel ?? 1,
  });
  return {
    name: request.name,
    gpu: names.gpu?.name ?? request.gpu,
    model: names.model?.name ?? request.model,
    dtype: names.dtype === undefined ? request.dtype : dtypeKeyText(names.dtype),
    tensorParallel,
    gpusPerReplica: tensorParallel * (request.pipelineParallel ?? 1) * (request.dataParallel ?? 1),
    replicas: request.replicas,
    weight: request.weight,
    backup: request.backup,
    engine: step.table === undefined ? engine : { ...engine, stepTable: step.table },
    usdPerGpuHour: price.usdPerGpuHour,
    ...(memory === undefined ? {} : { memory }),
    ...(names.model === undefined ? {} : { knownModel: { layers: names.model.layers, kvBytesPerToken: names.model.kvBytesPerToken } }),
    ...(request.kvDtype === undefined ? {} : { kvDtype: request.kvDtype }),
    ...(overhead !== undefined && overheadMs(overhead, 1) > 0 ? { requestOverhead: overhead } : {}),
    stepSource: step.source,
    ...(step.domain === undefined ? {} : { stepDomain: step.domain }),
    ...(step.errorRatio === undefined ? {} : { stepErrorRatio: step.errorRatio }),
    warnings: [
      ...step.warnings,
      ...notesOf(names.model),
      ...givenKvWarnings(request),
      ...extrapolations(step, engine),
      ...context.warnings,
      ...price.warnings,
    ],
  };
};

interface Names {
  readonly gpu: GpuSpec | undefined;
  readonly model: ModelSpec | undefined;
  readonly dtype: DtypeKey | undefined;
}

/** With `step` given, unknown names stay undefined; else each must be known. */
const resolveNames = (request: PoolRequest): Names | CatalogFault => {
  const own = request.catalog ?? EMPTY_CATALOG;
  const model = anyModel(own, request.model);
  const names: Names = {
    gpu: anyGpu(own, request.gpu),
    model: model === undefined ? undefined : withKvDtype(model, request.kvDtype),
    dtype: parseDtypeKey(request.dtype),
  };
  if (hasOwnSteps(request)) return names;
  if (names.gpu === undefined) return unknownName("gpu", request.gpu, knownNames(own, "gpus"));
  if (names.model === undefined) return unknownName("model", request.model, knownNames(own, "models"));
  if (names.dtype === undefined) return unknownName("dtype", request.dtype, DTYPES);
  if (dividesHeads(names.model, request.tensorParallel)) return names;
  return catalogFault({
    field: "parallelism.tp",
    constraint: `must be a positive integer that divides the ${names.model.attentionHeads} attention heads of ${names.model.name}`,
    value: request.tensorParallel,
    hint: `possible: ${[1, 2, 4, 8, 16, 32, 64].filter((tensorParallel) => dividesHeads(names.model!, tensorParallel)).join(", ")}`,
  });
};

const dividesHeads = (model: ModelSpec, tensorParallel: number): boolean =>
  Number.isInteger(tensorParallel) && tensorParallel >= 1 && model.attentionHeads % tensorParallel === 0;

/** Names are complete whenever the pool has no step times of its own. */
const chooseStep = (names: Names, request: PoolRequest): StepChoice | CatalogFault =>
  request.stepTable !== undefined
    ? measuredStep(request.stepTable, request.hostOverheadMs)
    : request.step !== undefined
      ? givenStep(request.step, request.hostOverheadMs)
      : request.calibration !== undefined
        ? calibratedStep(request.calibration, request)
        : catalogStep(names.gpu!, names.model!, names.dtype!, request);

const givenKvWarnings = (request: PoolRequest): ReadonlyArray<string> =>
  hasOwnSteps(request) && kvRatio(request.kvDtype) < 1 ? [KV_GIVEN_WARNING] : [];

const notesOf = (model: ModelSpec | undefined): ReadonlyArray<string> =>
  (model?.shape.notes ?? []).map((note) => `${model!.name}: ${note}`);

const hasOwnSteps = ({ step, stepTable, calibration }: PoolRequest): boolean =>
  step !== undefined || stepTable !== undefined || calibration !== undefined;

const countBlocks = (names: Names, step: StepChoice, request: PoolRequest): number | CatalogFault => {
  const { gpu, model, dtype } = names;
  const { kvBlocks } = request.engine;
  if (gpu === undefined || model === undefined || dtype === undefined) return kvBlocks ?? blocksNeeded(request);
  const memory: MemoryRequest = {
    gpu,
    model,
    dtype: dtype.dtype,
    tensorParallel: request.tensorParallel,
    pipelineParallel: request.pipelineParallel ?? 1,
    ...spread(step, request),
    utilizationRatio: request.gpuMemoryUtilizationRatio ?? DEFAULTS.memoryUtilizationRatio,
    blockTokens: request.engine.blockTokens ?? DEFAULTS.blockTokens,
    maxBatchedTokens: request.engine.maxBatchedTokens ?? DEFAULTS.maxBatchedTokens,
  };
  if (kvBlocks !== undefined) return holdBlocks(memory, { kvBlocks, weightsElsewhere: hasOwnSteps(request) });
  const plan = planMemory(memory);
  return isCatalogFault(plan) ? plan : plan.kvBlocks;
};

/** Over how many GPUs experts and ranks go; an engine variant of wide expert parallelism says it for its experts. */
const spread = (step: StepChoice, request: PoolRequest): { readonly expertParallel?: number; readonly dataParallel?: number } => {
  const expertParallel = step.expertParallel ?? request.expertParallel;
  return {
    ...(expertParallel === undefined ? {} : { expertParallel }),
    ...(request.dataParallel === undefined ? {} : { dataParallel: request.dataParallel }),
  };
};

const blocksNeeded = (request: PoolRequest): CatalogFault =>
  catalogFault({
    field: "engine.kvBlocks",
    constraint: "must be given when gpu, model or dtype is not in the catalog",
    value: "absent",
    hint: `"${request.gpu}", "${request.model}", "${request.dtype}": vLLM prints the count as "GPU blocks" (or KV tokens / block size) at its start`,
  });

interface Context {
  readonly maxModelTokens: number;
  readonly warnings: ReadonlyArray<string>;
}

/** vLLM refuses to start when one sequence of full length does not fit; a length that nobody asked for is cut to what fits instead. */
const chooseContext = (model: ModelSpec | undefined, kvBlocks: number, engine: EngineRequest): Context | CatalogFault => {
  const blockTokens = engine.blockTokens ?? DEFAULTS.blockTokens;
  const capacityTokens = kvBlocks * blockTokens;
  if (engine.maxModelTokens === undefined) return defaultContext(model, capacityTokens);
  if (engine.maxModelTokens <= capacityTokens) return { maxModelTokens: engine.maxModelTokens, warnings: [] };
  return catalogFault({
    field: "engine.kvBlocks",
    constraint: `must hold one sequence of maxModelLen (${engine.maxModelTokens} tokens, ${Math.ceil(engine.maxModelTokens / blockTokens)} blocks)`,
    value: kvBlocks,
    hint: `lower maxModelLen to ${capacityTokens} or less, or raise tensor parallelism or GPU memory utilization`,
  });
};

const defaultContext = (model: ModelSpec | undefined, capacityTokens: number): Context => {
  if (model === undefined || model.maxModelTokens <= capacityTokens) {
    return { maxModelTokens: model?.maxModelTokens ?? capacityTokens, warnings: [] };
  }
  const warning = `maxModelLen is cut from the model's ${model.maxModelTokens} to the ${capacityTokens} tokens that the KV cache holds`;
  return { maxModelTokens: capacityTokens, warnings: [warning] };
};

const buildEngine = (engine: EngineRequest, found: Pick<EngineSpec, "kvBlocks" | "maxModelTokens" | "step">): EngineSpec => ({
  maxBatchedTokens: engine.maxBatchedTokens ?? DEFAULTS.maxBatchedTokens,
  maxSequences: engine.maxSequences ?? DEFAULTS.maxSequences,
  maxModelTokens: found.maxModelTokens,
  blockTokens: engine.blockTokens ?? DEFAULTS.blockTokens,
  kvBlocks: found.kvBlocks,
  prefixCache: engine.prefixCache ?? DEFAULTS.prefixCache,
  reserveFullPrompt: engine.reserveFullPrompt ?? DEFAULTS.reserveFullPrompt,
  maxWaiting: engine.maxWaiting ?? DEFAULTS.maxWaiting,
  step: found.step,
});

/** Which bounds of the fit the engine may leave. */
const extrapolations = (step: StepChoice, engine: EngineSpec): ReadonlyArray<string> => {
  const domain = step.domain;
  if (domain === undefined) return [];
  const bounds = [
    { what: "sequences per step", most: engine.maxSequences, fitted: domain.maxSequences },
    {
      what: "prefill tokens per step",
      most: engine.maxBatchedTokens,
      fitted: domain.maxPrefillTokens,
    },
    { what: "KV tokens", most: engine.kvBlocks * engine.blockTokens, fitted: domain.maxKvTokens },
  ];
  return bounds
    .filter((bound) => bound.most > EXTRAPOLATION_FACTOR * bound.fitted)
    .map((bound) => `step times are fitted up to ${bound.fitted} ${bound.what}, the engine allows ${bound.most}`);
};

const choosePrice = (gpu: GpuSpec | undefined, request: PoolRequest): { usdPerGpuHour: number; warnings: ReadonlyArray<string> } => {
  const usdPerGpuHour = request.usdPerGpuHour ?? gpu?.price?.usdPerGpuHour;
  if (usdPerGpuHour !== undefined) return { usdPerGpuHour, warnings: [] };
  return {
    usdPerGpuHour: 0,
    warnings: [`no price is known for ${gpu?.name ?? request.gpu}: its cost counts as $0, set price in the pool, as "$2/h"`],
  };
};
