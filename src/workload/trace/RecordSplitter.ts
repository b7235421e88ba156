/** Cuts a stream of text into records; bounded by the longest record. */
export interface RecordSplitter {
  /** Calls `emit` for each record that is complete with this piece of text. */
  push(text: string, emit: EmitRecord): void;
  /** The text has ended: emits a last record without its end. */
  finish(emit: EmitRecord): void;
}

/** Takes a record and the line, from 1, on which it starts. */
export type EmitRecord = (record: string, line: number) => void;

/** A record longer than this is a fault: its end was probably lost. In characters. */
export const MAX_RECORD = 2 ** 24;

/** Thrown for a record that exceeds MAX_RECORD or does not belong where it stands. */
export class SplitFault {
  declare readonly line: number;
  declare readonly constraint: string;
  declare readonly value: string;

  constructor(line: number, constraint: string, value: string) {
    this.line = line;
    this.constraint = constraint;
    this.value = value;
  }
}

/** One record per line; LF or CRLF, with or without an end after the last line. Blank lines are left out. */
export class LineSplitter implements RecordSplitter {
  private rest = "";
  private line = 0;

  push(text: string, emit: EmitRecord): void {
    const whole = this.rest === "" ? text : this.rest + text;
    let start = 0;
    for (let end = whole.indexOf("\n"); end >= 0; end = whole.indexOf("\n", start)) {
      this.emitLine(whole.slice(start, end), emit);
      start = end + 1;
    }
    this.rest = whole.slice(start);
    if (this.rest.length > MAX_RECORD) throw tooLong(this.line + 1, this.rest);
  }

  finish(emit: EmitRecord): void {
    if (this.rest !== "") this.emitLine(this.rest, emit);
    this.rest = "";
  }

  private emitLine(raw: string, emit: EmitRecord): void {
    this.line++;
    const record = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (record.trim() !== "") emit(record, this.line);
  }
}

const tooLong = (line: number, text: string): SplitFault =>
  new SplitFault(line, `a record must not exceed ${MAX_RECORD} characters`, text.slice(0, 40));

const QUOTE = 34;
const COMMA = 44;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const NEW_LINE = 10;

/** One record per object of a JSON array of objects; looks at brackets and strings only. */
export class ArraySplitter implements RecordSplitter {
  private parts = "";
  private line = 1;
  private startLine = 1;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private opened = false;
  private closed = false;

  push(text: string, emit: EmitRecord): void {
    let start = 0;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === NEW_LINE) this.line++;
      if (this.inString) {
        this.insideString(code);
      } else if (this.depth > 0) {
        this.insideObject(code);
        if (this.depth > 0) continue;
        emit(this.parts + text.slice(start, index + 1), this.startLine);
        this.parts = "";
      } else if (code === OPEN_OBJECT && this.opened && !this.closed) {
        this.depth = 1;
        this.startLine = this.line;
        start = index;
      } else {
        this.between(code);
      }
    }
    if (this.depth > 0) this.parts += text.slice(start);
    if (this.parts.length > MAX_RECORD) throw tooLong(this.startLine, this.parts);
  }

  finish(): void {
    if (this.depth > 0) throw new SplitFault(this.startLine, "an object must end with }", this.parts.slice(0, 40));
    if (!this.closed) throw new SplitFault(this.line, "the list must end with ]", "end of file");
  }

  private insideString(code: number): void {
    if (this.escaped) this.escaped = false;
    else if (code === BACKSLASH) this.escaped = true;
    else if (code === QUOTE) this.inString = false;
  }

  private insideObject(code: number): void {
    if (code === QUOTE) this.inString = true;
    else if (code === OPEN_OBJECT) this.depth++;
    else if (code === CLOSE_OBJECT) this.depth--;
  }

  private between(code: number): void {
    if (code <= 32 || code === COMMA) return;
    if (code === OPEN_LIST && !this.opened) this.opened = true;
    else if (code === CLOSE_LIST && this.opened && !this.closed) this.closed = true;
    else throw new SplitFault(this.line, "only objects may stand in the list", String.fromCharCode(code));
  }
}
