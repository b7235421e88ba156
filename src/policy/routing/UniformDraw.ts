import type { FleetView } from "./Router.ts";
import { eligible } from "./Tier.ts";

/** Blind draws before the eligible ones are counted. A quarter of the fleet eligible: 99 % need no count. */
const BLIND_DRAWS = 16;

/** A replica of the tier, each with the same probability, but never `except` (-1 excepts nobody); -1 when there is none. O(1) when most are eligible, else O(count). */
export function drawEligible(fleet: FleetView, tier: number, except: number, draw: () => number): number {
  // Columns may be longer than the fleet: then an empty one would still have a first entry.
  if (fleet.count === 0) return -1;
  // Rejection keeps the law uniform, and so does the exact draw that follows when luck runs out.
  for (let turn = 0; turn < BLIND_DRAWS; turn++) {
    const replica = Math.floor(draw() * fleet.count);
    if (replica !== except && eligible(fleet, replica, tier)) return replica;
  }
  return drawCounted(fleet, tier, except, draw);
}

function drawCounted(fleet: FleetView, tier: number, except: number, draw: () => number): number {
  let candidates = 0;
  for (let replica = 0; replica < fleet.count; replica++) {
    if (replica !== except && eligible(fleet, replica, tier)) candidates++;
  }
  if (candidates === 0) return -1;
  let skip = Math.floor(draw() * candidates);
  for (let replica = 0; replica < fleet.count; replica++) {
    if (replica !== except && eligible(fleet, replica, tier) && skip-- === 0) return replica;
  }
  return -1;
}
