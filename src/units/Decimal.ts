/** A factor as an integer times a power of ten, so that decimal texts convert without a rounding error of their own. */
export interface Factor {
  readonly integer: number;
  readonly exponent: number;
}

/** A decimal without sign or exponent, short enough to stay finite: the number part of all quantity patterns. */
export const DECIMAL = "[0-9]{1,15}(?:\\.[0-9]{1,24})?";

/** The number that a decimal text and a factor stand for: "1.1" with 1000 is 1100, where 1.1 * 1000 need not be. */
export const scaleDecimal = (digits: string, factor: Factor): number => Number(`${digits}e${factor.exponent}`) * factor.integer;

/** The shortest decimal text without exponent that reads as the number again; for numbers that are not negative. */
export const formatDecimal = (value: number): string => {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value < 1 ? value.toFixed(20).replace(/\.?0+$/u, "") : BigInt(Math.round(value)).toString();
};

const TIDY = /^[0-9]+(?:\.[0-9]{1,3})?$/u;

/** The decimal text, of at most three decimals, that times the factor gives exactly the value, if there is one. */
export const tidyDecimal = (value: number, factor: Factor): string | undefined => {
  const text = formatDecimal(value / (factor.integer * 10 ** factor.exponent));
  return TIDY.test(text) && scaleDecimal(text, factor) === value ? text : undefined;
};
