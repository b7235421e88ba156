import type { Benchmark } from "./Benchmark.ts";
import type { Round } from "./Round.ts";

/** All rounds of one benchmark; none when it could not run. */
export interface Series {
  readonly benchmark: Benchmark;
  readonly rounds: ReadonlyArray<Round>;
}

/** One line of the result: medians over the rounds, the largest peak. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly cpuNsPerUnit: number | null;
  readonly unitsPerCpuSecond: number | null;
  readonly peakRssMiB: number | null;
  /** CPU time divided by that of each reference: the median of the ratios within rounds, null without g++. */
  readonly ratios: { readonly [reference: string]: number | null };
}

const median = (values: ReadonlyArray<number>): number | null => {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

const nsPerUnit = (round: Round): number => round.cpuNs / round.units;

export const toRows = (all: ReadonlyArray<Series>): ReadonlyArray<Row> => all.map((series) => toRow(series, all));

const toRow = ({ benchmark, rounds }: Series, all: ReadonlyArray<Series>): Row => {
  const ns = median(rounds.map(nsPerUnit));
  const ratios = (benchmark.references ?? []).map((name) => {
    const reference = all.find((series) => series.benchmark.name === name)?.rounds ?? [];
    const both = rounds.slice(0, reference.length);
    return [name, median(both.map((round, index) => nsPerUnit(round) / nsPerUnit(reference[index]!)))] as const;
  });
  return {
    name: benchmark.name,
    unit: benchmark.unit,
    cpuNsPerUnit: ns,
    unitsPerCpuSecond: ns === null ? null : 1e9 / ns,
    peakRssMiB: rounds.length === 0 ? null : Math.max(...rounds.map((round) => round.peakRssMiB)),
    ratios: Object.fromEntries(ratios),
  };
};

const HEADINGS = ["name", "unit", "CPU ns/unit", "units/CPU-s", "peak RSS MiB", "ratio"];

/** The rows as aligned text. */
export const toText = (rows: ReadonlyArray<Row>): string => {
  const cells = [HEADINGS, ...rows.map(toCells)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => align(cell, column, widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};

const align = (cell: string, column: number, width: number): string =>
  column >= 2 && column <= 4 ? cell.padStart(width) : cell.padEnd(width);

const toCells = (row: Row): ReadonlyArray<string> => [
  row.name,
  row.unit,
  row.cpuNsPerUnit?.toFixed(1) ?? "no g++",
  row.unitsPerCpuSecond === null ? "" : Math.round(row.unitsPerCpuSecond).toLocaleString("en-US"),
  row.peakRssMiB?.toFixed(0) ?? "",
  Object.entries(row.ratios)
    .map(([reference, ratio]) => (ratio === null ? `no g++ for ${reference}` : `${ratio.toFixed(2)} x ${reference}`))
    .join(", "),
];
