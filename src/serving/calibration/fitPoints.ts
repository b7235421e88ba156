import type { StepCoefficients } from "../ServingSpec.ts";
import { closedLoopPoint } from "./closedLoopPoint.ts";
import type { Errors } from "./Errors.ts";
import { errorsOf, foldOf, meanOf } from "./Errors.ts";
import { minimize } from "./minimize.ts";
import { SCALE_NAMES, scaledCoefficients, undetermined } from "./ScaledCoefficients.ts";

/** Means measured under a closed loop. */
export interface MeasuredPoint {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly concurrency: number;
  readonly ttftMs: number;
  readonly tpotMs: number;
}

export interface PointSettings {
  readonly maxBatchedTokens: number;
  /** KV tokens of the replica. */
  readonly kvTokens?: number;
  /** Lengths lie in [1 - spread, 1] of the nominal. */
  readonly spreadRatio: number;
  readonly rounds: number;
  readonly onEvaluation?: (count: number) => void;
}

export interface PointErrors {
  readonly ttft: Errors;
  readonly tpot: Errors;
}

export interface PointFit {
  readonly coefficients: StepCoefficients;
  /** Factors on the prior, in the order of SCALE_NAMES. */
  readonly factors: ReadonlyArray<number>;
  /** Time beside the engine's steps that each first token waits for; no part of the coefficients. */
  readonly requestMs: number;
  readonly prior: PointErrors;
  readonly residuals: PointErrors;
  /** Undefined with fewer than three points. */
  readonly crossValidated?: PointErrors;
  readonly folds: number;
  readonly warnings: ReadonlyArray<string>;
}

const FOLDS = 5;
const START_REQUEST_MS = 10;
/** Pull towards the prior, in relative error per square of a logarithm: enough to hold what no point sees. */
const RIDGE = 0.005;
const TTFT_WEIGHT = 0.5;
const SEARCH = { step: 0.25, maxEvaluations: 240, tolerance: 0.004 };

/** Fits three factors on a prior and a time per request to closed-loop means. At least one point; all times > 0. */
export const fitPoints = (points: ReadonlyArray<MeasuredPoint>, prior: StepCoefficients, settings: PointSettings): PointFit => {
  const fitted = search(points, prior, settings);
  const folds = Math.min(FOLDS, points.length);
  const coefficients = scaledCoefficients(prior, fitted);
  const crossValidated = points.length < 3 ? undefined : crossValidate(points, prior, settings, folds);
  return {
    coefficients,
    factors: fitted.slice(0, SCALE_NAMES.length).map(Math.exp),
    requestMs: requestMsOf(fitted),
    prior: errorsAt(points, prior, START, settings),
    residuals: errorsAt(points, prior, fitted, settings),
    ...(crossValidated === undefined ? {} : { crossValidated }),
    folds,
    warnings: [
      ...(points.length < 4 ? [`${points.length} points for four parameters: the prior decides what they leave open`] : []),
      ...undetermined((at) => misfit(points, prior, at, settings), fitted, [...SCALE_NAMES, "time per request"]),
    ],
  };
};

const START = [...SCALE_NAMES.map(() => 0), 0];

const requestMsOf = (at: ReadonlyArray<number>): number => START_REQUEST_MS * Math.exp(at[SCALE_NAMES.length]!);

const search = (points: ReadonlyArray<MeasuredPoint>, prior: StepCoefficients, settings: PointSettings): ReadonlyArray<number> =>
  minimize((at) => misfit(points, prior, at, settings) + RIDGE * at.reduce((sum, log) => sum + log * log, 0), {
    ...SEARCH,
    start: START,
    ...(settings.onEvaluation === undefined ? {} : { onEvaluation: settings.onEvaluation }),
  }).at;

const misfit = (
  points: ReadonlyArray<MeasuredPoint>,
  prior: StepCoefficients,
  at: ReadonlyArray<number>,
  settings: PointSettings,
): number =>
  meanOf(
    points.map((point) => {
      const { ttftMs, tpotMs } = predicted(point, prior, at, settings);
      return Math.abs(Math.log(tpotMs / point.tpotMs)) + TTFT_WEIGHT * Math.abs(Math.log(ttftMs / point.ttftMs));
    }),
  );

const predicted = (point: MeasuredPoint, prior: StepCoefficients, at: ReadonlyArray<number>, settings: PointSettings) => {
  const { ttftMs, tpotMs } = closedLoopPoint(scaledCoefficients(prior, at), { ...point, ...settings });
  return { ttftMs: ttftMs + requestMsOf(at), tpotMs };
};

const errorsAt = (
  points: ReadonlyArray<MeasuredPoint>,
  prior: StepCoefficients,
  at: ReadonlyArray<number>,
  settings: PointSettings,
): PointErrors => summary(points.map((point) => [point, predicted(point, prior, at, settings)]));

const crossValidate = (
  points: ReadonlyArray<MeasuredPoint>,
  prior: StepCoefficients,
  settings: PointSettings,
  folds: number,
): PointErrors => {
  const part = (i: number): number => (points.length <= folds ? i : foldOf(i, folds));
  const seen: Array<readonly [MeasuredPoint, { readonly ttftMs: number; readonly tpotMs: number }]> = [];
  for (let fold = 0; fold < folds; fold++) {
    const rest = points.filter((_, i) => part(i) !== fold);
    if (rest.length === 0 || rest.length === points.length) continue;
    const at = search(rest, prior, settings);
    points.forEach((point, i) => part(i) === fold && seen.push([point, predicted(point, prior, at, settings)]));
  }
  return summary(seen);
};

const summary = (pairs: ReadonlyArray<readonly [MeasuredPoint, { readonly ttftMs: number; readonly tpotMs: number }]>): PointErrors => ({
  ttft: errorsOf(pairs.map(([point, { ttftMs }]) => ttftMs / point.ttftMs - 1)),
  tpot: errorsOf(pairs.map(([point, { tpotMs }]) => tpotMs / point.tpotMs - 1)),
});
