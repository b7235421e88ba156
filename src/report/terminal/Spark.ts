import type { Line, Span } from "./Line.ts";
import { span } from "./Line.ts";
import type { Style } from "./Style.ts";

const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const NO_VALUE = "·";

/** How values become heights 0..1. */
export type Scale = (value: number) => number;

/** From 0 to `max`. A maximum of 0 puts all at the bottom. */
export const linearScale =
  (max: number): Scale =>
  (value) =>
    max > 0 ? value / max : 0;

/** Equal ratios are equal heights, from `min` to `max`; the middle where both are equal. Values of 0 or less lie at the bottom. */
export const logScale =
  (of: { readonly min: number; readonly max: number }): Scale =>
  (value) => {
    if (value <= 0) return 0;
    return of.max > of.min && of.min > 0 ? Math.log(value / of.min) / Math.log(of.max / of.min) : 0.5;
  };

/** A series as `rows` lines of block characters, one column per value, top line first. A value always shows; `·` stands where there is none. The top eighth stays free, so that charts below each other do not touch. */
export const sparkline = (of: {
  readonly values: ReadonlyArray<number | null>;
  readonly scale: Scale;
  readonly rows: number;
  readonly style: (value: number) => Style;
}): ReadonlyArray<Line> => {
  const steps = of.rows * BLOCKS.length - 1;
  const levels = of.values.map((value) => (value === null ? null : 1 + Math.round(clamp(of.scale(value)) * (steps - 1))));
  return Array.from({ length: of.rows }, (_, fromTop) => {
    const floor = (of.rows - 1 - fromTop) * BLOCKS.length;
    return merge(of.values.map((value, column) => cell(value, levels[column]!, floor, of.style)));
  });
};

const clamp = (height: number): number => (Number.isFinite(height) ? Math.min(Math.max(height, 0), 1) : 0);

const cell = (value: number | null, level: number | null, floor: number, style: (value: number) => Style): Span => {
  if (value === null || level === null) return span(floor === 0 ? NO_VALUE : " ", "faint");
  if (level <= floor) return span(" ");
  return span(BLOCKS[Math.min(level - floor, BLOCKS.length) - 1]!, style(value));
};

/** Neighbors of one style become one span: fewer escape sequences. */
export const merge = (line: Line): Line => {
  const merged: Array<Span> = [];
  for (const { text, style } of line) {
    const last = merged.at(-1);
    if (last !== undefined && last.style === style) merged[merged.length - 1] = { text: last.text + text, style };
    else merged.push({ text, style });
  }
  return merged;
};
