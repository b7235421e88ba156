import { showNumber } from "../../experiment/showQuantity.ts";
import type { PoolResult } from "../../metric/Result.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { flow, span } from "./Line.ts";

/** How many replicas a pool had, where that is not what it has. */
export const scalingLines = ({ name, scaling, replicas, replicaHours }: PoolResult, width: number): ReadonlyArray<Line> => {
  if (scaling === undefined) return [];
  const { ready, booting, scaleUps, scaleDowns } = scaling;
  if (ready.min === replicas && booting.max === 0 && scaleUps + scaleDowns === 0) return [];
  const items: Array<Line> = [
    [span("replicas ", "faint"), span([ready.min, ready.mean, ready.max].map(showNumber).join(" / ")), span(" min / mean / max", "faint")],
    [span("booting ", "faint"), span(`${showNumber(booting.mean)} / ${showNumber(booting.max)}`)],
    [span("scaled ", "faint"), span(`${showNumber(scaleUps)} up, ${showNumber(scaleDowns)} down`)],
    [span("replica-hours ", "faint"), span(showNumber(replicaHours))],
  ];
  return flow({ head: [span(`  ${printable(name)}  `)], items, gap: 3, width });
};
