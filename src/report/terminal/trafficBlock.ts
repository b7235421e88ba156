import { showCount, showNumber, showRate, showRatio } from "../../experiment/showQuantity.ts";
import type { ClassResult } from "../../metric/Result.ts";
import { OUTCOMES } from "../../metric/Result.ts";
import { stackedBar } from "./Bar.ts";
import type { Line } from "./Line.ts";
import { flow, lineWidth, span } from "./Line.ts";
import type { Style } from "./Style.ts";

/** The counts that a class and the total have in common. */
export type Traffic = Pick<ClassResult, "requests" | "outcomes" | "offeredPerSecond" | "throughputPerSecond" | "goodput"> & {
  readonly attempts?: number;
};

/** Load in, load out, and how the requests ended: counts, shares and a bar of good, late and lost requests. */
export const trafficBlock = (of: Traffic, width: number): ReadonlyArray<Line> => [
  ...flow({ head: [span("  ")], items: [counts(of), rates(of)], gap: 3, width }),
  ...(of.requests === 0 ? [] : [...shareBar(of, width), ...outcomes(of, width)]),
];

const counts = ({ requests, attempts }: Traffic): Line => [
  span(requests === 0 ? "no" : showNumber(requests), "strong"),
  span(" requests", "faint"),
  ...(attempts === undefined || attempts === requests || requests === 0
    ? []
    : [span(` × ${showNumber(attempts / requests)}`, attempts > 1.2 * requests ? "fair" : "plain"), span(" attempts", "faint")]),
];

const rates = (of: Traffic): Line => [
  span("offered ", "faint"),
  span(showRate(of.offeredPerSecond), "accent"),
  span(" → throughput ", "faint"),
  span(showRate(of.throughputPerSecond)),
  span(" → goodput ", "faint"),
  span(showRate(of.goodput.perSecond), "good"),
];

/** The four fates of a request, from best to worst known; counts sum to the requests. */
const fates = (of: Traffic) => {
  const { completed, degraded, cached, unfinished } = of.outcomes;
  const answered = completed + degraded + cached;
  const late = Math.max(0, answered - of.goodput.requests);
  const lost = Math.max(0, of.requests - of.goodput.requests - late - unfinished);
  return [
    { count: of.goodput.requests, glyph: "█", style: "good", label: `good${interval(of)}` },
    { count: late, glyph: "▓", style: "fair", label: "answered, SLO missed" },
    { count: lost, glyph: "░", style: "bad", label: "not answered" },
    { count: unfinished, glyph: "┄", style: "faint", label: "unfinished" },
  ] as const;
};

const shareBar = (of: Traffic, width: number): ReadonlyArray<Line> => {
  const parts = fates(of);
  const legend = parts
    .filter(({ count, label }) => count > 0 || label.startsWith("good"))
    .map(({ count, glyph, style, label }): Line => [
      span(`${glyph} `, style),
      span(showRatio(count / of.requests), "strong"),
      span(` ${label}`, "faint"),
    ]);
  const legendWidth = legend.reduce((sum, line) => sum + lineWidth(line) + 2, 0);
  const room = width - 2 - legendWidth;
  if (room >= 16)
    return flow({
      head: [span("  ")],
      items: [stackedBar(parts, Math.min(room, 64)), ...legend],
      gap: 2,
      width,
    });
  return [[span("  "), ...stackedBar(parts, Math.min(width - 2, 76))], ...flow({ head: [span("  ")], items: legend, gap: 2, width })];
};

const interval = ({ goodput }: Traffic): string =>
  "interval" in goodput && goodput.interval !== undefined
    ? ` (95% CI ${showRatio(goodput.interval.low)}–${showRatio(goodput.interval.high)})`
    : "";

const OUTCOME_STYLES: { readonly [outcome: string]: Style } = {
  completed: "plain",
  degraded: "fair",
  cached: "plain",
  unfinished: "fair",
};

const outcomes = (of: Traffic, width: number): ReadonlyArray<Line> =>
  flow({
    head: [span("  ")],
    items: OUTCOMES.filter((outcome) => of.outcomes[outcome] > 0).map((outcome): Line => [
      span(outcome, OUTCOME_STYLES[outcome] ?? "bad"),
      span(` ${showCount(of.outcomes[outcome])}`),
      span(` ${showRatio(of.outcomes[outcome] / of.requests)}`, "faint"),
    ]),
    gap: 3,
    width,
  });
