import { showDuration, showNumber } from "../../experiment/showQuantity.ts";
import type { ClassResult, Distribution } from "../../metric/Result.ts";
import type { Line } from "./Line.ts";
import { lineWidth, span } from "./Line.ts";
import { table } from "./Table.ts";

type Statistic = "mean" | "p50" | "p90" | "p95" | "p99" | "p999" | "max";

const STATISTIC_SETS: ReadonlyArray<{
  readonly fromWidth: number;
  readonly statistics: ReadonlyArray<Statistic>;
}> = [
  { fromWidth: 110, statistics: ["mean", "p50", "p90", "p95", "p99", "p999", "max"] },
  { fromWidth: 92, statistics: ["mean", "p50", "p95", "p99", "max"] },
  { fromWidth: 0, statistics: ["p50", "p95", "p99", "max"] },
];

const TITLES: { readonly [statistic: string]: string } = { p999: "p99.9" };

/** The times of a class: one row each, quantiles marked ✓ or ✗ against the bound of its SLO. Wider terminals get more statistics. */
export const distributionTable = (of: ClassResult, width: number): ReadonlyArray<Line> => {
  const { statistics } = STATISTIC_SETS.find(({ fromWidth }) => width >= fromWidth)!;
  const columns = [
    { title: "", side: "start" as const },
    ...statistics.map((statistic) => ({
      title: `${TITLES[statistic] ?? statistic}  `,
      side: "end" as const,
    })),
    { title: "SLO", side: "start" as const },
    { title: "samples", side: "end" as const },
  ];
  const rows = [
    row("TTFT", of.ttftMs, statistics, of.slo.ttftMs),
    row("TPOT", of.tpotMs, statistics, of.slo.tpotMs),
    row("ITL", of.itlMs, statistics, undefined),
    row("e2e", of.e2eMs, statistics, of.slo.e2eMs),
    row("queue wait", of.queueWaitMs, statistics, undefined),
  ];
  return narrowest((gap) => table({ columns, rows, gap, indent: 2 }), width);
};

/** The table with the widest of the gaps that fits. */
const narrowest = (lay: (gap: number) => ReadonlyArray<Line>, width: number): ReadonlyArray<Line> => {
  for (const gap of [3, 2]) {
    const lines = lay(gap);
    if (lines.every((line) => lineWidth(line) <= width)) return lines;
  }
  return lay(1);
};

const row = (label: string, of: Distribution, statistics: ReadonlyArray<Statistic>, boundMs: number | undefined): ReadonlyArray<Line> => [
  [span(label)],
  ...statistics.map((statistic) => cell(of[statistic], boundMs, statistic)),
  [span(boundMs === undefined ? "" : `≤ ${showDuration(boundMs)}`, "faint")],
  [span(showNumber(of.count), "faint")],
];

/** The mark takes its two columns in each cell, so that the digits line up. */
const cell = (value: number | null, boundMs: number | undefined, statistic: Statistic): Line => {
  const text = showDuration(value);
  if (value === null || boundMs === undefined || statistic === "mean") return [span(text, value === null ? "faint" : "plain"), span("  ")];
  return value <= boundMs ? [span(text), span(" ✓", "good")] : [span(text, "bad"), span(" ✗", "bad")];
};
