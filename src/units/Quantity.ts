declare const unit: unique symbol;

/** A number that carries its unit in its type; it can be used wherever a plain number can. */
export type Branded<Unit extends string> = number & { readonly [unit]: Unit };

/** Milliseconds. */
export type Ms = Branded<"Ms">;
/** Events per second. */
export type PerSecond = Branded<"PerSecond">;
/** LLM tokens. */
export type Tokens = Branded<"Tokens">;
/** How many of something that is not tokens: users, replicas, turns, places in a queue. */
export type Count = Branded<"Count">;
export type Bytes = Branded<"Bytes">;
export type BytesPerSecond = Branded<"BytesPerSecond">;
/** US dollars. */
export type Usd = Branded<"Usd">;
/** US dollars per hour. */
export type UsdPerHour = Branded<"UsdPerHour">;
/** A share, 0..1. */
export type Ratio = Branded<"Ratio">;

/** Why a text is not the quantity that it should be. */
export interface QuantityFault {
  /** Completes "must be", as in "a duration". */
  readonly constraint: string;
  /** The value as it was written. */
  readonly value: unknown;
  /** What to write instead, with examples. */
  readonly hint: string;
}

/** Tells a parsed quantity from the reason why there is none. */
export const isQuantityFault = (parsed: number | QuantityFault): parsed is QuantityFault => typeof parsed !== "number";

/** One kind of quantity: how people write it, how it is read, and how it is printed. */
export interface QuantityKind<Q extends number> {
  /** With its article: "a duration". */
  readonly noun: string;
  /** The texts that `parse` accepts; a Unicode regular expression that matches whole texts. */
  readonly pattern: RegExp;
  /** Whether a plain number is accepted: only where the unit is beyond doubt. */
  readonly plainNumber: boolean;
  readonly hint: string;
  readonly examples: ReadonlyArray<string | number>;
  /** Reads a text (or a plain number, see `plainNumber`); never throws. Never negative. */
  readonly parse: (written: string | number) => Q | QuantityFault;
  /** Prints a number that is not negative; `parse(format(q))` is q, exactly, for 0 and 1e-6 <= q < 1e15. */
  readonly format: (quantity: number) => string;
}
