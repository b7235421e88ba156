import type { Factor } from "./Decimal.ts";
import { DECIMAL, formatDecimal, scaleDecimal, tidyDecimal } from "./Decimal.ts";
import type { QuantityFault, QuantityKind } from "./Quantity.ts";

/** A quantity written as a decimal between a prefix and one of several suffixes. */
export interface SuffixedDefinition {
  readonly noun: string;
  readonly hint: string;
  readonly examples: ReadonlyArray<string | number>;
  readonly prefix?: string;
  /** Suffixes and their factors, in the order in which `format` tries them; the empty suffix stands for a bare number in a text. */
  readonly suffixes: ReadonlyArray<readonly [suffix: string, factor: Factor]>;
  /** The suffix, of factor 1, with which `format` prints what no other suffix prints well. */
  readonly base: string;
  readonly plainNumber: boolean;
}

const escape = (text: string): string => text.replace(/[$/%.]/gu, "\\$&");

const patternOf = ({ prefix = "", suffixes }: SuffixedDefinition): RegExp => {
  const named = suffixes.map(([suffix]) => suffix).filter((suffix) => suffix !== "");
  const group = named.length === 0 ? "" : `(?: ?(?:${named.map(escape).join("|")}))${named.length < suffixes.length ? "?" : ""}`;
  return new RegExp(`^${escape(prefix)}${DECIMAL}${group}$`, "u");
};

const NUMBER = new RegExp(DECIMAL, "u");

/** Builds a kind of quantity from its prefix and suffixes. */
export const suffixed = <Q extends number>(definition: SuffixedDefinition): QuantityKind<Q> => {
  const { noun, hint, examples, prefix = "", suffixes, base, plainNumber } = definition;
  const pattern = patternOf(definition);
  const factors = new Map(suffixes);
  const fault = (value: unknown): QuantityFault => ({ constraint: noun, value, hint });
  const parse = (written: string | number): Q | QuantityFault => {
    if (typeof written === "number") return plainNumber && Number.isFinite(written) && written >= 0 ? (written as Q) : fault(written);
    if (!pattern.test(written)) return fault(written);
    const bare = written.slice(prefix.length);
    const digits = NUMBER.exec(bare)![0];
    return scaleDecimal(digits, factors.get(bare.slice(digits.length).trimStart())!) as Q;
  };
  const format = (quantity: number): string => {
    for (const [suffix, factor] of suffixes) {
      if (quantity < factor.integer * 10 ** factor.exponent) continue;
      const digits = tidyDecimal(quantity, factor);
      if (digits !== undefined) return `${prefix}${digits}${suffix}`;
    }
    return `${prefix}${formatDecimal(quantity)}${base}`;
  };
  return { noun, pattern, plainNumber, hint, examples, parse, format };
};
