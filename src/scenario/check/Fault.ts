import type { QuantityFault } from "../../units/Quantity.ts";
import type { Path } from "./Path.ts";

/** One thing that is wrong with a scenario, before its place in a file is looked up. */
export interface Fault {
  readonly path: Path;
  /** What does not hold, as "must be a duration" or "unknown key". */
  readonly constraint: string;
  /** The value as it was written; absent where there is none to show. */
  readonly value?: unknown;
  readonly hint?: string;
  /** Whether the place is that of the key or of its value; the value by default. */
  readonly part?: "key" | "value";
  /** Whether the rest of what holds it can be read as if it were not there. */
  readonly harmless?: true;
  /** How many characters into a text value the place is. */
  readonly offset?: number;
}

/** The fault of a value that is not the quantity it should be. */
export const quantityFault = (path: Path, fault: QuantityFault): Fault => ({
  path,
  constraint: `must be ${fault.constraint}`,
  value: fault.value,
  hint: fault.hint,
});

const LONGEST_VALUE = 60;

const shorten = (text: string): string => (text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text);

/** What has no JSON, in words. */
const describeOddity = (value: unknown): unknown => {
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  return typeof value === "bigint" ? `${value}n` : value;
};

/** Prints a value on one line, as JSON where it can be JSON. */
export const showValue = (value: unknown): string => {
  if (typeof value === "number" || value === undefined) return String(value);
  const oddity = describeOddity(value);
  if (oddity !== value) return String(oddity);
  return shorten(JSON.stringify(value, (_, member: unknown) => describeOddity(member)));
};
