import type { RequestOverhead } from "../machine/RequestOverhead.ts";
import type { EngineSpec, StepCoefficients } from "../ServingSpec.ts";
import { errorsOf, meanOf } from "./Errors.ts";
import { minimize } from "./minimize.ts";
import { replayRun } from "./replayRun.ts";
import type { RunRecord } from "./RunRecord.ts";
import { e2eMsOf, isScored, tpotMsOf, ttftMsOf } from "./RunRecord.ts";
import { SCALE_NAMES, scaledCoefficients, undetermined } from "./ScaledCoefficients.ts";

/** Relative errors of a simulated run: of the means (signed), and the median over requests. */
export interface RunErrors {
  readonly ttftMean: number;
  readonly tpotMean: number;
  readonly e2eMean: number;
  readonly e2ePerRequest: number;
}

export interface RunFit {
  readonly coefficients: StepCoefficients;
  /** Factors on the prior, in the order of SCALE_NAMES. */
  readonly factors: ReadonlyArray<number>;
  readonly prior: RunErrors;
  readonly residuals: RunErrors;
  /** Each half of the requests scored with the factors that the other half's errors chose; the load is always that of all. */
  readonly crossValidated: RunErrors;
  /** By how much the relative errors of block means (up to 20 blocks by arrival; TTFT, TPOT and e2e) are below the prior's, held out. */
  readonly gain: { readonly mean: number; readonly standardError: number };
  /** What the search found where that is no better than the prior, which is kept: the coefficients are the prior's, and so are the errors above. */
  readonly refused?: { readonly factors: ReadonlyArray<number>; readonly residuals: RunErrors; readonly crossValidated: RunErrors };
  readonly simulations: number;
  readonly warnings: ReadonlyArray<string>;
}

export interface RunFitOptions {
  /** What prompts wait for before they reach the engine, which the fit leaves as it is; nothing if absent. */
  readonly requestOverhead?: RequestOverhead | undefined;
  readonly onSimulation?: (count: number) => void;
}

const METRICS = [ttftMsOf, tpotMsOf, e2eMsOf] as const;
const RIDGE = 0.002;
const SEARCH = { step: 0.15, maxEvaluations: 120, tolerance: 0.002 };

/**
 * Fits three factors on the engine's step times so that our own engine, given the recorded arrivals and lengths, answers when the real one
 * did. The error of a request is told in units of the mean of its metric: short waits would count without bound otherwise. A retried request is load, but
 * its times are not scored. At least two scored records.
 */
export const fitRun = (records: ReadonlyArray<RunRecord>, engine: EngineSpec, options: RunFitOptions = {}): RunFit => {
  const { requestOverhead, onSimulation } = options;
  let simulations = 0;
  const simulated = (at: ReadonlyArray<number>): ReadonlyArray<RunRecord> => {
    onSimulation?.(++simulations);
    return replayRun(records, { ...engine, step: scaledCoefficients(engine.step, at) }, { requestOverhead }).records;
  };
  const objective = (keep: (i: number) => boolean) => (at: ReadonlyArray<number>) => misfit(records, simulated(at), keep);
  const search = (keep: (i: number) => boolean): ReadonlyArray<number> => {
    const of = objective(keep);
    return minimize((at) => of(at) + RIDGE * at.reduce((sum, log) => sum + log * log, 0), { ...SEARCH, start: NO_LOGS }).at;
  };
  const prior = simulated(NO_LOGS);
  const best = search(() => true);
  const halves = [0, 1].map((half) => simulated(search((i) => i % 2 !== half)));
  const heldOut = records.map((_, i) => halves[i % 2]![i]!);
  const found = {
    factors: best.map(Math.exp),
    residuals: runErrors(records, simulated(best)),
    crossValidated: runErrors(records, heldOut),
  };
  const gain = gainOf(records, { prior, heldOut });
  const isPriorKept = !(gain.mean > CERTAIN * gain.standardError);
  const kept = runErrors(records, prior);
  const chosen = isPriorKept ? NO_LOGS : best;
  return {
    coefficients: scaledCoefficients(engine.step, chosen),
    ...(isPriorKept ? { factors: NO_LOGS.map(Math.exp), residuals: kept, crossValidated: kept, refused: found } : found),
    prior: kept,
    gain,
    warnings: undetermined(
      objective(() => true),
      chosen,
      SCALE_NAMES,
    ),
    simulations,
  };
};

