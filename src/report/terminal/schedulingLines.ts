import { showNumber, showRatio } from "../../experiment/showQuantity.ts";
import type { PoolResult } from "../../metric/Result.ts";
import { printable } from "./displayWidth.ts";
import type { Line } from "./Line.ts";
import { flow, span } from "./Line.ts";
import { showBytes } from "./showBytes.ts";

/** Swaps, accepted drafts, hits of the host tier and KV sent to decode pools, where the pool has them. */
export const schedulingLines = ({ name, swaps, speculative, hostTier, handover }: PoolResult, width: number): ReadonlyArray<Line> => {
  const items: Array<Line> = [];
  if (swaps !== undefined) items.push([span("swapped ", "faint"), span(showNumber(swaps), swaps > 0 ? "fair" : "plain")]);
  if (speculative !== undefined) items.push([span("drafts accepted ", "faint"), span(showRatio(speculative.acceptedRatio))]);
  if (hostTier !== undefined) items.push([span("host tier hits ", "faint"), span(showRatio(hostTier.hitRatio))]);
  if (handover !== undefined) {
    const { transfers, bytes, recomputed } = handover;
    items.push([span("KV sent ", "faint"), span(`${showBytes(bytes)} in ${showNumber(transfers)} transfers`)]);
    if (recomputed > 0) items.push([span("lost and computed again ", "faint"), span(showNumber(recomputed), "fair")]);
  }
  return items.length === 0 ? [] : flow({ head: [span(`  ${printable(name)}  `)], items, gap: 3, width });
};
