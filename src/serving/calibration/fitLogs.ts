import { solve } from "./solve.ts";

/** Unknowns that are positive and told by their natural logarithms, and what they should explain. */
export interface LogProblem {
  /** Relative errors as ln(predicted / measured), of all measurements or of those asked for. */
  readonly residuals: (at: ReadonlyArray<number>, which?: ReadonlyArray<number>) => ReadonlyArray<number>;
  /** Weight of each measurement. */
  readonly weights: ReadonlyArray<number>;
  /** Errors beyond this count ever less: what a setting that nobody recorded has done must not bend the rest. */
  readonly scale: number;
  readonly start: ReadonlyArray<number>;
  /** Where each unknown is pulled to, and how strongly: this times the squared distance is added to the loss. */
  readonly prior: ReadonlyArray<number>;
  readonly pulls: ReadonlyArray<number>;
  /** Unknowns that may not exceed 0, as shares may not exceed 1; none if absent. */
  readonly isShare?: ReadonlyArray<boolean>;
  /** Measurements that an unknown can change; all if absent. */
  readonly touched?: (unknown: number) => ReadonlyArray<number>;
  readonly iterations: number;
}

const DIFFERENCE = 1e-3;
const LONGEST_STEP = 0.7;
const ATTEMPTS = 8;
/** A gain below this share of the loss ends the search. */
const TOLERANCE = 1e-6;

/**
 * Gauss-Newton with damping on weights 2 / scale / (1 + (error / scale)^2): minimizes the sum of scale * ln(1 + (error / scale)^2), Cauchy's loss,
 * plus the pulls. Deterministic; finds a local minimum. Source: Holland and Welsch, Robust regression using iteratively reweighted least-squares, 1977.
 */
export const fitLogs = (problem: LogProblem): ReadonlyArray<number> => {
  let at = problem.start;
  let residuals = problem.residuals(at);
  let value = totalOf(problem, residuals, at);
  let damping = 1e-2;
  for (let iteration = 0; iteration < problem.iterations; iteration++) {
    const { matrix, gradient } = normalEquations(problem, at, residuals);
    let gain = 0;
    for (let attempt = 0; attempt < ATTEMPTS && gain === 0; attempt++) {
      const tried = stepped(problem, at, solve(damped(matrix, damping), gradient));
      const there = problem.residuals(tried);
      const now = totalOf(problem, there, tried);
      if (now < value) {
        gain = value - now;
        [at, residuals, value] = [tried, there, now];
        damping = Math.max(1e-4, damping / 3);
      } else damping *= 4;
    }
    if (gain <= TOLERANCE * value) break;
  }
  return at;
};

/** Cauchy's loss of a relative error: about its square over `scale` where it is small. */
export const lossOf = (error: number, scale: number): number => scale * Math.log(1 + (error / scale) ** 2);

const totalOf = ({ weights, scale, prior, pulls }: LogProblem, residuals: ReadonlyArray<number>, at: ReadonlyArray<number>): number =>
  residuals.reduce((sum, error, i) => sum + weights[i]! * lossOf(error, scale), 0) +
  at.reduce((sum, value, i) => sum + pulls[i]! * (value - prior[i]!) ** 2, 0);

const normalEquations = (problem: LogProblem, at: ReadonlyArray<number>, residuals: ReadonlyArray<number>) => {
  const { weights, scale, prior, pulls } = problem;
  const slopes = at.map((_, unknown) => slopesOf(problem, at, residuals, unknown));
  const matrix = at.map((_, row) => at.map((__, column) => (row === column ? 2 * pulls[row]! : 0)));
  const gradient = at.map((value, i) => 2 * pulls[i]! * (value - prior[i]!));
  residuals.forEach((error, i) => {
    const weight = (2 * weights[i]!) / scale / (1 + (error / scale) ** 2);
    for (let row = 0; row < at.length; row++) {
      const slope = slopes[row]![i]!;
      if (slope === 0) continue;
      gradient[row]! += weight * slope * error;
      for (let column = 0; column <= row; column++) matrix[row]![column]! += weight * slope * slopes[column]![i]!;
    }
  });
  for (let row = 0; row < at.length; row++)
    for (let column = row + 1; column < at.length; column++) matrix[row]![column] = matrix[column]![row]!;
  return { matrix, gradient };
};

/** Change of each residual with one unknown. */
const slopesOf = ({ residuals: of, touched }: LogProblem, at: ReadonlyArray<number>, residuals: ReadonlyArray<number>, unknown: number) => {
  const which = touched?.(unknown);
  const moved = of(
    at.map((value, i) => (i === unknown ? value + DIFFERENCE : value)),
    which,
  );
  const slopes = new Float64Array(residuals.length);
  moved.forEach((error, k) => {
    const i = which === undefined ? k : which[k]!;
    slopes[i] = (error - residuals[i]!) / DIFFERENCE;
  });
  return slopes;
};

const damped = (matrix: ReadonlyArray<ReadonlyArray<number>>, damping: number): ReadonlyArray<ReadonlyArray<number>> =>
  matrix.map((row, i) => row.map((entry, j) => (i === j ? entry * (1 + damping) + 1e-6 * damping : entry)));

const stepped = ({ isShare }: LogProblem, at: ReadonlyArray<number>, step: ReadonlyArray<number>): ReadonlyArray<number> =>
  at.map((value, i) => {
    const next = value - Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step[i]!));
    return isShare?.[i] === true ? Math.min(0, next) : next;
  });
