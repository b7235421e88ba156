import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import type { StepCoefficients } from "../ServingSpec.ts";
import type { FitDomain } from "./FitDomain.ts";

/** Version of the file format; another one is refused. */
export const CALIBRATION_VERSION = 1;

/** Step times that were fitted to a user's own measurements: the JSON that calibration writes and a scenario names. */
export interface CalibrationEntry {
  readonly version: typeof CALIBRATION_VERSION;
  readonly gpu: string;
  readonly model: string;
  readonly dtype: string;
  readonly tensorParallel: number;
  readonly coefficients: StepCoefficients;
  /** Whether the host's share of a step is in the coefficients; true if absent, as it is in anything measured from outside. */
  readonly includesHost?: boolean;
  /** What prompts wait for beside the steps, as it was fitted, or held, together with the coefficients; nothing if absent. */
  readonly requestOverhead?: RequestOverhead;
  /** What the fit has seen. */
  readonly domain: FitDomain;
  readonly errors: CalibrationErrors;
  readonly source: string;
}

/** Median absolute relative errors, 0..1. */
export interface CalibrationErrors {
  /** On the points of the fit. */
  readonly fitRatio: number;
  /** On points that were kept out of it. */
  readonly heldOutRatio?: number;
}

/** What is wrong with a calibration file, and where in it. */
export interface CalibrationMistake {
  readonly path: string;
  readonly constraint: string;
  readonly value: unknown;
}

/** Decodes a parsed JSON document; all mistakes at once. */
export const decodeCalibration = (json: unknown): CalibrationEntry | ReadonlyArray<CalibrationMistake> => {
  const mistakes: Array<CalibrationMistake> = [];
  const root = recordAt(json, "", mistakes);
  if (root === undefined) return mistakes;
  if (root["version"] !== CALIBRATION_VERSION) {
    mistakes.push({ path: "version", constraint: `must be ${CALIBRATION_VERSION}`, value: root["version"] });
  }
  for (const key of ["gpu", "model", "dtype", "source"]) {
    if (typeof root[key] !== "string" || root[key] === "") mistakes.push({ path: key, constraint: "must be a text", value: root[key] });
  }
  numberAt(root, "tensorParallel", "", mistakes, { least: 1 });
  if (root["includesHost"] !== undefined && typeof root["includesHost"] !== "boolean") {
    mistakes.push({ path: "includesHost", constraint: "must be true or false", value: root["includesHost"] });
  }
  checkCoefficients(root["coefficients"], mistakes);
  const overhead = root["requestOverhead"] === undefined ? undefined : recordAt(root["requestOverhead"], "requestOverhead", mistakes);
  for (const key of ["perRequestMs", "perPromptTokenMs"]) if (overhead) numberAt(overhead, key, "requestOverhead.", mistakes, { least: 0 });
  const domain = recordAt(root["domain"], "domain", mistakes);
  for (const key of ["maxSequences", "maxKvTokens", "maxPrefillTokens"])
    if (domain) numberAt(domain, key, "domain.", mistakes, { least: 0 });
  const errors = recordAt(root["errors"], "errors", mistakes);
  if (errors) numberAt(errors, "fitRatio", "errors.", mistakes, { least: 0 });
  if (errors?.["heldOutRatio"] !== undefined) numberAt(errors, "heldOutRatio", "errors.", mistakes, { least: 0 });
  return mistakes.length > 0 ? mistakes : (json as CalibrationEntry);
};

/** Tells mistakes from an entry. */
export const isMistaken = (decoded: CalibrationEntry | ReadonlyArray<CalibrationMistake>): decoded is ReadonlyArray<CalibrationMistake> =>
  Array.isArray(decoded);

type Fields = Readonly<Record<string, unknown>>;

const checkCoefficients = (value: unknown, mistakes: Array<CalibrationMistake>): void => {
  const fields = recordAt(value, "coefficients", mistakes);
  if (fields === undefined) return;
  for (const key of ["a", "b", "c", "d", "e", "h"]) numberAt(fields, key, "coefficients.", mistakes, { least: 0 });
  for (const key of ["floorMs", "rowMs"]) if (fields[key] !== undefined) numberAt(fields, key, "coefficients.", mistakes, { least: 0 });
  if (fields["experts"] === undefined) return;
  const experts = recordAt(fields["experts"], "coefficients.experts", mistakes);
  if (experts === undefined) return;
  for (const key of ["count", "active"]) numberAt(experts, key, "coefficients.experts.", mistakes, { least: 1 });
  numberAt(experts, "msPerExpert", "coefficients.experts.", mistakes, { least: 0 });
  const optional = { ranks: 1, independentRatio: 0, rowMs: 0, exchangeRowMs: 0 };
  for (const [key, least] of Object.entries(optional))
    if (experts[key] !== undefined) numberAt(experts, key, "coefficients.experts.", mistakes, { least });
  checkParts(fields, experts, mistakes);
};

/** Rows that are computed elsewhere must not take time off a step. */
const checkParts = (fields: Fields, experts: Fields, mistakes: Array<CalibrationMistake>): void => {
  const parts = Number(experts["rowMs"] ?? 0) + Number(experts["exchangeRowMs"] ?? 0);
  if (!(parts > Math.min(Number(fields["b"]), Number(fields["d"])))) return;
  mistakes.push({
    path: "coefficients.experts.rowMs",
    constraint: "must be, with exchangeRowMs, at most b and d",
    value: experts["rowMs"] ?? 0,
  });
};

const recordAt = (value: unknown, path: string, mistakes: Array<CalibrationMistake>): Fields | undefined => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  mistakes.push({ path, constraint: "must be an object", value });
  return undefined;
};

const numberAt = (
  fields: Fields,
  key: string,
  prefix: string,
  mistakes: Array<CalibrationMistake>,
  bound: { readonly least: number },
): void => {
  const value = fields[key];
  if (typeof value === "number" && Number.isFinite(value) && value >= bound.least) return;
  mistakes.push({ path: `${prefix}${key}`, constraint: `must be a number of at least ${bound.least}`, value });
};
