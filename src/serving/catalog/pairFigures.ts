import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import type { PoolSpec } from "../ServingSpec.ts";
import { StepForm } from "../steptime/StepForm.ts";
import type { CatalogFault } from "./CatalogFault.ts";
import { isCatalogFault } from "./CatalogFault.ts";
import { parseDtypeKey } from "./Dtypes.ts";
import type { GpuPrice } from "./Gpus.ts";
import type { KvDtype } from "./KvDtypes.ts";
import type { EngineName } from "./EngineNames.ts";
import { DEFAULT_ENGINE } from "./EngineNames.ts";
import { MEASURED_ENTRIES } from "./MeasuredFits.ts";
import type { OwnCatalog } from "./OwnCatalog.ts";
import { anyGpu, anyModel, EMPTY_CATALOG } from "./OwnCatalog.ts";
import { resolvePool } from "./resolvePool.ts";
import { answers } from "./StepChoice.ts";
import type { StepEntry } from "./StepEntry.ts";
import { findStepEntry } from "./StepTimes.ts";

/** Where step times come from: measured whole steps, sums of measured operations, or the data sheet. */
export type StepOrigin = "measured" | "composed" | "roofline";

/**
 * One step with nothing else in it. Tokens per second are of a replica, all of whose data-parallel ranks do the same, with a batch like this in
 * each stage of a pipeline; transfers between stages take no time.
 */
export interface StepFigures {
  /** Sequences that decode, or prompt tokens; of one batch of one rank. */
  readonly size: number;
  readonly ms: number;
  readonly tokensPerSecond: number;
  /** Null without a price. */
  readonly usdPerMillionTokens: number | null;
  /** Whether the KV cache holds it, or the fit has seen as much. */
  readonly fitsKv: boolean;
  readonly extrapolated: boolean;
}

/** What a model on a GPU can do. Bytes are per GPU. */
export interface PairFigures {
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  /** Number format of the KV cache where it was chosen. */
  readonly kvDtype: string | null;
  readonly gpus: number;
  readonly engine: EngineName;
  /** Ranks of data-parallel attention, and GPUs that routed experts are spread over; null where each rank cuts all of them. */
  readonly ranks: number;
  readonly expertGpus: number | null;
  /** Of a pipeline; 1 without. */
  readonly stages: number;
  readonly contextTokens: number;
  readonly memory: PoolSpec["memory"] | null;
  readonly kvTokens: number;
  readonly sequencesThatFit: number;
  readonly decode: ReadonlyArray<StepFigures>;
  readonly prefill: ReadonlyArray<StepFigures>;
  /** The largest batch that KV and engine allow at this context; null when not one sequence fits. */
  readonly ceiling: StepFigures | null;
  /** Null where none was found. */
  readonly price: GpuPrice | null;
  /** What prompts wait for before they reach the engine, as fitted together with the roofline; null for other step times. */
  readonly requestOverhead: RequestOverhead | null;
  readonly stepOrigin: StepOrigin;
  readonly stepSource: string;
  readonly stepErrorRatio: number | null;
  readonly stepDomain: PoolSpec["stepDomain"] | null;
  readonly warnings: ReadonlyArray<string>;
}

export interface PairRequest {
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  readonly tensorParallel: number;
  readonly kvDtype?: KvDtype;
  readonly pipelineParallel?: number;
  readonly dataParallel?: number;
  readonly expertParallel?: number;
  readonly engineName?: EngineName;
  readonly contextTokens: number;
  /** Hardware and models beside those of the catalog. */
  readonly catalog?: OwnCatalog;
}

const DECODE_BATCHES = [1, 16, 64, 256];
const PREFILL_TOKENS = [512, 2048, 8192];

