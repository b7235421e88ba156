/** Absolute relative errors of a set of points, 0..1 and more. */
export interface Errors {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly worst: number;
}

/** Summary of relative errors, signed or not; all zero for none. */
export const errorsOf = (relative: ReadonlyArray<number>): Errors => {
  const sorted = relative.map(Math.abs).toSorted((x, y) => x - y);
  return { count: sorted.length, median: quantileOf(sorted, 0.5), p90: quantileOf(sorted, 0.9), worst: sorted.at(-1) ?? 0 };
};

/** Quantile of ascending values with linear interpolation; 0 for none. */
export const quantileOf = (sorted: ReadonlyArray<number>, p: number): number => {
  if (sorted.length === 0) return 0;
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
};

export const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Which of `folds` parts an item belongs to: neighbors in an ordered grid go to different parts (golden-ratio sequence). */
export const foldOf = (index: number, folds: number): number => Math.floor(((index * 0.618_033_988_749_894_9) % 1) * folds);
