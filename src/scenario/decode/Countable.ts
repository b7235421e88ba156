import type { Bounds } from "./Decoding.ts";

/** Durations that policies can count, in ms: a whole number of microseconds, exact in a double. */
export const COUNTABLE = { minimum: 0.001, maximum: 9e12 } satisfies Bounds;

/** Permits times microseconds of their window that policies can count exactly. */
export const MOST_UNITS = 2 ** 51;
