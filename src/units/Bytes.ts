import type { Bytes } from "./Quantity.ts";
import { suffixed } from "./Suffixed.ts";

/** "80GiB", "80GB", "512MiB". */
export type BytesText = `${number}${"" | "k" | "K" | "M" | "G" | "T"}${"B" | "iB"}`;

/** Sizes in bytes: KiB, MiB, GiB and TiB are powers of 1024; kB, MB, GB and TB are powers of 1000. */
export const BYTES = suffixed<Bytes>({
  noun: "a size in bytes",
  hint: 'write a number and its unit, as "80GiB" (1024-based), "80GB" (1000-based), "512MiB"',
  examples: ["80GiB", "80GB", "512MiB"],
  suffixes: [
    ["TiB", { integer: 2 ** 40, exponent: 0 }],
    ["TB", { integer: 1, exponent: 12 }],
    ["GiB", { integer: 2 ** 30, exponent: 0 }],
    ["GB", { integer: 1, exponent: 9 }],
    ["MiB", { integer: 2 ** 20, exponent: 0 }],
    ["MB", { integer: 1, exponent: 6 }],
    ["KiB", { integer: 1024, exponent: 0 }],
    ["kB", { integer: 1, exponent: 3 }],
    ["KB", { integer: 1, exponent: 3 }],
    ["B", { integer: 1, exponent: 0 }],
  ],
  base: "B",
  plainNumber: false,
});

/** Reads "80GiB" as 85899345920. */
export const parseBytes = BYTES.parse;
/** Prints 85899345920 as "80GiB". */
export const formatBytes = BYTES.format;
