/** A measurement with at most six significant digits; integers are counts and stay exact. Never -0. */
export const roundedMeasure = (value: number): number => (Number.isInteger(value) ? value + 0 : Number(value.toPrecision(6)) + 0);

/** A point in time with at most three decimals (microseconds): six digits would blur the later hours of a run. */
export const roundedTime = (ms: number): number => Math.round(ms * 1000) / 1000 + 0;
