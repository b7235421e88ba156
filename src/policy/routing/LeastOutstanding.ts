import type { FleetView, RouterPolicy } from "./Router.ts";
import { BACKUP, eligible, PRIMARY } from "./Tier.ts";

/**
 * The available replica with the fewest outstanding attempts. Weights do not count. Draws nothing. O(count), less when somebody is idle.
 * Ties go in turn: the search starts after the last choice, so replicas that stay tied get the same number of attempts within one,
 * as in nginx `least_conn`; a draw would be as fair in the mean only.
 */
export class LeastOutstanding implements RouterPolicy {
  readonly name = "leastOutstanding";
  #last = -1;

  pick(fleet: FleetView): number {
    const primary = leastAfter(fleet, PRIMARY, this.#last);
    const chosen = primary >= 0 ? primary : leastAfter(fleet, BACKUP, this.#last);
    if (chosen >= 0) this.#last = chosen;
    return chosen;
  }
}

/** The first of the least loaded after `last`, around the fleet; -1 when nobody is eligible. */
function leastAfter(fleet: FleetView, tier: number, last: number): number {
  const start = last + 1 < fleet.count ? last + 1 : 0;
  const later = leastWithin(fleet, tier, start, fleet.count);
  if (later >= 0 && fleet.outstanding[later] === 0) return later;
  const earlier = leastWithin(fleet, tier, 0, start);
  if (later < 0) return earlier;
  return earlier >= 0 && fleet.outstanding[earlier]! < fleet.outstanding[later]! ? earlier : later;
}

function leastWithin(fleet: FleetView, tier: number, from: number, to: number): number {
  let best = -1;
  let least = Infinity;
  for (let replica = from; replica < to; replica++) {
    const load = fleet.outstanding[replica]!;
    if (load >= least || !eligible(fleet, replica, tier)) continue;
    // Nobody has less than nothing outstanding.
    if (load === 0) return replica;
    least = load;
    best = replica;
  }
  return best;
}
