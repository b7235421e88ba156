/** What is wrong with a recorded trace, and where. */
export interface TraceFaultParts {
  readonly file: string;
  /** From 1; absent where the fault is not in a line. */
  readonly line?: number;
  /** Column of the first character, from 1. */
  readonly column?: number;
  /** What must hold. */
  readonly constraint: string;
  /** What was found, cut to 60 characters. */
  readonly value?: string;
  readonly hint?: string;
}

/** A trace that cannot be replayed; the message is `file:line:column constraint (value) hint` without the parts that are absent. */
export class TraceFault extends Error {
  readonly _tag = "TraceFault";
  declare readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  declare readonly constraint: string;
  readonly value: string | undefined;
  readonly hint: string | undefined;

  constructor(parts: TraceFaultParts) {
    const value = parts.value === undefined ? undefined : shorten(parts.value);
    super(messageOf(parts, value));
    this.name = "TraceFault";
    this.file = parts.file;
    this.line = parts.line;
    this.column = parts.column;
    this.constraint = parts.constraint;
    this.value = value;
    this.hint = parts.hint;
  }
}

const VALUE_LENGTH = 60;

/** On one line, and cut. */
const shorten = (text: string): string => {
  const value = text.replaceAll(/\s+/g, " ").trim();
  return value.length > VALUE_LENGTH ? `${value.slice(0, VALUE_LENGTH - 3)}...` : value;
};

const messageOf = (parts: TraceFaultParts, value: string | undefined): string => {
  const place = [parts.file, parts.line, parts.line === undefined ? undefined : parts.column];
  const words = [
    place.filter((part) => part !== undefined).join(":"),
    parts.constraint,
    value === undefined ? undefined : `(${value})`,
    parts.hint,
  ];
  return words.filter((word) => word !== undefined).join(" ");
};
