import { showNumber, showRatio } from "../../experiment/showQuantity.ts";
import type { PoolResult } from "../../metric/Result.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { flow, span } from "./Line.ts";

/** Swaps, accepted drafts and hits of the host tier, where the pool has them. */
export const schedulingLines = ({ name, swaps, speculative, hostTier }: PoolResult, width: number): ReadonlyArray<Line> => {
  const items: Array<Line> = [];
  if (swaps !== undefined) items.push([span("swapped ", "faint"), span(showNumber(swaps), swaps > 0 ? "fair" : "plain")]);
  if (speculative !== undefined) items.push([span("drafts accepted ", "faint"), span(showRatio(speculative.acceptedRatio))]);
  if (hostTier !== undefined) items.push([span("host tier hits ", "faint"), span(showRatio(hostTier.hitRatio))]);
  return items.length === 0 ? [] : flow({ head: [span(`  ${printable(name)}  `)], items, gap: 3, width });
};
