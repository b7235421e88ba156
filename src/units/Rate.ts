import type { PerSecond, QuantityFault, QuantityKind } from "./Quantity.ts";
import { isQuantityFault } from "./Quantity.ts";
import { DECIMAL, formatDecimal } from "./Decimal.ts";
import { COUNT } from "./Count.ts";

/** "40/s", "2400/m", "10k/h". */
export type RateText = `${number}${"" | "k" | "M"}/${"s" | "m" | "min" | "h" | "d"}`;

const PER: ReadonlyArray<readonly [suffix: string, seconds: number]> = [
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
];
const SECONDS = new Map([...PER, ["min", 60]]);

const noun = "a rate";
const hint = 'write a number per time (s, m, h, d), as "40/s", "2400/m", "10k/h"';
const pattern = new RegExp(`^${DECIMAL} ?[kM]? ?/ ?(?:s|m|min|h|d)$`, "u");

const parse = (written: string | number): PerSecond | QuantityFault => {
  const fault: QuantityFault = { constraint: noun, value: written, hint };
  if (typeof written === "number" || !pattern.test(written)) return fault;
  const slash = written.indexOf("/");
  const count = COUNT.parse(written.slice(0, slash).trimEnd());
  if (isQuantityFault(count)) return fault;
  return (count / SECONDS.get(written.slice(slash + 1).trimStart())!) as PerSecond;
};

const TIDY = /^[0-9]+(?:\.[0-9]{1,3})?[kM]?$/u;

const format = (perSecond: number): string => {
  for (const [suffix, seconds] of perSecond >= 1 ? PER : PER.toReversed()) {
    const count = COUNT.format(perSecond * seconds);
    const text = `${count}/${suffix}`;
    if (TIDY.test(count) && parse(text) === perSecond) return text;
  }
  return `${formatDecimal(perSecond)}/s`;
};

/** Rates, per second. */
export const RATE: QuantityKind<PerSecond> = {
  noun,
  pattern,
  plainNumber: false,
  hint,
  examples: ["40/s", "2400/m", "10k/h"],
  parse,
  format,
};

/** Reads "2400/m" as 40. */
export const parseRate = RATE.parse;
/** Prints 40 as "40/s" and 0.5 as "30/m". */
export const formatRate = RATE.format;
