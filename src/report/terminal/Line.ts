import { clip, displayWidth } from "./displayWidth.ts";
import type { Style } from "./Style.ts";

/** A piece of text in one style. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line of the summary, styled but not yet painted: layout counts columns on it. */
export type Line = ReadonlyArray<Span>;

export const span = (text: string, style: Style = "plain"): Span => ({ text, style });

export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + displayWidth(text), 0);

/** A line cut to `width` columns; the cut shows as `…`. */
export const fitLine = (line: Line, width: number): Line => {
  if (lineWidth(line) <= width) return line;
  const fitted: Array<Span> = [];
  let left = width;
  for (const { text, style } of line) {
    const kept = displayWidth(text) < left ? text : clip(`${text} `, left);
    fitted.push({ text: kept, style });
    left -= displayWidth(kept);
    if (left <= 0) break;
  }
  return fitted;
};

/** `left` at the beginning and `right` at the end of a line of `width` columns; `left` is cut where both do not fit. */
export const spread = (left: Line, right: Line, width: number): Line => {
  const room = Math.max(0, width - lineWidth(right) - 1);
  const kept = fitLine(left, room);
  return [...kept, span(" ".repeat(Math.max(1, width - lineWidth(kept) - lineWidth(right)))), ...right];
};

/** Spaces before (`end`) or after (`start`) a line up to `width` columns. */
export const align = (line: Line, width: number, side: "start" | "end"): Line => {
  const gap = width - lineWidth(line);
  if (gap <= 0) return line;
  return side === "start" ? [...line, span(" ".repeat(gap))] : [span(" ".repeat(gap)), ...line];
};

/** Items one after the other, `gap` columns apart, in as many lines as `width` needs. The first line begins with `head`, the others with as many spaces. */
export const flow = (of: {
  readonly head: Line;
  readonly items: ReadonlyArray<Line>;
  readonly gap: number;
  readonly width: number;
}): ReadonlyArray<Line> => {
  const indent = lineWidth(of.head);
  const lines: Array<Line> = [];
  let line: Line = of.head;
  let empty = true;
  for (const item of of.items) {
    if (!empty && lineWidth(line) + of.gap + lineWidth(item) > of.width) {
      lines.push(line);
      line = [span(" ".repeat(indent))];
      empty = true;
    }
    line = empty ? [...line, ...item] : [...line, span(" ".repeat(of.gap)), ...item];
    empty = false;
  }
  return [...lines, line];
};

/** The words of a text in lines of at most `width` columns, as `flow` lays them out. */
export const wrapWords = (of: {
  readonly head: Line;
  readonly text: string;
  readonly style: Style;
  readonly width: number;
}): ReadonlyArray<Line> =>
  flow({
    head: of.head,
    items: of.text.split(" ").map((word) => [span(word, of.style)]),
    gap: 1,
    width: of.width,
  });
