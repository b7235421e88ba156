import type { FleetView, RouterPolicy } from "./Router.ts";
import { BACKUP, eligible, PRIMARY } from "./Tier.ts";

/** In turn over those available, each tier with a turn of its own. Draws nothing. O(1) plus the unavailable ones passed over. */
export class RoundRobin implements RouterPolicy {
  readonly name = "roundRobin";
  #lastPrimary = -1;
  #lastBackup = -1;

  pick(fleet: FleetView): number {
    const primary = nextEligible(fleet, PRIMARY, this.#lastPrimary);
    if (primary >= 0) return (this.#lastPrimary = primary);
    const backup = nextEligible(fleet, BACKUP, this.#lastBackup);
    if (backup >= 0) this.#lastBackup = backup;
    return backup;
  }
}

/** The first eligible replica after `last`, around the fleet; -1 when there is none. */
function nextEligible(fleet: FleetView, tier: number, last: number): number {
  let replica = last;
  for (let step = 0; step < fleet.count; step++) {
    replica = replica + 1 < fleet.count ? replica + 1 : 0;
    if (eligible(fleet, replica, tier)) return replica;
  }
  return -1;
}
