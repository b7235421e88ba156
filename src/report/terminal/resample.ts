import type { TimelinePoint } from "../../metric/Result.ts";

/** The span of simulated time that a timeline covers; each point covers the time since the one before. */
export interface TimeSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** From the beginning of the first interval (assumed as long as the second) to the end of the last; undefined without points. */
export const timelineSpan = (points: ReadonlyArray<TimelinePoint>): TimeSpan | undefined => {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const second = points[1];
  const startMs = second === undefined ? 0 : Math.max(0, first.atMs - (second.atMs - first.atMs));
  return { startMs: Math.min(startMs, first.atMs), endMs: last.atMs };
};

/** The values of a timeline on `columns` equal parts of its span: `mean` weighs each point by the time it covers in the part, `max` takes the largest. null where no point has a value. Cost: columns + points. */
export const resample = (of: {
  readonly points: ReadonlyArray<TimelinePoint>;
  readonly span: TimeSpan;
  readonly columns: number;
  readonly read: (point: TimelinePoint) => number | null;
  readonly by: "mean" | "max";
}): ReadonlyArray<number | null> => {
  const columnMs = (of.span.endMs - of.span.startMs) / of.columns;
  let next = 0;
  return Array.from({ length: of.columns }, (_, column) => {
    const fromMs = of.span.startMs + column * columnMs;
    const toMs = column === of.columns - 1 ? of.span.endMs : fromMs + columnMs;
    while (next < of.points.length - 1 && of.points[next]!.atMs <= fromMs) next++;
    return of.by === "mean" ? weightedMean(of, next, fromMs, toMs) : largest(of, next, toMs);
  });
};

type Points = Pick<Parameters<typeof resample>[0], "points" | "span" | "read">;

const startOf = ({ points, span }: Points, index: number): number => (index === 0 ? span.startMs : points[index - 1]!.atMs);

const weightedMean = (of: Points, first: number, fromMs: number, toMs: number): number | null => {
  let sum = 0;
  let weight = 0;
  for (let index = first; index < of.points.length && (index === first || startOf(of, index) < toMs); index++) {
    const value = of.read(of.points[index]!);
    if (value === null) continue;
    const coveredMs = Math.max(Math.min(toMs, of.points[index]!.atMs) - Math.max(fromMs, startOf(of, index)), Number.MIN_VALUE);
    sum += value * coveredMs;
    weight += coveredMs;
  }
  return weight === 0 ? null : sum / weight;
};

const largest = (of: Points, first: number, toMs: number): number | null => {
  let most: number | null = null;
  for (let index = first; index < of.points.length && (index === first || startOf(of, index) < toMs); index++) {
    const value = of.read(of.points[index]!);
    if (value !== null && (most === null || value > most)) most = value;
  }
  return most;
};
