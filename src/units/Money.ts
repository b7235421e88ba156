import type { Usd, UsdPerHour } from "./Quantity.ts";
import { suffixed } from "./Suffixed.ts";

/** "$2/h". */
export type PriceText = `$${number}/h`;
/** "$0.80". */
export type UsdText = `$${number}`;

/** Prices of something rented, in US dollars per hour. */
export const PRICE = suffixed<UsdPerHour>({
  noun: "a price per hour",
  hint: 'write US dollars per hour, as "$2/h", "$2.49/h"',
  examples: ["$2/h", "$2.49/h"],
  prefix: "$",
  suffixes: [["/h", { integer: 1, exponent: 0 }]],
  base: "/h",
  plainNumber: false,
});

/** Amounts of US dollars. */
export const USD = suffixed<Usd>({
  noun: "an amount of US dollars",
  hint: 'write US dollars, as "$0.80", "$1200"',
  examples: ["$0.80", "$1200"],
  prefix: "$",
  suffixes: [["", { integer: 1, exponent: 0 }]],
  base: "",
  plainNumber: false,
});

/** Reads "$2/h" as 2. */
export const parsePrice = PRICE.parse;
/** Prints 2.49 as "$2.49/h". */
export const formatPrice = PRICE.format;
/** Reads "$0.80" as 0.8. */
export const parseUsd = USD.parse;
/** Prints 0.8 as "$0.8". */
export const formatUsd = USD.format;
