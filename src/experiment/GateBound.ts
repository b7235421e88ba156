import { COUNT } from "../units/Count.ts";
import { DURATION } from "../units/Duration.ts";
import { USD } from "../units/Money.ts";
import type { QuantityFault, QuantityKind } from "../units/Quantity.ts";
import { isQuantityFault } from "../units/Quantity.ts";
import { RATE } from "../units/Rate.ts";
import { SHARE } from "../units/Share.ts";
import type { Unit } from "./showQuantity.ts";

/** The number of a gate's bound in the unit of its metric (ms, 0..1, per second, US dollars, plain), or what is wrong with it. */
export const parseBound = (text: string, unit: Unit): number | QuantityFault => {
  const parsed = KINDS[unit].parse(unit === "ratio" && PLAIN.test(text) ? Number(text) : text);
  return isQuantityFault(parsed) ? { ...parsed, value: text, hint: missingUnit(text, unit) ?? parsed.hint } : parsed;
};

const KINDS: { readonly [U in Unit]: QuantityKind<number> } = {
  ms: DURATION,
  ratio: SHARE,
  perSecond: RATE,
  usd: USD,
  number: COUNT,
};

const PLAIN = /^[0-9]+(?:\.[0-9]+)?$/;

/** For a bare number the texts that it may have been meant as, where they are read. */
const missingUnit = (text: string, unit: Unit): string | undefined => {
  if (!PLAIN.test(text)) return undefined;
  const meant = {
    ms: [`${text}s`, `${text}ms`],
    ratio: [`${text}%`],
    perSecond: [`${text}/s`],
    usd: [`$${text}`],
    number: [],
  }[unit];
  const read = meant.filter((candidate) => !isQuantityFault(KINDS[unit].parse(candidate)));
  return read.length === 0 ? undefined : `write ${read.map((candidate) => `"${candidate}"`).join(" or ")}`;
};
