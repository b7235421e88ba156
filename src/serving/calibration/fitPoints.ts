import type { StepCoefficients } from "../ServingSpec.ts";
import { StepForm } from "../steptime/StepForm.ts";
import type { ClosedLoopLoad } from "./ClosedLoopLoad.ts";
import { ClosedLoopSteps } from "./ClosedLoopSteps.ts";
import type { Errors } from "./Errors.ts";
import { errorsOf, foldOf, meanOf } from "./Errors.ts";
import { fitLogs, lossOf } from "./fitLogs.ts";
import { POINT_SCALES, scaledByPoints } from "./PointScales.ts";
import { undetermined } from "./ScaledCoefficients.ts";

/** Means measured under a closed loop. */
export interface MeasuredPoint {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly concurrency: number;
  readonly ttftMs: number;
  readonly tpotMs: number;
}

/** The rest of the load, as the engine and the load generator set it; of a point if it is given, else of all. */
export type PointSettings = Omit<ClosedLoopLoad, "inputTokens" | "outputTokens" | "concurrency">;

/** A prior of step times, and of the time beside them that each first token waits for. */
export interface PointPrior {
  readonly step: StepCoefficients;
  /** 30 if absent. */
  readonly requestMs?: number;
}

export interface PointErrors {
  readonly ttft: Errors;
  readonly tpot: Errors;
}

export interface PointFit {
  readonly coefficients: StepCoefficients;
  /** Factors on the prior, in the order of POINT_SCALES. */
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
const REQUEST_MS = 30;
/** Measurements of the same thing differ by this much (assumed), a prior's factors from the truth by 0.3, its time per request by a factor e. */
const SCALE = 0.05;
const FACTOR_PULL = SCALE / 0.3 ** 2;
const REQUEST_PULL = SCALE;
const ITERATIONS = 20;

/** Fits factors on a prior and a time per request to closed-loop means, by Cauchy's loss in relative errors. At least one point; all times > 0. */
export const fitPoints = (
  points: ReadonlyArray<MeasuredPoint>,
  prior: PointPrior,
  settings: PointSettings | ((point: MeasuredPoint, index: number) => PointSettings),
): PointFit => {
  const loops = points.map((point, i) => {
    const of = typeof settings === "function" ? settings(point, i) : settings;
    return { point, steps: new ClosedLoopSteps({ ...point, ...of }) };
  });
  const fitted = search(loops, prior);
  const folds = Math.min(FOLDS, points.length);
  const crossValidated = points.length < 3 ? undefined : crossValidate(loops, prior, folds);
  return {
    coefficients: scaledByPoints(prior.step, fitted),
    factors: fitted.slice(0, POINT_SCALES.length).map(Math.exp),
    requestMs: requestMsOf(fitted, prior),
    prior: errorsAt(loops, prior, START),
    residuals: errorsAt(loops, prior, fitted),
    ...(crossValidated === undefined ? {} : { crossValidated }),
    folds,
    warnings: [
      ...(points.length < START.length
        ? [`${points.length} points for ${START.length} parameters: the prior decides what they leave open`]
        : []),
      ...undetermined((at) => meanOf(residualsAt(loops, prior, at).map((error) => lossOf(error, SCALE))), fitted, [
        ...POINT_SCALES,
        "time per request",
      ]),
    ],
  };
};

interface Loop {
  readonly point: MeasuredPoint;
  readonly steps: ClosedLoopSteps;
}

const START = [...POINT_SCALES.map(() => 0), 0];

const requestMsOf = (at: ReadonlyArray<number>, prior: PointPrior): number =>
  (prior.requestMs ?? REQUEST_MS) * Math.exp(at[POINT_SCALES.length]!);

const search = (loops: ReadonlyArray<Loop>, prior: PointPrior): ReadonlyArray<number> =>
  fitLogs({
    residuals: (at) => residualsAt(loops, prior, at),
    weights: loops.flatMap(() => [1, 1]),
    scale: SCALE,
    start: START,
    prior: START,
    pulls: [...POINT_SCALES.map(() => FACTOR_PULL), REQUEST_PULL],
    iterations: ITERATIONS,
  });

const residualsAt = (loops: ReadonlyArray<Loop>, prior: PointPrior, at: ReadonlyArray<number>): ReadonlyArray<number> => {
  const predict = predictor(prior, at);
  return loops.flatMap((loop) => {
    const { ttftMs, tpotMs } = predict(loop);
    return [Math.log(tpotMs / loop.point.tpotMs), Math.log(ttftMs / loop.point.ttftMs)];
  });
};

const predictor = (prior: PointPrior, at: ReadonlyArray<number>) => {
  const form = new StepForm(scaledByPoints(prior.step, at));
  const besideMs = requestMsOf(at, prior);
  return ({ steps }: Loop) => {
    const { ttftMs, tpotMs } = steps.means(form);
    return { ttftMs: ttftMs + besideMs, tpotMs };
  };
};

const errorsAt = (loops: ReadonlyArray<Loop>, prior: PointPrior, at: ReadonlyArray<number>): PointErrors => {
  const predict = predictor(prior, at);
  return summary(loops.map((loop) => [loop.point, predict(loop)]));
};

const crossValidate = (loops: ReadonlyArray<Loop>, prior: PointPrior, folds: number): PointErrors => {
  const part = (i: number): number => (loops.length <= folds ? i : foldOf(i, folds));
  const seen: Array<readonly [MeasuredPoint, { readonly ttftMs: number; readonly tpotMs: number }]> = [];
  for (let fold = 0; fold < folds; fold++) {
    const rest = loops.filter((_, i) => part(i) !== fold);
    if (rest.length === 0 || rest.length === loops.length) continue;
    const predict = predictor(prior, search(rest, prior));
    loops.forEach((loop, i) => part(i) === fold && seen.push([loop.point, predict(loop)]));
  }
  return summary(seen);
};

const summary = (pairs: ReadonlyArray<readonly [MeasuredPoint, { readonly ttftMs: number; readonly tpotMs: number }]>): PointErrors => ({
  ttft: errorsOf(pairs.map(([point, { ttftMs }]) => ttftMs / point.ttftMs - 1)),
  tpot: errorsOf(pairs.map(([point, { tpotMs }]) => tpotMs / point.tpotMs - 1)),
});
