import { showDuration } from "../../experiment/showQuantity.ts";
import type { Line } from "./Line.ts";
import { span } from "./Line.ts";
import type { TimeSpan } from "./resample.ts";

const MILLISECOND = 1;
const SECOND = 1e3;
const MINUTE = 60e3;
const HOUR = 3600e3;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => count * MILLISECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 96, 168, 336].map((count) => count * HOUR),
];

/** Columns from one tick to the next, at least: the longest label and some air. */
const TICK_COLUMNS = 9;

/** A line with a tick at round times and a line of their labels, `columns` wide. The part before the warm-up ends is dashed. */
export const timeAxis = (of: { readonly span: TimeSpan; readonly columns: number; readonly warmupMs: number }): readonly [Line, Line] => {
  const lengthMs = Math.max(of.span.endMs - of.span.startMs, Number.MIN_VALUE);
  const columnOf = (ms: number): number => Math.floor(((ms - of.span.startMs) / lengthMs) * of.columns);
  const stepMs = STEPS.find((step) => (step / lengthMs) * of.columns >= TICK_COLUMNS) ?? lengthMs;
  const rule = Array.from({ length: of.columns }, (_, column): string => (column < columnOf(of.warmupMs) ? "┄" : "─"));
  const labels = Array.from({ length: of.columns }, () => " ");
  for (let ms = Math.ceil(of.span.startMs / stepMs) * stepMs; columnOf(ms) < of.columns; ms += stepMs) {
    rule[columnOf(ms)] = "┴";
    const label = ms === 0 ? "0" : showDuration(ms);
    if (columnOf(ms) + label.length <= of.columns) labels.splice(columnOf(ms), label.length, ...label);
  }
  return [[span(rule.join(""), "faint")], [span(labels.join(""), "faint")]];
};

/** Where a stretch of time lies on the axis: `━` in it, `·` elsewhere; at least one column where it touches the axis. */
export const timeMark = (of: {
  readonly span: TimeSpan;
  readonly columns: number;
  readonly startMs: number;
  readonly endMs: number;
}): string => {
  const lengthMs = Math.max(of.span.endMs - of.span.startMs, Number.MIN_VALUE);
  const columnOf = (ms: number): number => Math.floor(((ms - of.span.startMs) / lengthMs) * of.columns);
  const from = columnOf(of.startMs);
  const to = Math.max(from + 1, columnOf(of.endMs));
  return Array.from({ length: of.columns }, (_, column) => (column >= from && column < to ? "━" : "·")).join("");
};
