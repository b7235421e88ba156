import type { BytesPerSecond } from "./Quantity.ts";
import { suffixed } from "./Suffixed.ts";

/** "25GB/s", "10Gbit/s", "100MiB/s". */
export type BandwidthText =
  | `${number}${"k" | "M" | "G" | "T"}${"B" | "bit"}/s`
  | `${number}${"Ki" | "Mi" | "Gi" | "Ti"}B/s`
  | `${number}B/s`;

/** Bandwidths, in bytes per second: bits count an eighth; Ki, Mi, Gi and Ti are powers of 1024. */
export const BANDWIDTH = suffixed<BytesPerSecond>({
  noun: "a bandwidth",
  hint: 'write a number and its unit, as "25GB/s", "10Gbit/s" (1.25 GB/s), "200MB/s"',
  examples: ["25GB/s", "10Gbit/s", "200MB/s"],
  suffixes: [
    ["TB/s", { integer: 1, exponent: 12 }],
    ["TiB/s", { integer: 2 ** 40, exponent: 0 }],
    ["GB/s", { integer: 1, exponent: 9 }],
    ["GiB/s", { integer: 2 ** 30, exponent: 0 }],
    ["MB/s", { integer: 1, exponent: 6 }],
    ["MiB/s", { integer: 2 ** 20, exponent: 0 }],
    ["kB/s", { integer: 1, exponent: 3 }],
    ["KiB/s", { integer: 1024, exponent: 0 }],
    ["Tbit/s", { integer: 125, exponent: 9 }],
    ["Gbit/s", { integer: 125, exponent: 6 }],
    ["Mbit/s", { integer: 125, exponent: 3 }],
    ["kbit/s", { integer: 125, exponent: 0 }],
    ["B/s", { integer: 1, exponent: 0 }],
  ],
  base: "B/s",
  plainNumber: false,
});

/** Reads "10Gbit/s" as 1250000000. */
export const parseBandwidth = BANDWIDTH.parse;
/** Prints 25e9 as "25GB/s". */
export const formatBandwidth = BANDWIDTH.format;
