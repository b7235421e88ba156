import type { UnitSource } from "../../kernel/Streams.ts";
import { countUpTo } from "../rate/BaseRate.ts";
import { RowFault } from "./TraceRow.ts";

/** A distribution over token counts. */
export class TokenTable {
  declare private readonly values: Float64Array;
  declare private readonly cumulative: Float64Array;

  constructor(values: Float64Array, cumulative: Float64Array) {
    this.values = values;
    this.cumulative = cumulative;
  }

  /** One draw, by inversion. */
  sample(source: UnitSource): number {
    const index = countUpTo(this.cumulative, source.unit());
    return this.values[Math.min(index, this.values.length - 1)]!;
  }
}

/**
 * Reads a Python dictionary `{224: 0.000315, 225: 2e-05}` of value to probability; the probabilities are normalised.
 * Undefined for `{}`. Throws RowFault for anything else.
 */
export const tokenTableOf = (text: string): TokenTable | undefined => {
  const body = text.trim();
  if (!body.startsWith("{") || !body.endsWith("}")) throw dictionaryFault("must be a dictionary", body);
  const items = body
    .slice(1, -1)
    .split(",")
    .filter((item) => item.trim() !== "");
  if (items.length === 0) return undefined;
  const values = new Float64Array(items.length);
  const cumulative = new Float64Array(items.length);
  let total = 0;
  items.forEach((item, index) => {
    const [value, weight] = pairOf(item);
    values[index] = value;
    total += weight;
    cumulative[index] = total;
  });
  if (!(total > 0)) return undefined;
  for (let index = 0; index < cumulative.length; index++) cumulative[index] = cumulative[index]! / total;
  return new TokenTable(values, cumulative);
};

const pairOf = (item: string): readonly [number, number] => {
  const colon = item.indexOf(":");
  const value = numberOf(item.slice(0, Math.max(colon, 0)));
  const weight = numberOf(item.slice(colon + 1));
  if (colon < 0 || !(value >= 0) || !(weight >= 0)) throw dictionaryFault("must map token counts to probabilities", item.trim());
  return [value, weight];
};

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

const dictionaryFault = (constraint: string, value: string): RowFault => new RowFault({ constraint, value });