const NO_LOGS = SCALE_NAMES.map(() => 0);
/** Contiguous groups of records whose mean errors count as independent: neighbors share their batches. */
const BLOCKS = 20;
/** Standard errors that a gain must exceed (assumed: 95 % at least). */
const CERTAIN = 2;

/** Block means are compared, not requests: when a request meets a step is luck, and too short steps would lower the error of single requests. */
const gainOf = (
  records: ReadonlyArray<RunRecord>,
  runs: { readonly prior: ReadonlyArray<RunRecord>; readonly heldOut: ReadonlyArray<RunRecord> },
): RunFit["gain"] => {
  const scored = records
    .flatMap((record, i) => (isScored(record) ? [i] : []))
    .toSorted((i, k) => records[i]!.arrivalMs - records[k]!.arrivalMs);
  const blocks = Math.min(BLOCKS, scored.length);
  const gains = Array.from({ length: blocks }, (_, block) => {
    const part = scored.slice(Math.floor((block * scored.length) / blocks), Math.floor(((block + 1) * scored.length) / blocks));
    return blockError(records, runs.prior, part) - blockError(records, runs.heldOut, part);
  });
  const mean = meanOf(gains);
  const variance = gains.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (blocks - 1);
  return { mean, standardError: Math.sqrt(variance / blocks) };
};

/** Relative error of the mean of some requests, averaged over the metrics that they have. */
const blockError = (records: ReadonlyArray<RunRecord>, ours: ReadonlyArray<RunRecord>, part: ReadonlyArray<number>): number =>
  meanOf(
    METRICS.flatMap((of) => {
      const pairs = part.map((i) => [of(records[i]!), of(ours[i]!)] as const).filter(([real]) => !Number.isNaN(real));
      if (pairs.length === 0) return [];
      // A request that the simulated engine refused is wrong by its whole time.
      const off = meanOf(pairs.map(([real, simulated]) => (Number.isNaN(simulated) ? -real : simulated - real)));
      return [Math.abs(off) / meanOf(pairs.map(([real]) => real))];
    }),
  );

const misfit = (records: ReadonlyArray<RunRecord>, ours: ReadonlyArray<RunRecord>, keep: (i: number) => boolean): number =>
  meanOf(
    METRICS.map((of) => {
      const pairs = records.flatMap((record, i) =>
        isScored(record) && keep(i) && !Number.isNaN(of(record)) ? [[of(record), of(ours[i]!)] as const] : [],
      );
      if (pairs.length === 0) return 0;
      const scale = meanOf(pairs.map(([real]) => real));
      // A request that the simulated engine refused is wrong by its whole time.
      return meanOf(pairs.map(([real, simulated]) => (Number.isNaN(simulated) ? real : Math.abs(simulated - real)) / scale));
    }),
  );

export const runErrors = (records: ReadonlyArray<RunRecord>, ours: ReadonlyArray<RunRecord>): RunErrors => {
  const mean = (of: (record: RunRecord) => number): number => {
    const both = records
      .flatMap((record, i) => (isScored(record) ? [[of(record), of(ours[i]!)] as const] : []))
      .filter(([x, y]) => !Number.isNaN(x + y));
    return both.length === 0 ? 0 : meanOf(both.map(([, y]) => y)) / meanOf(both.map(([x]) => x)) - 1;
  };
  const perRequest = records
    .flatMap((record, i) => (isScored(record) ? [e2eMsOf(ours[i]!) / e2eMsOf(record) - 1] : []))
    .filter((error) => !Number.isNaN(error));
  return { ttftMean: mean(ttftMsOf), tpotMean: mean(tpotMsOf), e2eMean: mean(e2eMsOf), e2ePerRequest: errorsOf(perRequest).median };
};
