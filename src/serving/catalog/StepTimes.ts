import type { StepCoefficients } from "../ServingSpec.ts";
import { COMPOSED_ENTRIES } from "./ComposedFits.ts";
import type { DtypeKey } from "./Dtypes.ts";
import { dtypeKeyText, sameSpeed } from "./Dtypes.ts";
import { MEASURED_ENTRIES } from "./MeasuredFits.ts";
import type { StepEntry } from "./StepEntry.ts";
import { WIDE_EXPERT_ENTRIES } from "./WideExpertFits.ts";

/** All fitted step times. No two entries answer the same question. */
export const STEP_ENTRIES: ReadonlyArray<StepEntry> = [...COMPOSED_ENTRIES, ...MEASURED_ENTRIES, ...WIDE_EXPERT_ENTRIES];

/** Host time per step that composed fits and rooflines leave out (one calibration point; 0.5 to 2 ms over engines and CPUs assumed). */
export const DEFAULT_HOST_OVERHEAD_MS = 1.2;

/** The question to the table, in canonical names. */
export interface StepQuery {
  readonly gpu: string;
  readonly model: string;
  readonly tensorParallel: number;
  readonly dtype: DtypeKey;
}

/** The entry for a pool; bf16 and fp16 answer for each other. Undefined when there is none. */
export const findStepEntry = (query: StepQuery): StepEntry | undefined =>
  STEP_ENTRIES.find(
    (entry) =>
      entry.gpu === query.gpu &&
      entry.model === query.model &&
      entry.tensorParallel === query.tensorParallel &&
      entry.variant === query.dtype.variant &&
      sameSpeed(entry.dtype, query.dtype.dtype),
  );

/** Entries that bear a variant, for one GPU and model; for hints. */
export const variantEntries = (gpu: string, model: string): ReadonlyArray<StepEntry> =>
  STEP_ENTRIES.filter((entry) => entry.gpu === gpu && entry.model === model && entry.variant !== undefined);

/** Dtype keys of entries, each once. */
export const dtypeKeysOf = (entries: ReadonlyArray<StepEntry>): ReadonlyArray<string> => [
  ...new Set(
    entries.map((entry) =>
      dtypeKeyText(entry.variant === undefined ? { dtype: entry.dtype } : { dtype: entry.dtype, variant: entry.variant }),
    ),
  ),
];

/** Coefficients with `hostOverheadMs` added to each step. */
export const withHostOverhead = (coefficients: StepCoefficients, hostOverheadMs: number): StepCoefficients => ({
  ...coefficients,
  a: coefficients.a + hostOverheadMs,
});
