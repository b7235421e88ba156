import type { FitDomain } from "../catalog/FitDomain.ts";
import type { StepCoefficients } from "../ServingSpec.ts";
import type { Errors } from "./Errors.ts";
import { errorsOf, foldOf } from "./Errors.ts";
import { nnls } from "./nnls.ts";
import type { StepPoint } from "./StepPoint.ts";
import { predictedMs } from "./StepPoint.ts";

/** Relative errors by kind of step. */
export interface StepErrors {
  readonly decode: Errors;
  /** Steps with prefill, with or without decoding sequences. */
  readonly prefill: Errors;
}

/** What a table of steps says about the coefficients. */
export interface StepFit {
  readonly coefficients: StepCoefficients;
  /** On the points of the fit. */
  readonly residuals: StepErrors;
  /** On points that the fit did not see; undefined with fewer points than folds. */
  readonly crossValidated?: StepErrors;
  readonly folds: number;
  readonly domain: FitDomain;
  /** What the data do not determine, and what was assumed instead. */
  readonly warnings: ReadonlyArray<string>;
}

const FOLDS = 5;
/** An own share below this leaves a coefficient's standard error above ten times that of an orthogonal design. */
const WEAK_RATIO = 0.01;

type Name = keyof StepCoefficients & ("a" | "b" | "c" | "d" | "e" | "h");

