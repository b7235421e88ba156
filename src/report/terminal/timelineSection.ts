import type { Unit } from "../../experiment/showQuantity.ts";
import { showDuration, showQuantity } from "../../experiment/showQuantity.ts";
import type { Result, TimelinePoint } from "../../metric/Result.ts";
import { clip, displayWidth, printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { align, span } from "./Line.ts";
import type { Style } from "./Style.ts";
import type { TimeSpan } from "./resample.ts";
import { resample, timelineSpan } from "./resample.ts";
import { sectionHeading } from "./sectionHeading.ts";
import type { Scale } from "./Spark.ts";
import { linearScale, logScale, sparkline } from "./Spark.ts";
import { timeAxis, timeMark } from "./timeAxis.ts";

type Read = (point: TimelinePoint) => number | null;

interface Series {
  readonly label: string;
  readonly unit: Unit;
  readonly read: Read;
  readonly by: "mean" | "max";
  readonly scale: Scale;
  readonly rows: number;
  readonly style: (value: number) => Style;
  readonly remark: string;
}

/** TTFT that stays within this factor, and queues below this many requests, do not fill their chart: noise shall not look like trouble. */
const CALM_FACTOR = 10;
const CALM_QUEUE = 7;

const LABEL_COLUMNS = 12;
const RANGE_COLUMNS = 19;
/** Faults beyond this many share no row with the others; they are counted. */
const FAULT_ROWS = 4;

/** How load, goodput, TTFT and queue went over time, with the faults above the time axis. */
export const timelineSection = (result: Result, width: number): ReadonlyArray<Line> => {
  const span = timelineSpan(result.timeline);
  if (span === undefined) return [];
  const columns = Math.max(8, width - LABEL_COLUMNS - RANGE_COLUMNS - 5);
  return [
    sectionHeading("over time", "min … max", width),
    ...[...allSeries(result), ...replicaSeries(result)].flatMap((series) => seriesLines(series, result.timeline, span, columns)),
    ...faultLines(result, span, columns),
    ...timeAxis({ span, columns, warmupMs: result.warmupMs }).map((line) => framed("", line, "")),
  ];
};

const allSeries = ({ timeline, classes }: Result): ReadonlyArray<Series> => {
  const load = linearScale(Math.max(range(timeline, offered).max ?? 0, range(timeline, goodput).max ?? 0));
  const ttft = range(timeline, ttftP99);
  const bounds = new Set(classes.flatMap(({ slo }) => (slo.ttftMs === undefined ? [] : [slo.ttftMs])));
  const boundMs = bounds.size === 1 ? [...bounds][0]! : Infinity;
  return [
    {
      label: "offered",
      unit: "perSecond",
      read: offered,
      by: "mean",
      scale: load,
      rows: 2,
      style: () => "accent",
      remark: "",
    },
    {
      label: "goodput",
      unit: "perSecond",
      read: goodput,
      by: "mean",
      scale: load,
      rows: 2,
      style: () => "good",
      remark: "same scale",
    },
    {
      label: "TTFT p99",
      unit: "ms",
      read: ttftP99,
      by: "max",
      scale: logScale({
        min: Math.min(ttft.min ?? 1, (ttft.max ?? 1) / CALM_FACTOR),
        max: ttft.max ?? 1,
      }),
      rows: 2,
      style: (value) => (value > boundMs ? "bad" : "plain"),
      remark: "log scale",
    },
    {
      label: "queue",
      unit: "number",
      read: queue,
      by: "max",
      scale: linearScale(Math.max(range(timeline, queue).max ?? 0, CALM_QUEUE)),
      rows: 1,
      style: () => "fair",
      remark: "",
    },
  ];
};

/** Replicas of the pools that scaled: ready ones, and above them on the second row what boots. */
const replicaSeries = ({ pools, timeline }: Result): ReadonlyArray<Series> => {
  const scaled = pools.filter(({ scaling }) => scaling !== undefined && (scaling.ready.min < scaling.ready.max || scaling.booting.max > 0));
  return scaled.flatMap(({ name }) => {
    const of =
      (key: "ready" | "booting"): Read =>
      (point) =>
        point.replicas?.find(({ pool }) => pool === name)?.[key] ?? null;
    const [ready, booting] = [of("ready"), of("booting")];
    const scale = linearScale(Math.max(range(timeline, ready).max ?? 0, range(timeline, booting).max ?? 0));
    const shared = { unit: "number", by: "max", scale, rows: 1 } as const;
    const label = scaled.length === 1 ? "replicas" : printable(name);
    const boots = (range(timeline, booting).max ?? 0) > 0;
    return [
      { ...shared, label, read: ready, style: () => "accent" as const, remark: "" },
      ...(boots ? [{ ...shared, label: "  booting", read: booting, style: () => "fair" as const, remark: "" }] : []),
    ];
  });
};

const offered: Read = (point) => point.offeredPerSecond;
const goodput: Read = (point) => point.goodputPerSecond;
const ttftP99: Read = (point) => point.ttftP99Ms;
/** All requests that wait, wherever. */
const queue: Read = (point) => point.gatewayQueue + point.engineWaiting;

const range = (timeline: ReadonlyArray<TimelinePoint>, read: Read): { readonly min: number | null; readonly max: number | null } => {
  let min: number | null = null;
  let max: number | null = null;
  for (const point of timeline) {
    const value = read(point);
    if (value === null) continue;
    min = min === null || value < min ? value : min;
    max = max === null || value > max ? value : max;
  }
  return { min, max };
};

const seriesLines = (series: Series, points: ReadonlyArray<TimelinePoint>, timeSpan: TimeSpan, columns: number): ReadonlyArray<Line> => {
  const values = resample({ points, span: timeSpan, columns, read: series.read, by: series.by });
  const lines = sparkline({ values, scale: series.scale, rows: series.rows, style: series.style });
  const { min, max } = range(points, series.read);
  const shown = max === null ? "no values" : min === max ? showQuantity(max, series.unit) : rangeText(min, max, series.unit);
  const last = lines.length - 1;
  return lines.map((line, index) => framed(index === last ? series.label : "", line, index === last ? shown : series.remark));
};

const rangeText = (min: number | null, max: number, unit: Unit): string => `${showQuantity(min, unit)} … ${showQuantity(max, unit)}`;

/** A line of the chart between its label and its remark. */
const framed = (label: string, line: Line, remark: string): Line => [
  span("  "),
  ...align([span(clip(label, LABEL_COLUMNS))], LABEL_COLUMNS, "start"),
  span(" "),
  ...line,
  span("  "),
  span(clip(remark, RANGE_COLUMNS), "faint"),
];

const faultLines = ({ faults }: Result, timeSpan: TimeSpan, columns: number): ReadonlyArray<Line> => [
  ...faults.slice(0, FAULT_ROWS).map((fault) => {
    const when = `${showDuration(fault.startMs)} – ${showDuration(fault.endMs)}`;
    const pool = clip(printable(fault.pool), Math.max(3, RANGE_COLUMNS - displayWidth(when) - 1));
    const mark = timeMark({ span: timeSpan, columns, startMs: fault.startMs, endMs: fault.endMs });
    return framed(fault.kind, [span(mark, "bad")], `${pool} ${when}`);
  }),
  ...(faults.length > FAULT_ROWS ? [framed("", [span(`and ${faults.length - FAULT_ROWS} more faults`, "faint")], "")] : []),
];
