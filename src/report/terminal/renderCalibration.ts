import type { Errors } from "../../serving/calibration/Errors.ts";
import type { PointFit } from "../../serving/calibration/fitPoints.ts";
import type { RunErrors, RunFit } from "../../serving/calibration/fitRun.ts";
import type { StepFit } from "../../serving/calibration/fitSteps.ts";
import type { FitDomain } from "../../serving/catalog/FitDomain.ts";
import type { RequestOverhead } from "../../serving/machine/RequestOverhead.ts";
import type { StepCoefficients } from "../../serving/ServingSpec.ts";
import { overheadText } from "./overheadText.ts";

/** A fit with what it was made from. */
export type Calibrated =
  | ({ readonly kind: "steps"; readonly count: number } & StepFit)
  | ({ readonly kind: "points"; readonly count: number; readonly leftOut: number; readonly domain: FitDomain } & PointFit)
  | ({
      readonly kind: "run";
      readonly count: number;
      /** That answered the requests: each is replayed on one of its own. */
      readonly replicas: number;
      /** Requests that are load, but not scored. */
      readonly retried: number;
      readonly leftOut: number;
      /** What prompts waited for before they reached the engine; nothing if absent. */
      readonly requestOverhead?: RequestOverhead;
      readonly domain: FitDomain;
    } & RunFit);

const MEANING = {
  a: "ms per step",
  b: "ms per decoding sequence",
  c: "ms per KV token",
  d: "ms per prefill token",
  e: "ms per prefill token and token before it",
  h: "ms more per KV token of steps with prefill",
} as const;

const FACTORS = {
  run: ["decode", "KV", "prefill"],
  points: ["step", "sequence", "KV", "weight reads", "prompt tokens", "attention"],
} as const;

/** The fit as text: coefficients, errors, domain, warnings. */
export const renderCalibration = (of: Calibrated): string =>
  [
    `fitted to ${of.count} ${{ steps: "steps", points: "closed-loop points", run: "requests" }[of.kind]}${of.kind === "points" && of.leftOut > 0 ? ` (${of.leftOut} without figures left out)` : ""}`,
    ...(of.kind === "run" ? runLines(of) : []),
    "",
    ...Object.entries(MEANING).map(
      ([name, meaning]) => `  ${name}  ${of.coefficients[name as keyof typeof MEANING].toPrecision(6).padEnd(14)}${meaning}`,
    ),
    ...knees(of.coefficients).map(([name, value, meaning]) => `  ${name}  ${value.toPrecision(6).padEnd(14)}${meaning}`),
    ...(of.kind === "steps" ? [] : ["", `factors on the prior: ${factorsText(of.kind, of.factors)}`]),
    ...(of.kind === "points" ? requestLines(of) : []),
    "",
    ...errorLines(of),
    "",
    `domain: up to ${of.domain.maxSequences} sequences, ${of.domain.maxKvTokens} KV tokens, ${of.domain.maxPrefillTokens} prefill tokens per step`,
    ...of.warnings.map((warning) => `warning: ${warning}`),
    "",
  ].join("\n");

const requestLines = ({ requestMs }: Calibrated & { readonly kind: "points" }): ReadonlyArray<string> => [
  `time per request beside the steps: ${requestMs.toFixed(1)} ms; a pool with this calibration has it as its engine.requestOverhead`,
];

const factorsText = (kind: keyof typeof FACTORS, factors: ReadonlyArray<number>): string =>
  factors.map((factor, i) => `${FACTORS[kind][i]} ${factor.toFixed(3)}`).join(", ");

/** How the records were replayed, and what became of those that are no plain answer. */
const runLines = ({ replicas, retried, leftOut, requestOverhead }: Calibrated & { readonly kind: "run" }): ReadonlyArray<string> => [
  replicas > 1 ? `replayed on ${replicas} replicas, each with its own requests` : "replayed on one replica",
  ...(requestOverhead === undefined
    ? []
    : [`prompts reached the engine after ${overheadText(requestOverhead)}, as in the pool and in the entry`]),
  ...(retried > 0 ? [`${retried} retried: replayed as load from their arrival on, not scored`] : []),
  ...(leftOut > 0 ? [`${leftOut} left out, neither replayed nor scored: no first token, no replica, or of another pool`] : []),
];

/** What only rooflines have: the larger of reading the weights and multiplying with them, and reading routed experts. */
const knees = ({ floorMs, rowMs, experts }: StepCoefficients): ReadonlyArray<readonly [name: string, value: number, meaning: string]> => [
  ...(floorMs === undefined ? [] : [["w", floorMs, "ms for reading the weights that every step reads"] as const]),
  ...(rowMs === undefined ? [] : [["m", rowMs, "ms per row for multiplying with them, instead where that is longer"] as const]),
  ...(experts === undefined ? [] : [["x", experts.msPerExpert, "ms for reading each distinct expert"] as const]),
];

const errorLines = (of: Calibrated): ReadonlyArray<string> => {
  switch (of.kind) {
    case "steps":
      return [
        ...pair("decode-only steps", of.residuals.decode, of.crossValidated?.decode, of.folds),
        ...pair("steps with prefill", of.residuals.prefill, of.crossValidated?.prefill, of.folds),
      ];
    case "points":
      return [
        `prior: TPOT ${percent(of.prior.tpot.median)}, TTFT ${percent(of.prior.ttft.median)} median error`,
        ...pair("TPOT", of.residuals.tpot, of.crossValidated?.tpot, of.folds),
        ...pair("TTFT", of.residuals.ttft, of.crossValidated?.ttft, of.folds),
      ];
    case "run":
      return [
        runLine("prior", of.prior),
        runLine("fit", (of.refused ?? of).residuals),
        runLine("cross-validated, halves", (of.refused ?? of).crossValidated),
        `held out, means of TTFT, TPOT and e2e over blocks of requests: error of the fit ${percent(Math.abs(of.gain.mean))} ${of.gain.mean < 0 ? "above" : "below"} the prior's (standard error ${percent(of.gain.standardError)})`,
        ...(of.refused === undefined
          ? []
          : [`the prior is kept: the fit (${factorsText(of.kind, of.refused.factors)}) is no better beyond that noise`]),
        `${of.simulations} simulated runs`,
      ];
  }
};

const pair = (name: string, fit: Errors, heldOut: Errors | undefined, folds: number): ReadonlyArray<string> =>
  fit.count === 0
    ? []
    : [
        `${name} (${fit.count}): median error ${percent(fit.median)}, p90 ${percent(fit.p90)}, worst ${percent(fit.worst)}` +
          (heldOut === undefined
            ? "; too few to cross-validate"
            : `; ${folds}-fold cross-validated ${percent(heldOut.median)}, p90 ${percent(heldOut.p90)}`),
      ];

const runLine = (name: string, errors: RunErrors): string =>
  `${name}: mean TTFT ${signed(errors.ttftMean)}, TPOT ${signed(errors.tpotMean)}, e2e ${signed(errors.e2eMean)}; e2e per request ${percent(errors.e2ePerRequest)} median`;

const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`;

const signed = (ratio: number): string => `${ratio > 0 ? "+" : ""}${percent(ratio)}`;
