import { RowFault } from "./TraceRow.ts";
import type { TraceRow } from "./TraceRow.ts";

/** Rows that are held back to be put in order. */
export const ORDER_WINDOW = 1024;

/** Puts rows in order of time that are at most ORDER_WINDOW rows late; rows of one time keep their order. */
export class TimeOrder {
  private readonly held: Array<TraceRow> = [];
  /** Rows before this index of `held` have gone. */
  private first = 0;
  private releasedMs = -Infinity;

  /** Whether the row comes too late to be put in its place. */
  isLate(row: TraceRow): boolean {
    return row.atMs < this.releasedMs;
  }

  /** Takes a row that is not late, and hands on those whose turn it is. */
  push(row: TraceRow, out: Array<TraceRow>): void {
    const held = this.held;
    let place = held.length;
    while (place > this.first && held[place - 1]!.atMs > row.atMs) place--;
    if (place === held.length) held.push(row);
    else held.splice(place, 0, row);
    if (held.length - this.first > ORDER_WINDOW) this.release(out);
  }

  finish(out: Array<TraceRow>): void {
    while (this.first < this.held.length) this.release(out);
  }

  private release(out: Array<TraceRow>): void {
    const row = this.held[this.first++]!;
    this.releasedMs = row.atMs;
    out.push(row);
    if (this.first < ORDER_WINDOW) return;
    this.held.splice(0, this.first);
    this.first = 0;
  }

  /** What is wrong with a late row. */
  lateness(row: TraceRow): RowFault {
    return new RowFault({
      constraint: `rows must be in order of time, or at most ${ORDER_WINDOW} rows late`,
      value: `${this.releasedMs - row.atMs} ms before a row already replayed`,
      hint: "sort the file by time",
    });
  }
}
