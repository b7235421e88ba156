/** A weighted least-squares problem: minimize sum of (weight (sum of column x - target))^2 over x >= 0. */
export interface LeastSquares {
  /** One array per unknown, each as long as `targets`. */
  readonly columns: ReadonlyArray<ArrayLike<number>>;
  readonly targets: ArrayLike<number>;
  /** One per row, > 0. */
  readonly weights: ArrayLike<number>;
}

export interface Solution {
  readonly values: Float64Array;
  /** Weighted sum of squared residuals. */
  readonly squares: number;
  /**
   * Per unknown: the share of its column that the other columns do not explain, 0..1. Near 0 the data cannot tell it from the others;
   * 0 for a column without any entry.
   */
  readonly ownShares: Float64Array;
}

/** Below this own share a column is left at zero: its coefficient would be noise. */
export const COLLINEAR_RATIO = 1e-9;

const MAX_ROUNDS = 300;
const TOLERANCE = 1e-12;

/**
 * Non-negative least squares by the active set method: unknowns enter one by one, the steepest first, and leave where they would turn
 * negative. Columns are scaled to unit length, so their units do not matter; a column that others explain fully stays at zero.
 *
 * Source: Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23.
 */
export const nnls = (problem: LeastSquares): Solution => {
  const normal = normalEquations(problem);
  const scaled = activeSet(normal);
  return {
    values: scaled.map((value, i) => (normal.lengths[i]! > 0 ? value / normal.lengths[i]! : 0)),
    squares: squaresOf(problem, normal, scaled),
    ownShares: ownShares(normal),
  };
};

/** Products of the scaled columns with each other and with the target. */
interface Normal {
  readonly size: number;
  readonly lengths: Float64Array;
  /** Row after row. */
  readonly products: Float64Array;
  readonly right: Float64Array;
}

const normalEquations = ({ columns, targets, weights }: LeastSquares): Normal => {
  const size = columns.length;
  const products = new Float64Array(size * size);
  const right = new Float64Array(size);
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
    let sum = 0;
    for (let row = 0; row < targets.length; row++) sum += weights[row]! * x[row]! * (weights[row]! * y[row]!);
    return sum;
  };
  const lengths = Float64Array.from(columns, (column) => Math.sqrt(dot(column, column)));
  for (let i = 0; i < size; i++) {
    right[i] = dot(columns[i]!, targets) / (lengths[i]! || 1);
    for (let j = i; j < size; j++) {
      const product = i === j ? Math.sign(lengths[i]!) : dot(columns[i]!, columns[j]!) / (lengths[i]! * lengths[j]! || 1);
      products[i * size + j] = products[j * size + i] = product;
    }
  }
  return { size, lengths, products, right };
};

const activeSet = (normal: Normal): Float64Array => {
  const { size } = normal;
  const values = new Float64Array(size);
  const passive: Array<number> = [];
  const refused = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const entering = steepest(normal, values, passive, refused);
    if (entering < 0) return values;
    passive.push(entering);
    if (!descend(normal, values, passive)) {
      passive.pop();
      refused.add(entering);
    } else if (passive.includes(entering)) refused.clear();
    else refused.add(entering);
  }
  return values;
};

/** The unknown outside the passive set along which the error falls fastest; -1 when there is none. */
const steepest = (normal: Normal, values: Float64Array, passive: ReadonlyArray<number>, refused: ReadonlySet<number>): number => {
  const { size, products, right } = normal;
  let best = -1;
  let bestFall = TOLERANCE * Math.max(1, ...right);
  for (let i = 0; i < size; i++) {
    if (passive.includes(i) || refused.has(i) || normal.lengths[i] === 0) continue;
    let fall = right[i]!;
    for (const j of passive) fall -= products[i * size + j]! * values[j]!;
    if (fall <= bestFall) continue;
    best = i;
    bestFall = fall;
  }
  return best;
};

/** Moves to the optimum of the passive set, dropping unknowns that reach zero on the way; false when the set is collinear. */
const descend = (normal: Normal, values: Float64Array, passive: Array<number>): boolean => {
  for (;;) {
    const target = solve(normal, passive);
    if (target === undefined) return false;
    const ratios = passive.map((i, k) => (target[k]! > 0 ? 1 : values[i]! / Math.max(values[i]! - target[k]!, Number.MIN_VALUE)));
    const reach = Math.min(1, ...ratios);
    passive.forEach((i, k) => (values[i] = values[i]! + reach * (target[k]! - values[i]!)));
    // Whoever stops the move is dropped by name: rounding may leave it a little above zero.
    const dropped = passive.filter((_, k) => target[k]! <= 0 && ratios[k]! <= reach);
    if (dropped.length === 0) return true;
    for (const i of dropped) {
      values[i] = 0;
      passive.splice(passive.indexOf(i), 1);
    }
  }
};

/** Solves the equations of some unknowns by Cholesky decomposition; undefined when one of them depends on those before it. */
const solve = (normal: Normal, of: ReadonlyArray<number>): Float64Array | undefined => {
  const factor = cholesky(normal, of);
  if (factor === undefined) return undefined;
  const n = of.length;
  const x = Float64Array.from(of, (i) => normal.right[i]!);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) x[i]! -= factor[i * n + j]! * x[j]!;
    x[i]! /= factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) x[i]! -= factor[j * n + i]! * x[j]!;
    x[i]! /= factor[i * n + i]!;
  }
  return x;
};

const cholesky = (normal: Normal, of: ReadonlyArray<number>): Float64Array | undefined => {
  const n = of.length;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = normal.products[of[i]! * normal.size + of[j]!]!;
      for (let k = 0; k < j; k++) rest -= factor[i * n + k]! * factor[j * n + k]!;
      if (i !== j) factor[i * n + j] = rest / factor[j * n + j]!;
      else if (rest > COLLINEAR_RATIO) factor[i * n + i] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return factor;
};

/** The last pivot of the decomposition with the column in last place: its squared distance from the span of the others. */
const ownShares = (normal: Normal): Float64Array => {
  const all = Array.from({ length: normal.size }, (_, i) => i);
  return Float64Array.from(all, (i) => {
    if (normal.lengths[i] === 0) return 0;
    const others: Array<number> = [];
    for (const j of all) if (j !== i && normal.lengths[j]! > 0 && cholesky(normal, [...others, j]) !== undefined) others.push(j);
    const factor = cholesky(normal, [...others, i]);
    return factor === undefined ? 0 : factor.at(-1)! ** 2;
  });
};

const squaresOf = ({ columns, targets, weights }: LeastSquares, normal: Normal, scaled: Float64Array): number => {
  let squares = 0;
  for (let row = 0; row < targets.length; row++) {
    let residual = -targets[row]!;
    for (let i = 0; i < columns.length; i++) if (scaled[i]! > 0) residual += (columns[i]![row]! * scaled[i]!) / normal.lengths[i]!;
    squares += (weights[row]! * residual) ** 2;
  }
  return squares;
};
