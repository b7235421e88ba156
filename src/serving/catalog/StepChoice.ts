import type { StepCoefficients } from "../ServingSpec.ts";
import type { CatalogFault } from "./CatalogFault.ts";
import { catalogFault, unknownName } from "./CatalogFault.ts";
import type { DtypeKey } from "./Dtypes.ts";
import { DTYPES, dtypeKeyText } from "./Dtypes.ts";
import type { GpuSpec } from "./Gpus.ts";
import { peakFlopPerSecond } from "./Gpus.ts";
import { KV_8_BIT_WARNING, kvRatio } from "./KvDtypes.ts";
import type { ModelSpec } from "./Models.ts";
import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import { StepTable } from "../steptime/StepTable.ts";
import type { PoolRequest } from "./PoolRequest.ts";
import type { EngineName } from "./EngineNames.ts";
import { DEFAULT_ENGINE } from "./EngineNames.ts";
import { FITTED_FACTORS, ROOFLINE_ERRORS, rooflineOverhead } from "./RooflineFactors.ts";
import type { RooflineShape } from "./RooflineForm.ts";
import { rooflineForm } from "./RooflineForm.ts";
import { rooflineWarnings } from "./rooflineWarnings.ts";
import type { FitDomain } from "./FitDomain.ts";
import type { StepEntry } from "./StepEntry.ts";
import { DEFAULT_HOST_OVERHEAD_MS, dtypeKeysOf, findStepEntry, variantEntries, withHostOverhead } from "./StepTimes.ts";

/** The step times of a pool, with what is known about them. */
export interface StepChoice {
  readonly coefficients: StepCoefficients;
  /** In place of the coefficients. */
  readonly table?: StepTable;
  readonly source: string;
  readonly errorRatio?: number;
  readonly domain?: FitDomain;
  readonly expertParallel?: number;
  /** Where it was fitted together with the step times. */
  readonly requestOverhead?: RequestOverhead;
  readonly warnings: ReadonlyArray<string>;
}

/** The user's own step times, as given; host time only if it was asked for. */
export const givenStep = (step: StepCoefficients, hostOverheadMs: number | undefined): StepChoice => ({
  coefficients: withHostOverhead(step, hostOverheadMs ?? 0),
  source: `given in the scenario${hostText(hostOverheadMs ?? 0)}`,
  warnings: [],
});

/** Measured steps; the coefficients say nothing then. Host time only if it was asked for. */
export const measuredStep = ({ file, points }: NonNullable<PoolRequest["stepTable"]>, hostOverheadMs: number | undefined): StepChoice => ({
  coefficients: { a: 0, b: 0, c: 0, d: 0, e: 0, h: 0 },
  table: new StepTable(points, hostOverheadMs ?? 0),
  source: `${points.length} measured steps of ${file}${hostText(hostOverheadMs ?? 0)}`,
  warnings: [],
});

/** A fit to the user's own measurements; host time as with the catalog's entries. */
export const calibratedStep = ({ file, entry }: NonNullable<PoolRequest["calibration"]>, request: PoolRequest): StepChoice => {
  const hostOverheadMs = request.hostOverheadMs ?? ((entry.includesHost ?? true) ? 0 : DEFAULT_HOST_OVERHEAD_MS);
  const { fitRatio, heldOutRatio } = entry.errors;
  const heldOut = heldOutRatio === undefined ? "" : `, ${percent(heldOutRatio)} held out`;
  const differs = (["gpu", "model", "dtype", "tensorParallel"] as const).filter(
    (key) => String(entry[key]).toLowerCase() !== String(request[key]).toLowerCase(),
  );
  return {
    coefficients: withHostOverhead(entry.coefficients, hostOverheadMs),
    source: `${entry.source} (${file}); median error ${percent(fitRatio)} of the fit${heldOut}${hostText(hostOverheadMs)}`,
    errorRatio: heldOutRatio ?? fitRatio,
    domain: entry.domain,
    ...(entry.requestOverhead === undefined ? {} : { requestOverhead: entry.requestOverhead }),
    warnings: differs.map((key) => `${file} is of ${key} ${entry[key]}, the pool has ${request[key]}`),
  };
};

/**
 * Step times of the catalog: an entry, else a roofline. Entries are of vLLM, unless their variant says otherwise. A fault where the variant or the
 * dtype has neither.
 */
