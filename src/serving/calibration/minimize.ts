export interface Search {
  readonly start: ReadonlyArray<number>;
  /** First step along each axis. */
  readonly step: number;
  readonly maxEvaluations: number;
  /** The search ends when the simplex is smaller than this in every direction. */
  readonly tolerance: number;
  readonly onEvaluation?: (count: number, best: number) => void;
}

export interface Minimum {
  readonly at: ReadonlyArray<number>;
  readonly value: number;
  readonly evaluations: number;
}

interface Vertex {
  readonly at: ReadonlyArray<number>;
  readonly value: number;
}

/** The lowest point that a Nelder-Mead simplex finds: no derivatives, and no randomness. Source: Nelder and Mead, Computer Journal 7, 1965. */
export const minimize = (objective: (at: ReadonlyArray<number>) => number, search: Search): Minimum => {
  let evaluations = 0;
  let best = Infinity;
  const vertex = (at: ReadonlyArray<number>): Vertex => {
    const value = objective(at);
    best = Math.min(best, value);
    evaluations++;
    search.onEvaluation?.(evaluations, best);
    return { at, value };
  };
  let simplex = [vertex(search.start), ...search.start.map((_, axis) => vertex(moved(search.start, axis, search.step)))];
  while (evaluations < search.maxEvaluations) {
    simplex.sort((one, other) => one.value - other.value);
    if (sizeOf(simplex) < search.tolerance) break;
    const worst = simplex.at(-1)!;
    const center = search.start.map((_, axis) => mean(simplex.slice(0, -1).map(({ at }) => at[axis]!)));
    const along = (factor: number): Vertex => vertex(center.map((value, axis) => value + factor * (worst.at[axis]! - value)));
    const next = better(simplex, along);
    if (next !== undefined) simplex[simplex.length - 1] = next;
    else simplex = simplex.map((each, i) => (i === 0 ? each : vertex(each.at.map((value, axis) => (value + simplex[0]!.at[axis]!) / 2))));
  }
  simplex.sort((one, other) => one.value - other.value);
  return { ...simplex[0]!, evaluations };
};

/** Reflection, expansion or contraction of the worst vertex; undefined when all of them are worse. */
const better = (simplex: ReadonlyArray<Vertex>, along: (factor: number) => Vertex): Vertex | undefined => {
  const reflected = along(-1);
  if (reflected.value < simplex[0]!.value) {
    const expanded = along(-2);
    return expanded.value < reflected.value ? expanded : reflected;
  }
  if (reflected.value < simplex.at(-2)!.value) return reflected;
  const worst = simplex.at(-1)!;
  const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
  return contracted.value < Math.min(reflected.value, worst.value) ? contracted : undefined;
};

const moved = (at: ReadonlyArray<number>, axis: number, by: number): ReadonlyArray<number> =>
  at.map((value, i) => (i === axis ? value + by : value));

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const sizeOf = (simplex: ReadonlyArray<Vertex>): number =>
  Math.max(...simplex.slice(1).map(({ at }) => Math.max(...at.map((value, axis) => Math.abs(value - simplex[0]!.at[axis]!)))));
