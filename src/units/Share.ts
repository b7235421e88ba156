import { formatDecimal, scaleDecimal } from "./Decimal.ts";
import type { QuantityFault, QuantityKind, Ratio } from "./Quantity.ts";

/** "95%". */
export type ShareText = `${number}%`;

const noun = "a share from 0% to 100%";
const hint = 'write a percentage or a number from 0 to 1, as "2%", 0.02';
const pattern = /^(?:100(?:\.0{1,24})?|[0-9]{1,2}(?:\.[0-9]{1,24})?) ?%$/u;
const PERCENT = { integer: 1, exponent: -2 };

const parse = (written: string | number): Ratio | QuantityFault => {
  const fault: QuantityFault = { constraint: noun, value: written, hint };
  if (typeof written === "number") return written >= 0 && written <= 1 ? (written as Ratio) : fault;
  return pattern.test(written) ? (scaleDecimal(written.slice(0, -1).trimEnd(), PERCENT) as Ratio) : fault;
};

/** Moves the decimal point of the shortest decimal by two places, which no product does exactly. */
const format = (ratio: number): string => {
  const [whole = "0", fraction = ""] = formatDecimal(ratio).split(".");
  const digits = fraction.padEnd(2, "0");
  const integer = `${whole}${digits.slice(0, 2)}`.replace(/^0+(?=[0-9])/u, "");
  return digits.length > 2 ? `${integer}.${digits.slice(2)}%` : `${integer}%`;
};

/** Shares, 0..1, written as percentages or as plain numbers. */
export const SHARE: QuantityKind<Ratio> = {
  noun,
  pattern,
  plainNumber: true,
  hint,
  examples: ["95%", 0.95],
  parse,
  format,
};

/** Reads "95%" and 0.95 as 0.95. */
export const parseShare = SHARE.parse;
/** Prints 0.95 as "95%". */
export const formatShare = SHARE.format;
