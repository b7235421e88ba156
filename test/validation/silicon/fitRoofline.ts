import { fitLogs } from "../../../src/serving/calibration/fitLogs.ts";
import type { RooflineFactors } from "../../../src/serving/catalog/RooflineFactors.ts";
import { rooflineOverhead } from "../../../src/serving/catalog/RooflineFactors.ts";
import { rooflineForm } from "../../../src/serving/catalog/RooflineForm.ts";
import { overheadMs } from "../../../src/serving/machine/RequestOverhead.ts";
import { StepForm } from "../../../src/serving/steptime/StepForm.ts";
import type { SiliconPoint } from "./SiliconPoint.ts";
import { factorsOf, UNKNOWNS } from "./RooflineUnknowns.ts";

const SCALE = 0.05;
const TTFT_WEIGHT = 0.5;
/** Pull towards the start, per hundred points. */
const RIDGE = 0.02;

/** Values in the order of UNKNOWNS. */
export type RooflineValues = ReadonlyArray<number>;

/** Fits the roofline's factors to closed-loop points: both errors of each, TTFT at half the weight; a group of n points counts as sqrt(n). */
export const fitRoofline = (points: ReadonlyArray<SiliconPoint>, from?: RooflineValues, iterations = 60): RooflineValues => {
  const sizes = Map.groupBy(points, ({ group }) => group);
  const weights = points.flatMap(({ group }) => {
    const weight = 1 / Math.sqrt(sizes.get(group)!.length);
    return [weight, TTFT_WEIGHT * weight];
  });
  const prior = UNKNOWNS.map(({ start }) => Math.log(start));
  const at = fitLogs({
    residuals: (logs, which) => residualsAt(points, logs, which),
    weights,
    scale: SCALE,
    start: from?.map(Math.log) ?? prior,
    prior,
    pulls: UNKNOWNS.map(() => (RIDGE * points.length) / 100),
    isShare: UNKNOWNS.map(({ isShare }) => isShare),
    touched: (unknown) => touchedBy(points, unknown),
    iterations,
  });
  return at.map(Math.exp);
};

/** Predictions of points, in their order. */
export const predictAll = (points: ReadonlyArray<SiliconPoint>, factors: RooflineFactors) => {
  const forms = new Map<string, StepForm>();
  return points.map((point) => {
    const { gpu, model, shape, pair } = point;
    let form = forms.get(pair);
    if (form === undefined) forms.set(pair, (form = new StepForm(rooflineForm(gpu, model, shape, factors)!)));
    const { ttftMs, tpotMs } = point.steps.means(form);
    return { ttftMs: ttftMs + requestMsOf(point, factors), tpotMs };
  });
};

/** Time outside of steps that the first token of a point waits for. */
export const requestMsOf = ({ shape, load }: SiliconPoint, factors: RooflineFactors): number =>
  overheadMs(rooflineOverhead(shape.engine, factors), load.inputTokens);

/** Twice the number of points: TPOT and TTFT of each. */
const residualsAt = (
  points: ReadonlyArray<SiliconPoint>,
  at: ReadonlyArray<number>,
  which?: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const asked = which === undefined ? points : which.filter((i) => i % 2 === 0).map((i) => points[i / 2]!);
  return predictAll(asked, factorsOf(at.map(Math.exp))).flatMap(({ tpotMs, ttftMs }, i) => [
    Math.log(tpotMs / asked[i]!.tpotMs),
    Math.log(ttftMs / asked[i]!.ttftMs),
  ]);
};

/** A factor of one engine changes its points only. */
const touchedBy = (points: ReadonlyArray<SiliconPoint>, unknown: number): ReadonlyArray<number> => {
  const { engine } = UNKNOWNS[unknown]!;
  return points.flatMap(({ shape }, i) => (engine === undefined || shape.engine === engine ? [2 * i, 2 * i + 1] : []));
};