/** Memory, step times and cost of a replica with vLLM's defaults; a fault where it does not fit or makes no sense. */
export const pairFigures = (of: PairRequest): PairFigures | CatalogFault => {
  const pool = resolvePool({ ...of, name: "pair", replicas: 1, weight: 1, backup: false, engine: {} });
  if (isCatalogFault(pool)) return pool;
  const price = anyGpu(of.catalog ?? EMPTY_CATALOG, of.gpu)?.price ?? null;
  const kvTokens = pool.engine.kvBlocks * pool.engine.blockTokens;
  const sequencesThatFit = Math.floor(kvTokens / of.contextTokens);
  const stages = of.pipelineParallel ?? 1;
  const most = Math.floor(Math.min(sequencesThatFit, pool.engine.maxSequences) / stages);
  const step = stepOf(pool, { usdPerGpuHour: price?.usdPerGpuHour ?? null, kvTokens, ranks: of.dataParallel ?? 1, stages });
  const decode = (sequences: number): StepFigures => step({ sequences, kvTokens: sequences * of.contextTokens, prefillTokens: 0 });
  return {
    gpu: pool.gpu,
    model: pool.model,
    dtype: pool.dtype,
    kvDtype: of.kvDtype ?? null,
    gpus: pool.gpusPerReplica,
    engine: of.engineName ?? DEFAULT_ENGINE,
    ranks: of.dataParallel ?? 1,
    expertGpus: of.expertParallel ?? null,
    stages,
    contextTokens: of.contextTokens,
    memory: pool.memory ?? null,
    kvTokens,
    sequencesThatFit,
    decode: DECODE_BATCHES.map(decode),
    prefill: PREFILL_TOKENS.map((prefillTokens) => step({ sequences: 0, kvTokens: 0, prefillTokens })),
    ceiling: most >= 1 ? decode(most) : null,
    price,
    requestOverhead: pool.requestOverhead ?? null,
    stepOrigin: originOf(entryOf(of)),
    stepSource: pool.stepSource,
    stepErrorRatio: pool.stepErrorRatio ?? null,
    stepDomain: pool.stepDomain ?? null,
    warnings: pool.warnings,
  };
};

const stepOf = (
  pool: PoolSpec,
  of: { readonly usdPerGpuHour: number | null; readonly kvTokens: number; readonly ranks: number; readonly stages: number },
) => {
  const form = new StepForm(pool.engine.step);
  const domain = pool.stepDomain;
  return (load: { readonly sequences: number; readonly kvTokens: number; readonly prefillTokens: number }): StepFigures => {
    const { sequences, kvTokens, prefillTokens } = load;
    const ms = form.stepMs({
      ...load,
      rows: sequences,
      attention: prefillTokens ** 2,
      prefillContext: 0,
      chunks: prefillTokens > 0 ? 1 : 0,
    });
    const size = sequences + prefillTokens;
    const tokensPerSecond = (1000 * size * of.ranks * of.stages) / ms;
    return {
      size,
      ms,
      tokensPerSecond,
      usdPerMillionTokens: of.usdPerGpuHour === null ? null : (1e6 * of.usdPerGpuHour * pool.gpusPerReplica) / (3600 * tokensPerSecond),
      fitsKv: of.stages * Math.max(kvTokens, prefillTokens) <= of.kvTokens,
      extrapolated:
        domain !== undefined &&
        (sequences > domain.maxSequences || kvTokens > domain.maxKvTokens || prefillTokens > domain.maxPrefillTokens),
    };
  };
};

const entryOf = (of: PairRequest): StepEntry | undefined => {
  const dtype = parseDtypeKey(of.dtype)!;
  if (!answers(dtype, of.engineName)) return undefined;
  const catalog = of.catalog ?? EMPTY_CATALOG;
  const [gpu, model] = [anyGpu(catalog, of.gpu)!.name, anyModel(catalog, of.model)!.name];
  return findStepEntry({ gpu, model, tensorParallel: of.tensorParallel, dtype });
};

/** The origin of an entry; without an entry it is the roofline. */
export const originOf = (entry: StepEntry | undefined): StepOrigin =>
  entry === undefined ? "roofline" : MEASURED_ENTRIES.includes(entry) ? "measured" : "composed";
