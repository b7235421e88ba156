import type { Count, Tokens } from "./Quantity.ts";
import { suffixed } from "./Suffixed.ts";

/** "16k", "1.5M", "250". */
export type CountText = `${number}${"" | "k" | "M"}`;

const suffixes = [
  ["M", { integer: 1, exponent: 6 }],
  ["k", { integer: 1, exponent: 3 }],
  ["", { integer: 1, exponent: 0 }],
] as const;

/** Numbers of tokens: "16k" is 16,000, as in the names of context lengths of most vendors. */
export const TOKENS = suffixed<Tokens>({
  noun: "a number of tokens",
  hint: 'write a number, as 512, "2k" (2,000), "1.5M"',
  examples: [512, "2k", "16k"],
  suffixes,
  base: "",
  plainNumber: true,
});

/** Numbers of things that are not tokens. */
export const COUNT = suffixed<Count>({
  noun: "a number",
  hint: 'write a number, as 100, "10k" (10,000), "1.5M"',
  examples: [100, "10k"],
  suffixes,
  base: "",
  plainNumber: true,
});

/** Reads "16k" as 16000. */
export const parseTokens = TOKENS.parse;
/** Prints 16000 as "16k" and 16384 as "16.384k". */
export const formatTokens = TOKENS.format;
/** Reads "10k" as 10000. */
export const parseCount = COUNT.parse;
/** Prints 2500000 as "2.5M". */
export const formatCount = COUNT.format;
