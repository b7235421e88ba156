import type { Line } from "./Line.ts";
import { align, lineWidth, span } from "./Line.ts";

export interface Column {
  readonly title: string;
  readonly side: "start" | "end";
}

/** Rows under their titles, each column as wide as its widest cell, `gap` columns apart, indented by `indent`. A cell that is missing stays empty. */
export const table = (of: {
  readonly columns: ReadonlyArray<Column>;
  readonly rows: ReadonlyArray<ReadonlyArray<Line>>;
  readonly gap: number;
  readonly indent: number;
}): ReadonlyArray<Line> => {
  const header = of.columns.map(({ title }): Line => [span(title, "faint")]);
  const all = [header, ...of.rows];
  const widths = of.columns.map((_, column) => Math.max(...all.map((row) => lineWidth(row[column] ?? []))));
  return all.map((row) => [
    span(" ".repeat(of.indent)),
    ...of.columns.flatMap(({ side }, column) => [
      ...align(row[column] ?? [], widths[column]!, side),
      span(column === of.columns.length - 1 ? "" : " ".repeat(of.gap)),
    ]),
  ]);
};
