import type { Branded } from "./Quantity.ts";
import { suffixed } from "./Suffixed.ts";

/** Floating-point operations per second. */
export type FlopPerSecond = Branded<"FlopPerSecond">;

/** "989TFLOP/s", "2.25PFLOP/s". */
export type FlopRateText = `${number}${"G" | "T" | "P"}FLOP/s` | `${number} ${"G" | "T" | "P"}FLOP/s`;

/** Rates of floating-point operations; a multiplication with an addition is two. */
export const FLOP_RATE = suffixed<FlopPerSecond>({
  noun: "a rate of floating-point operations",
  hint: 'write the dense peak and its unit, as "989TFLOP/s", "2.25PFLOP/s"',
  examples: ["989TFLOP/s", "2.25PFLOP/s"],
  suffixes: [
    ["PFLOP/s", { integer: 1, exponent: 15 }],
    ["TFLOP/s", { integer: 1, exponent: 12 }],
    ["GFLOP/s", { integer: 1, exponent: 9 }],
    ["FLOP/s", { integer: 1, exponent: 0 }],
  ],
  base: "FLOP/s",
  plainNumber: false,
});
