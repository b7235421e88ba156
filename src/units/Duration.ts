import type { Ms } from "./Quantity.ts";
import { suffixed } from "./Suffixed.ts";

/** "250ms", "2s", "90m", "1.5h", "1d". */
export type DurationText = `${number}${"ms" | "s" | "m" | "min" | "h" | "d"}`;

/** Durations, in milliseconds. They need a unit: a plain number could be seconds or milliseconds. */
export const DURATION = suffixed<Ms>({
  noun: "a duration",
  hint: 'write a number and its unit (ms, s, m, h, d), as "250ms", "2s", "90m", "1.5h"',
  examples: ["2s", "250ms", "90m", "1.5h", "1d"],
  suffixes: [
    ["d", { integer: 864, exponent: 5 }],
    ["h", { integer: 36, exponent: 5 }],
    ["m", { integer: 6, exponent: 4 }],
    ["min", { integer: 6, exponent: 4 }],
    ["s", { integer: 1, exponent: 3 }],
    ["ms", { integer: 1, exponent: 0 }],
  ],
  base: "ms",
  plainNumber: false,
});

/** Reads "2s" as 2000. */
export const parseDuration = DURATION.parse;
/** Prints 5400000 as "1.5h". */
export const formatDuration = DURATION.format;
