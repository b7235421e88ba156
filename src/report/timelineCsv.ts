import type { Result, TimelinePoint } from "../metric/Result.ts";
import { csvText } from "./CsvText.ts";
import { roundedMeasure, roundedTime } from "./Rounded.ts";

/** The columns of `timeline.csv`, in order; `POOL.ready` and `POOL.booting` follow for each pool whose replicas can be off. */
export const TIMELINE_COLUMNS = [
  "atMs",
  "offeredPerSecond",
  "throughputPerSecond",
  "goodputPerSecond",
  "failedPerSecond",
  "ttftP50Ms",
  "ttftP99Ms",
  "gatewayQueue",
  "engineWaiting",
  "running",
  "kvRatio",
  "utilization",
] as const satisfies ReadonlyArray<keyof TimelinePoint>;

/** `timeline.csv`: one row per interval; a quantile without samples is an empty field. */
export const timelineCsv = ({ timeline }: Pick<Result, "timeline">): string =>
  csvText(
    [...TIMELINE_COLUMNS, ...(timeline[0]?.replicas ?? []).flatMap(({ pool }) => [`${pool}.ready`, `${pool}.booting`])],
    timeline.map((point) => [
      ...TIMELINE_COLUMNS.map((column) => {
        const value = point[column];
        if (value === null) return null;
        return column === "atMs" ? roundedTime(value) : roundedMeasure(value);
      }),
      ...(point.replicas ?? []).flatMap(({ ready, booting }) => [roundedMeasure(ready), roundedMeasure(booting)]),
    ]),
  );
