import type { StepCoefficients } from "../ServingSpec.ts";
import { scaledByPoints } from "./PointScales.ts";

/** Natural logarithms of the factors on a prior: constant and per sequence, KV reads, prefill. */
export type LogScales = ReadonlyArray<number>;

export const SCALE_NAMES = ["decode (a, b)", "KV (c, h)", "prefill (d, e)"] as const;

/** The prior with each group of coefficients multiplied by its factor: decode scales the reads of weights too, prefill all that prompt tokens cost. */
export const scaledCoefficients = (prior: StepCoefficients, logs: LogScales): StepCoefficients => {
  const [decode, kv, prefill] = logs as [number, number, number];
  return scaledByPoints(prior, [decode, decode, kv, decode, prefill, prefill]);
};

/** Change of a factor that is tried to see whether the data notice it. */
const PROBE = 0.1;
/** An objective in relative errors that rises by less than this for a tenth more or less of a factor does not determine it. */
const NOTICED = 0.002;

/** A warning for each factor that the data hardly determine. */
export const undetermined = (
  objective: (at: ReadonlyArray<number>) => number,
  best: ReadonlyArray<number>,
  names: ReadonlyArray<string>,
): Array<string> => {
  const floor = objective(best);
  return names.flatMap((name, axis) => {
    const rises = [PROBE, -PROBE].map((by) => objective(best.map((value, i) => (i === axis ? value + by : value))) - floor);
    const least = Math.max(0, Math.min(...rises));
    if (least >= NOTICED) return [];
    return [`${name} is hardly determined: a tenth more or less of it changes the error by ${(100 * least).toFixed(2)} points`];
  });
};