interface Stage {
  readonly names: ReadonlyArray<Name>;
  readonly columns: ReadonlyArray<Float64Array>;
  readonly targets: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Fits step times in two stages, each by relative-weighted, non-negative least squares: a, b, c on steps that only decode, then d, e, h on
 * what steps with prefill take beyond that. One joint fit over a whole grid lets the many large mixed steps bend c to twice its value.
 *
 * Without decode-only steps all six are fitted jointly, with a warning. Needs at least one point; all `ms` > 0.
 */
export const fitSteps = (points: ReadonlyArray<StepPoint>, folds = FOLDS): StepFit => {
  const { coefficients, warnings } = twoStages(points);
  const crossValidated = points.length < 2 * folds ? undefined : crossValidate(points, folds);
  return {
    coefficients,
    residuals: stepErrors(points.map((point) => [point, coefficients])),
    ...(crossValidated === undefined ? {} : { crossValidated }),
    folds,
    domain: domainOf(points),
    warnings,
  };
};

const twoStages = (points: ReadonlyArray<StepPoint>): Pick<StepFit, "coefficients" | "warnings"> => {
  const decode = points.filter((point) => point.prefillTokens === 0);
  const mixed = points.filter((point) => point.prefillTokens > 0);
  if (decode.length === 0) return jointly(mixed);
  const first = fitStage(decodeStage(decode));
  const base: StepCoefficients = { a: 0, b: 0, c: 0, d: 0, e: 0, h: 0, ...first.values };
  if (mixed.length === 0) {
    return {
      coefficients: base,
      warnings: [...first.warnings, "no step with prefill: d, e and h are not determined, prefill would be free"],
    };
  }
  const second = fitStage(mixedStage(mixed, base));
  return { coefficients: { ...base, ...second.values }, warnings: [...first.warnings, ...second.warnings] };
};

const jointly = (points: ReadonlyArray<StepPoint>): Pick<StepFit, "coefficients" | "warnings"> => {
  const zero: StepCoefficients = { a: 0, b: 0, c: 0, d: 0, e: 0, h: 0 };
  const decode = decodeStage(points);
  const mixed = mixedStage(points, zero);
  // Every step has prefill, so c and h are the same column.
  const fit = fitStage({ ...mixed, names: ["a", "b", "c", "d", "e"], columns: [...decode.columns, ...mixed.columns.slice(0, 2)] });
  return {
    coefficients: { ...zero, ...fit.values },
    warnings: ["no decode-only step: all coefficients are fitted jointly, and c cannot be told from h", ...fit.warnings],
  };
};

const decodeStage = (points: ReadonlyArray<StepPoint>): Stage => ({
  names: ["a", "b", "c"],
  columns: [column(points, () => 1), column(points, (point) => point.sequences), column(points, (point) => point.kvTokens)],
  targets: column(points, (point) => point.ms),
  weights: column(points, (point) => 1 / point.ms),
});

/** The residual may be negative at a point: the weights stay those of the whole step. */
const mixedStage = (points: ReadonlyArray<StepPoint>, base: StepCoefficients): Stage => ({
  names: ["d", "e", "h"],
  columns: [
    column(points, (point) => point.prefillTokens),
    column(points, (point) => point.attention / 2),
    column(points, (point) => point.kvTokens),
  ],
  targets: column(points, (point) => point.ms - (base.a + base.b * point.sequences + base.c * point.kvTokens)),
  weights: column(points, (point) => 1 / point.ms),
});

const column = (points: ReadonlyArray<StepPoint>, value: (point: StepPoint) => number): Float64Array => Float64Array.from(points, value);

const fitStage = (stage: Stage): { readonly values: { readonly [K in Name]?: number }; readonly warnings: ReadonlyArray<string> } => {
  const { values, ownShares } = nnls(stage);
  const warnings = stage.names.flatMap((name, i) => warningOf(name, stage, { value: values[i]!, ownShare: ownShares[i]! }));
  if (stage.targets.length < stage.names.length) {
    warnings.unshift(`${stage.targets.length} steps for ${stage.names.join(", ")}: at least ${stage.names.length} are needed`);
  }
  return { values: Object.fromEntries(stage.names.map((name, i) => [name, values[i]!])), warnings };
};

const MEANING: Readonly<Record<Name, string>> = {
  a: "constant",
  b: "sequences",
  c: "KV tokens",
  d: "prefill tokens",
  e: "attention of the prompt",
  h: "KV tokens of steps with prefill",
};

const warningOf = (name: Name, stage: Stage, found: { readonly value: number; readonly ownShare: number }): Array<string> => {
  const what = `${name} (${MEANING[name]})`;
  if (stage.columns[stage.names.indexOf(name)]!.every((entry) => entry === 0))
    return [`${what} is not determined: it is 0 in all steps; set to 0`];
  if (found.ownShare < WEAK_RATIO) {
    return [`${what} is hardly determined: ${((1 - found.ownShare) * 100).toFixed(1)} % of it varies with the others; vary them apart`];
  }
  return found.value === 0 ? [`${what} came out at its bound 0: the data would rather have it negative`] : [];
};

const crossValidate = (points: ReadonlyArray<StepPoint>, folds: number): StepErrors => {
  const seen: Array<readonly [StepPoint, StepCoefficients]> = [];
  for (let fold = 0; fold < folds; fold++) {
    const { coefficients } = twoStages(points.filter((_, i) => foldOf(i, folds) !== fold));
    points.forEach((point, i) => foldOf(i, folds) === fold && seen.push([point, coefficients]));
  }
  return stepErrors(seen);
};

const stepErrors = (pairs: ReadonlyArray<readonly [StepPoint, StepCoefficients]>): StepErrors => {
  const of = (prefill: boolean): Errors =>
    errorsOf(
      pairs
        .filter(([point]) => point.prefillTokens > 0 === prefill)
        .map(([point, coefficients]) => predictedMs(coefficients, point) / point.ms - 1),
    );
  return { decode: of(false), prefill: of(true) };
};

const domainOf = (points: ReadonlyArray<StepPoint>): FitDomain => {
  const most = (value: (point: StepPoint) => number): number => points.reduce((largest, point) => Math.max(largest, value(point)), 0);
  return {
    maxSequences: most((point) => point.sequences),
    maxKvTokens: most((point) => point.kvTokens),
    maxPrefillTokens: most((point) => point.prefillTokens),
  };
};
