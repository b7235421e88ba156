import { RowFault } from "./TraceRow.ts";

/** A field of a CSV line without quotes: where it lies. */
export interface Field {
  start: number;
  end: number;
}

/** Finds columns by the names in the header. */
export class CsvColumns {
  declare private readonly indexes: ReadonlyArray<number>;
  declare private readonly names: ReadonlyArray<string>;
  declare private readonly last: number;
  /** Fields of the line that was split last, in the order of `names`. */
  declare readonly fields: ReadonlyArray<Field>;

  /** Throws RowFault when the header lacks a name. */
  constructor(header: string, names: ReadonlyArray<string>) {
    const columns = header.split(",").map((name) => name.trim().toLowerCase());
    this.names = names;
    this.indexes = names.map((name) => {
      const index = columns.indexOf(name.toLowerCase());
      if (index < 0)
        throw new RowFault({
          constraint: `header must have the column ${name}`,
          value: header,
          isFatal: true,
        });
      return index;
    });
    this.last = Math.max(...this.indexes);
    this.fields = names.map(() => ({ start: 0, end: 0 }));
  }

  /** Finds the fields of a line. Throws RowFault for a line with too few columns. */
  split(line: string): void {
    let start = 0;
    for (let column = 0; column <= this.last; column++) {
      if (start > line.length) throw this.tooFew(line, column);
      const comma = line.indexOf(",", start);
      const end = comma < 0 ? line.length : comma;
      for (let wanted = 0; wanted < this.indexes.length; wanted++) {
        if (this.indexes[wanted] === column) this.set(wanted, start, end);
      }
      start = end + 1;
    }
  }

  /** The token count in field `wanted`. Throws RowFault unless it is a number >= 0. */
  tokens(line: string, wanted: number): number {
    const value = this.number(line, wanted);
    if (value < 0) throw this.fault(line, wanted, "must be >= 0");
    return value;
  }

  number(line: string, wanted: number): number {
    const { start, end } = this.fields[wanted]!;
    const digits = wholeNumber(line, start, end);
    if (digits >= 0) return digits;
    const text = line.slice(start, end).trim();
    const value = text === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw this.fault(line, wanted, "must be a number");
    return value;
  }

  fault(line: string, wanted: number, constraint: string, hint?: string): RowFault {
    const { start, end } = this.fields[wanted]!;
    return new RowFault({
      column: start + 1,
      constraint: `${this.names[wanted]!} ${constraint}`,
      value: line.slice(start, end),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  private set(wanted: number, start: number, end: number): void {
    const field = this.fields[wanted]!;
    field.start = start;
    field.end = end;
  }

  private tooFew(line: string, found: number): RowFault {
    return new RowFault({
      constraint: `row must have at least ${this.last + 1} columns`,
      value: line,
      hint: `it has ${found}`,
    });
  }
}

const MAX_DIGITS = 15;

/** The value of plain digits, -1 for anything else. */
export const wholeNumber = (text: string, start: number, end: number): number => {
  if (end <= start || end - start > MAX_DIGITS) return -1;
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
};
