import { errorsOf, meanOf, quantileOf } from "../../../src/serving/calibration/Errors.ts";
import type { ClosedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { fitPoints } from "../../../src/serving/calibration/fitPoints.ts";
import { FITTED_FACTORS } from "../../../src/serving/catalog/RooflineFactors.ts";
import type { RooflineFactors } from "../../../src/serving/catalog/RooflineFactors.ts";
import { rooflineForm } from "../../../src/serving/catalog/RooflineForm.ts";
import { fitRoofline, predictAll, requestMsOf } from "../silicon/fitRoofline.ts";
import { simulatePoint } from "../silicon/simulatePoint.ts";
import { leftOutFactors } from "../silicon/leftOut.ts";
import { scatterOf } from "../silicon/scatterOf.ts";
import type { SiliconPoint } from "../silicon/SiliconPoint.ts";
import { SILICON_FILE, siliconPoints } from "../silicon/SiliconPoint.ts";
import type { Comparison, Findings, Section } from "./Section.ts";
import { bounded } from "./Section.ts";

const MIN_POINTS = 5;

/** Relative errors of a point. */
interface PointError {
  readonly tpot: number;
  readonly ttft: number;
}

interface Scored {
  readonly name: string;
  readonly points: ReadonlyArray<SiliconPoint>;
  /** With the factors of the catalog, which have seen the points, and with those of a fit that has not seen the model. */
  readonly shipped: ReadonlyArray<PointError>;
  readonly leftOut: ReadonlyArray<PointError>;
  /** Held out of the pair's own fit, whose prior has not seen the model. */
  readonly calibrated: { readonly tpot: number; readonly ttft: number; readonly tpotP90: number; readonly ttftP90: number };
}

const errorsOfMeans = (points: ReadonlyArray<SiliconPoint>, means: ReadonlyArray<ClosedLoopPoint>): ReadonlyArray<PointError> =>
  means.map(({ tpotMs, ttftMs }, i) => ({
    tpot: tpotMs / points[i]!.tpotMs - 1,
    ttft: ttftMs / points[i]!.ttftMs - 1,
  }));

const errorsWith = (points: ReadonlyArray<SiliconPoint>, factors: RooflineFactors): ReadonlyArray<PointError> =>
  errorsOfMeans(points, predictAll(points, factors));

/** Prompts that wait for company, as TensorRT-LLM can be told to let them, are nothing that a scenario can say. */
const isSayable = ({ load }: SiliconPoint): boolean => load.admissionSteps === 1;

const scoreGroup = (name: string, points: ReadonlyArray<SiliconPoint>, unseen: RooflineFactors): Scored => {
  const [first] = points;
  const measured = points.map(({ load, ttftMs, tpotMs }) => ({ ...load, ttftMs, tpotMs }));
  const prior = {
    step: rooflineForm(first!.gpu, first!.model, first!.shape, unseen)!,
    requestMs: requestMsOf(first!, unseen),
  };
  const { tpot, ttft } = fitPoints(measured, prior, (_, i) => points[i]!.load).crossValidated!;
  return {
    name,
    points,
    shipped: errorsWith(points, FITTED_FACTORS),
    leftOut: errorsWith(points, unseen),
    calibrated: { tpot: tpot.median, ttft: ttft.median, tpotP90: tpot.p90, ttftP90: ttft.p90 },
  };
};

const median = (values: ReadonlyArray<number>): number =>
  quantileOf(
    values.toSorted((x, y) => x - y),
    0.5,
  );

const medianOf = (errors: ReadonlyArray<PointError>, metric: keyof PointError): number =>
  errorsOf(errors.map((each) => each[metric])).median;

const run = (): Findings => {
  const { scored, others, leftOut } = siliconPoints();
  const all = [...scored, ...others];
  const unseen = leftOutFactors(all, all, fitRoofline(all));
  const groups = [...Map.groupBy(scored, ({ group }) => group)]
    .filter(([, points]) => points.length >= MIN_POINTS)
    .map(([name, points]) => scoreGroup(name, points, unseen.get(points[0]!.family)!));
  const leftOutErrors = (points: ReadonlyArray<SiliconPoint>): ReadonlyArray<PointError> =>
    points.map((point) => errorsWith([point], unseen.get(point.family)!)[0]!);
  const pooled = leftOutErrors(scored);
  const newer = [...Map.groupBy(others, ({ group }) => group).values()].filter(({ length }) => length >= MIN_POINTS).map(leftOutErrors);
  const over = (of: (group: Scored) => number): number => 100 * median(groups.map(of));
  const row = (quantity: string, value: number, target: number): Comparison => bounded(quantity, value, target);
  const scatter = scatterOf(scored);
  return {
    method: [
      `Closed-loop points of aiconfigurator 095f58a (silicon_sample.csv, Apache-2.0): mean TTFT and TPOT at fixed lengths and concurrency, aggregated serving on H100 and H200 (there are none of the A100) without pipeline or attention-data parallelism, at most 8 GPUs: ${scored.length} points, of which ${groups.length} groups of at least ${MIN_POINTS}, ${meanOf(groups.map(({ points }) => points.length)).toFixed(1)} on average; ${leftOut} points of a model that the catalog lacks, of parallelism that contradicts itself or without room for the weights are left out.`,
      "Settings of the public runs (token budget, format of the KV, ten requests per client, lengths from 0.8 to 1 of the nominal) are those of their launch scripts (SemiAnalysisAI/InferenceX, benchmarks/); the other runs state none and get each engine's defaults and the same client.",
      `Roofline alone: 16 factors for all models and GPUs and 5 for each engine, fitted by Cauchy's loss to these points and ${others.length} on B200 and B300 without any of the predicted model (DeepSeek-V3 and R1 are one). Start and pull of the factors are round guesses. About ten forms of the terms were tried with this score in view, so their choice, though no value, is in sample. Of four ways in which experts' activations may scale with GPUs, that with the lowest loss of the fit was taken (38.11, the others 38.13, 38.25, 39.09); left out, the four give 7.5, 9.0, 10.4, 11.3 % of TPOT and 19, 19, 22, 24 % of TTFT on H100 and H200, and 9.3 to 10.8 % of TPOT on B200 and B300: the first row passes by what one form differs from the next.`,
      "Calibrated: `spillway calibrate` on the group's own points, six factors on that roofline and a time per request, pulled towards it; each point is predicted by a fit that has not seen it (five-fold). Medians over groups of each group's median absolute error, and over all points.",
    ],
    tables: [
      {
        title: "All groups",
        reference: "",
        rows: [
          row(
            "roofline alone, model left out, TPOT",
            over(({ leftOut: of }) => medianOf(of, "tpot")),
            8,
          ),
          row(
            "roofline alone, model left out, TTFT",
            over(({ leftOut: of }) => medianOf(of, "ttft")),
            20,
          ),
          row(
            "calibrated, cross-validated, TPOT",
            over(({ calibrated }) => calibrated.tpot),
            4,
          ),
          row(
            "calibrated, cross-validated, TTFT",
            over(({ calibrated }) => calibrated.ttft),
            15,
          ),
        ],
      },
      {
        title: "Without a target, median absolute errors in %",
        reference: "TPOT",
        ours: "TTFT",
        rows: [
          pair(`roofline alone, model left out, over all ${pooled.length} points`, medianOf(pooled, "tpot"), medianOf(pooled, "ttft")),
          pair(
            `the same on B200 and B300, which no term was chosen by, ${newer.length} groups`,
            median(newer.map((of) => medianOf(of, "tpot"))),
            median(newer.map((of) => medianOf(of, "ttft"))),
          ),
          ...[false, true].map((hasExperts) => {
            const of = groups.filter(({ points }) => (points[0]!.model.shape.experts !== undefined) === hasExperts);
            return pair(
              `roofline alone, model left out, ${of.length} groups of ${hasExperts ? "mixtures of experts" : "dense models"}`,
              median(of.map(({ leftOut: errors }) => medianOf(errors, "tpot"))),
              median(of.map(({ leftOut: errors }) => medianOf(errors, "ttft"))),
            );
          }),
          pair(
            "roofline with the catalog's factors (in sample), groups",
            over(({ shipped }) => medianOf(shipped, "tpot")) / 100,
            over(({ shipped }) => medianOf(shipped, "ttft")) / 100,
          ),
          ...simulatedRows(
            groups.map(({ points }) => points.filter(isSayable)).filter(({ length }) => length >= MIN_POINTS),
            ({ family }) => unseen.get(family)!,
          ),
          pair(
            "calibrated, cross-validated, p90 of each group, groups",
            over(({ calibrated }) => calibrated.tpotP90) / 100,
            over(({ calibrated }) => calibrated.ttftP90) / 100,
          ),
          pair(
            `the same model, GPUs, engine and load measured twice (${scatter.count} pairs), difference`,
            scatter.tpot.median,
            scatter.ttft.median,
          ),
          pair("the same, p90 of the difference", scatter.tpot.p90, scatter.ttft.p90),
        ],
      },
      {
        title: "By group: median absolute errors, TPOT / TTFT in %",
        reference: "roofline alone, model left out",
        ours: "calibrated, cross-validated",
        rows: groups.map(({ name, points, leftOut: of, calibrated }): Comparison => ({
          quantity: `${name} (${points.length})`,
          reference: both(medianOf(of, "tpot"), medianOf(of, "ttft")),
          simulated: both(calibrated.tpot, calibrated.ttft),
        })),
      },
    ],
    remarks: [
      "Simulated request by request (without the 18 points whose prompts wait for company, which no setting says), the median of the groups moves far because few lie between 7.5 and 10 %: means over groups are 12.7 % of TPOT and 26.3 % of TTFT by steps, 13.6 and 28.5 % simulated. Loops whose lengths exceed the KV cache differ (our engine preempts, the fit admits nothing that will not fit); the rest is where the time outside steps lies. Before the engine, a request that follows an answer comes in the middle of a step, while the fit has it wait for a whole one, and clients whose requests are on their way are not in the batch: first tokens come 2 to 3 % sooner. Under SGLang, whose time is the longest, clients with answers of 100 tokens return in waves that the fit's loops do not have: Llama-3.1-8B at TP4 and TP8 is 23 and 25 % off in TPOT instead of 3 and 6 %. A late first token alone, with the end where the engine has it, is the other reading of the fit, and nearer to it in closed loops (means 12.5 and 26.7 %), but shortens the TPOT of every answer, by its length.",
      "Others on points of this kind: aiconfigurator states 18.0 % mean absolute error of TTFT on vLLM rows (26.4 % before a correction); its users report 45 % on A100. BLIS claims 6.7 % median e2e, 17.6 % TTFT and 7.1 % ITL.",
      "Mixtures of experts are what the roofline knows least: the same layers run on kernels that differ by engine and version, and a left-out model takes its kernels' times with it. What no roofline that has not seen the pair can know: Qwen3-235B under vLLM 0.12 takes three times as long per token as under SGLang on the same GPUs; DeepSeek-R1 under TensorRT-LLM 1.1 is up to twice as fast per token as V3, the same network, under an older version (speculative decoding is not recorded); MiniMax-M2.5 at TP4 under vLLM 0.16 takes longer per token on the H200 than under 0.18 on the H100.",
      "TTFT under TensorRT-LLM 1.0 and SGLang 0.5.6 on small models grows with the length of the answers at equal concurrency, by seconds above 10,000 tokens/s: a queue in front of the engine (API server, client) that step times do not say.",
    ],
  };
};

/** By steps and the time outside of them, and request by request on the engine that `run` has. */
const simulatedRows = (
  groups: ReadonlyArray<ReadonlyArray<SiliconPoint>>,
  factorsFor: (point: SiliconPoint) => RooflineFactors,
): ReadonlyArray<Comparison> => {
  const row = (name: string, means: (point: SiliconPoint) => ClosedLoopPoint): Comparison => {
    const errors = groups.map((points) => errorsOfMeans(points, points.map(means)));
    return pair(name, median(errors.map((of) => medianOf(of, "tpot"))), median(errors.map((of) => medianOf(of, "ttft"))));
  };
  const simulated = (isDelayed: boolean) => (point: SiliconPoint) => simulatePoint(point, factorsFor(point), { isDelayed });
  return [
    row(
      `roofline alone, model left out, ${groups.length} groups of loops that a scenario can say`,
      (point) => predictAll([point], factorsFor(point))[0]!,
    ),
    row("the same, each request simulated as `run` does", simulated(true)),
    row("the same without the time before the engine (requestOverhead 0)", simulated(false)),
  ];
};

const both = (tpot: number, ttft: number): string => `${(100 * tpot).toFixed(1)} / ${(100 * ttft).toFixed(1)}`;

const pair = (quantity: string, tpot: number, ttft: number): Comparison => ({
  quantity,
  reference: `${(100 * tpot).toFixed(1)}`,
  simulated: `${(100 * ttft).toFixed(1)}`,
});

export const silicon: Section = {
  name: "silicon",
  title: "Closed-loop points on H100 and H200",
  needs: [SILICON_FILE],
  run,
};
