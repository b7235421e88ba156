import { LeastOutstanding } from "./LeastOutstanding.ts";
import { prefixKey, rendezvousScore } from "./RendezvousHash.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { BACKUP, eligible, PRIMARY } from "./Tier.ts";

/**
 * Sends prompts that begin alike to the same replica, so that its prefix cache hits: rendezvous hashing over the available replicas.
 * The favorite gets the attempt while it then holds at most ceil(loadFactor * mean) outstanding attempts (the mean over the available ones,
 * this attempt included); beyond that, and without a prefix, the least outstanding replica does. A replica that leaves moves only its own
 * prefixes, and gets them back on return. Draws nothing. O(count).
 * Source: rendezvous hashing: Thaler, Ravishankar 1998; bound: Mirrokni, Thorup, Zadimoghaddam 2018, "Consistent hashing with bounded loads".
 */
export class PrefixAffinity implements RouterPolicy {
  readonly name = "prefixAffinity";
  readonly #loadFactor: number;
  readonly #fallback = new LeastOutstanding();
  /** What the last survey found: the highest bidder (-1: nobody eligible), the eligible ones, and what they hold together. */
  #favorite = -1;
  #candidates = 0;
  #held = 0;

  /** `loadFactor` >= 1, Infinity for no bound; throws RangeError. */
  constructor(loadFactor: number) {
    if (!(loadFactor >= 1)) {
      throw new RangeError(`prefixAffinity.loadFactor: must be >= 1 (got ${loadFactor})`);
    }
    this.#loadFactor = loadFactor;
  }

  pick(fleet: FleetView, request: RouteRequest): number {
    if (request.prefixHash === 0) return this.#fallback.pick(fleet);
    const key = prefixKey(request.prefixHash);
    this.#survey(fleet, PRIMARY, key);
    if (this.#favorite < 0) this.#survey(fleet, BACKUP, key);
    const favorite = this.#favorite;
    if (favorite < 0) return -1;
    const most = Math.ceil((this.#loadFactor * (this.#held + 1)) / this.#candidates);
    return fleet.outstanding[favorite]! < most ? favorite : this.#fallback.pick(fleet);
  }

  #survey(fleet: FleetView, tier: number, key: number): void {
    let favorite = -1;
    let highest = 0;
    let candidates = 0;
    let held = 0;
    for (let replica = 0; replica < fleet.count; replica++) {
      if (!eligible(fleet, replica, tier)) continue;
      candidates++;
      held += fleet.outstanding[replica]!;
      const score = rendezvousScore(key, replica);
      if (favorite >= 0 && score < highest) continue;
      highest = score;
      favorite = replica;
    }
    this.#favorite = favorite;
    this.#candidates = candidates;
    this.#held = held;
  }
}
