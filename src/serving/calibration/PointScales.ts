import type { StepCoefficients } from "../ServingSpec.ts";
import { scaledExperts } from "./scaledExperts.ts";

/** What is fitted to closed loops: factors on a prior's coefficients, and the time per request. */
export const POINT_SCALES = [
  "per step (a)",
  "per sequence (b)",
  "KV (c, h)",
  "weight reads",
  "prompt tokens and products (d, rows)",
  "attention of the prompt (e)",
] as const;

/** The prior with each group of coefficients multiplied by the exponential of its logarithm. */
export const scaledByPoints = (prior: StepCoefficients, logs: ReadonlyArray<number>): StepCoefficients => {
  const [step, sequence, kv, read, row, attention] = logs.map(Math.exp) as [number, number, number, number, number, number];
  return {
    ...prior,
    a: prior.a * step,
    b: prior.b * sequence,
    c: prior.c * kv,
    d: prior.d * row,
    e: prior.e * attention,
    h: prior.h * kv,
    ...(prior.floorMs === undefined ? {} : { floorMs: prior.floorMs * read }),
    ...(prior.rowMs === undefined ? {} : { rowMs: prior.rowMs * row }),
    ...(prior.experts === undefined ? {} : { experts: scaledExperts(prior.experts, { read, row: Math.min(sequence, row) }) }),
  };
};