export const catalogStep = (gpu: GpuSpec, model: ModelSpec, dtype: DtypeKey, request: PoolRequest): StepChoice | CatalogFault => {
  const tensorParallel = request.tensorParallel;
  const entry = answers(dtype, request.engineName) ? findStepEntry({ gpu: gpu.name, model: model.name, tensorParallel, dtype }) : undefined;
  if (entry !== undefined) {
    const hosted = fromEntry(entry, request.hostOverheadMs ?? (entry.includesHost ? 0 : DEFAULT_HOST_OVERHEAD_MS));
    return kvRatio(request.kvDtype) < 1 ? withKvReads(hosted, kvRatio(request.kvDtype) / FITTED_FACTORS.engines.vllm.kv8Ratio) : hosted;
  }
  if (dtype.variant !== undefined) return noVariant(gpu, model, dtype, tensorParallel);
  if (peakFlopPerSecond(gpu, dtype.dtype) === undefined) return noUnits(gpu, dtype);
  return fromRoofline(gpu, model, dtype, request);
};

const fromEntry = (entry: StepEntry, hostOverheadMs: number): StepChoice => ({
  coefficients: withHostOverhead(entry.coefficients, hostOverheadMs),
  source: `${entry.source}; median error ${percent(entry.decodeErrorRatio)} decode, ${percent(entry.prefillErrorRatio)} prefill${hostText(hostOverheadMs)}`,
  errorRatio: entry.medianErrorRatio,
  domain: entry.domain,
  ...(entry.expertParallel === undefined ? {} : { expertParallel: entry.expertParallel }),
  warnings: entry.warnings,
});

/** Reads of the KV cache in step times that were fitted at 16 bits, in another format. */
const withKvReads = (choice: StepChoice, ratio: number): StepChoice => {
  const { coefficients } = choice;
  return {
    ...choice,
    coefficients: { ...coefficients, c: coefficients.c * ratio, h: coefficients.h * ratio },
    warnings: [...choice.warnings, KV_8_BIT_WARNING],
  };
};

const fromRoofline = (gpu: GpuSpec, model: ModelSpec, dtype: DtypeKey, request: PoolRequest): StepChoice => {
  const { tensorParallel, dataParallel, expertParallel, hostOverheadMs, engineName = DEFAULT_ENGINE } = request;
  const shape: RooflineShape = {
    tensorParallel,
    dtype: dtype.dtype,
    engine: engineName,
    kv8: kvRatio(request.kvDtype) < 1,
    ...(dataParallel === undefined ? {} : { dataParallel }),
    ...(expertParallel === undefined ? {} : { expertParallel }),
    ...(hostOverheadMs === undefined ? {} : { hostMs: hostOverheadMs }),
  };
  const spread = expertParallel === undefined ? "" : ` EP${expertParallel}`;
  return {
    coefficients: rooflineForm(gpu, model, shape, FITTED_FACTORS)!,
    source: `roofline of ${gpu.name} and ${model.name} under ${engineName} (TP${tensorParallel}${spread} ${dtype.dtype}), its factors fitted to closed loops${hostText(hostOverheadMs ?? 0)}`,
    errorRatio: ROOFLINE_ERRORS.tpotRatio,
    requestOverhead: rooflineOverhead(engineName, FITTED_FACTORS),
    warnings: rooflineWarnings(gpu, shape),
  };
};

/** Whether fitted entries may answer. */
export const answers = (dtype: DtypeKey, engine: EngineName | undefined): boolean =>
  dtype.variant !== undefined || (engine ?? DEFAULT_ENGINE) === "vllm";

const noVariant = (gpu: GpuSpec, model: ModelSpec, dtype: DtypeKey, tensorParallel: number): CatalogFault => {
  const entries = variantEntries(gpu.name, model.name);
  const atOther = entries.filter((entry) => dtypeKeyText(dtype) === dtypeKeysOf([entry])[0]);
  if (atOther.length > 0) {
    return catalogFault({
      field: "parallelism.tp",
      constraint: `must have step times of ${dtypeKeyText(dtype)} on ${gpu.name}`,
      value: tensorParallel,
      hint: `known: ${atOther.map((entry) => entry.tensorParallel).join(", ")}`,
    });
  }
  const known = dtypeKeysOf(entries);
  if (known.length > 0) return unknownName("dtype", dtypeKeyText(dtype), known);
  return catalogFault({
    field: "dtype",
    constraint: `must be an engine variant with step times of ${model.name} on ${gpu.name}`,
    value: dtypeKeyText(dtype),
    hint: `there is none; without a variant: ${supported(gpu).join(", ")}`,
  });
};

const noUnits = (gpu: GpuSpec, dtype: DtypeKey): CatalogFault =>
  catalogFault({
    field: "dtype",
    constraint: `must be a dtype that ${gpu.name} computes in`,
    value: dtypeKeyText(dtype),
    hint: `${gpu.name} has ${supported(gpu).join(", ")}`,
  });

const supported = (gpu: GpuSpec): ReadonlyArray<string> => DTYPES.filter((dtype) => peakFlopPerSecond(gpu, dtype) !== undefined);

const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(1))} %`;

const hostText = (hostOverheadMs: number): string => (hostOverheadMs > 0 ? `; plus ${hostOverheadMs} ms of host time per step` : "");
