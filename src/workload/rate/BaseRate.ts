/** A stretch of time in which a rate is a straight line; filled by BaseRate.read(). */
export interface LinearPiece {
  /** End of the stretch in ms, exclusive; Infinity only with a slope of 0. */
  endMs: number;
  /** Arrivals per ms at the start of the stretch. */
  perMs: number;
  /** Change of the rate per ms. */
  slope: number;
}

/** A rate that is linear between breaks. */
export interface BaseRate {
  /** Fills `piece` for the stretch that starts at `fromMs`. A random rate may only be read forward. */
  read(fromMs: number, piece: LinearPiece): void;
}

/** Number of elements of the sorted list that are <= value. */
export const countUpTo = (sorted: ArrayLike<number>, value: number): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The rate in arrivals per ms. Throws RangeError unless it is a finite number >= 0. */
export const perMsOf = (perSecond: number): number => {
  if (!(perSecond >= 0 && perSecond < Infinity)) {
    throw new RangeError(`rate ${perSecond}/s is not a finite number >= 0`);
  }
  return perSecond / 1000;
};
