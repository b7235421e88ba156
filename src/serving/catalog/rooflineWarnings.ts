import type { GpuSpec } from "./Gpus.ts";
import { KV_8_BIT_WARNING } from "./KvDtypes.ts";
import { FITTED_GPUS, ROOFLINE_ERRORS } from "./RooflineFactors.ts";
import type { RooflineShape } from "./RooflineForm.ts";

const percent = (ratio: number): string => `${Math.round(100 * ratio)} %`;

/** Shown wherever a pool's step times come from the roofline. */
export const ROOFLINE_WARNING = `roofline estimate: median error ${percent(ROOFLINE_ERRORS.tpotRatio)} of time per output token and ${percent(ROOFLINE_ERRORS.ttftRatio)} of time to first token for models that its fit had not seen`;

/** Shown where rows travel to the GPUs of their experts. */
export const EXCHANGE_WARNING =
  "expert parallelism over data-parallel ranks: dispatch and combine are counted without overlap, at the bandwidth of the data sheet; no whole step confirms them";

/** What a reader must know before trusting a roofline. */
export const rooflineWarnings = (gpu: GpuSpec, of: RooflineShape): ReadonlyArray<string> => [
  ROOFLINE_WARNING,
  ...(FITTED_GPUS.includes(gpu.name) ? [] : [`the roofline's factors were fitted on ${FITTED_GPUS.join(", ")}, not on ${gpu.name}`]),
  ...(of.expertParallel !== undefined && (of.dataParallel ?? 1) > 1 ? [EXCHANGE_WARNING] : []),
  ...(of.tensorParallel > gpu.gpusPerNode ? ["tensor parallelism across nodes: the roofline knows no latency of the network"] : []),
  ...(of.kv8 === true ? [KV_8_BIT_WARNING] : []),
];
