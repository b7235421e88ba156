import { RowFault } from "./TraceRow.ts";

/** A JSON object with its text, for faults that name a column. */
export class JsonRecord {
  declare private readonly text: string;
  declare private readonly fields: { readonly [key: string]: unknown };

  /** Throws RowFault unless the text is one JSON object. */
  constructor(text: string) {
    this.text = text;
    this.fields = objectOf(text);
  }

  has(key: string): boolean {
    return this.fields[key] !== undefined;
  }

  get(key: string): unknown {
    return this.fields[key];
  }

  /** The number >= 0 in a field. Throws RowFault for anything else. */
  number(key: string): number {
    const value = this.fields[key];
    if (typeof value === "number" && value >= 0 && value < Infinity) return value;
    const hint = value === undefined ? `add "${key}"` : undefined;
    throw this.fault(key, "must be a number >= 0", hint);
  }

  /** The block ids in a field, undefined when it is absent. Throws RowFault unless they are integers in 0..2^53 - 1, at most `limit` of them. */
  ids(key: string, limit: number): Float64Array | undefined {
    const value = this.fields[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.fault(key, "must be a list of integers");
    if (value.length > limit) {
      throw this.fault(key, `must have at most ${limit} ids, one per block of the prompt`, `it has ${value.length}`);
    }
    const ids = new Float64Array(value.length);
    for (let index = 0; index < ids.length; index++) {
      const id: unknown = value[index];
      if (!(Number.isSafeInteger(id) && (id as number) >= 0)) throw this.fault(key, `element ${index} must be an integer in 0..2^53-1`);
      ids[index] = id as number;
    }
    return ids;
  }

  fault(key: string, constraint: string, hint?: string): RowFault {
    const at = this.text.indexOf(`"${key}"`);
    return new RowFault({
      ...(at < 0 ? {} : { column: at + 1 }),
      constraint: `${key} ${constraint}`,
      value: JSON.stringify(this.fields[key]) ?? "absent",
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

const objectOf = (text: string): { readonly [key: string]: unknown } => {
  const value = parsed(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as { readonly [key: string]: unknown };
  }
  throw new RowFault({ column: 1, constraint: "record must be a JSON object", value: text });
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = /position (\d+)/.exec(reason)?.[1];
    throw new RowFault({
      ...(position === undefined ? {} : { column: Number(position) + 1 }),
      constraint: "record must be JSON",
      value: text,
      hint: reason.replace(/ in JSON at position .*$/, ""),
    });
  }
};
