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
    const primary = favoriteOf(fleet, PRIMARY, key);
    const favorite = primary >= 0 ? primary : favoriteOf(fleet, BACKUP, key);
    if (favorite < 0 || this.#hasRoom(fleet, favorite)) return favorite;
    return this.#fallback.pick(fleet);
  }

  #hasRoom(fleet: FleetView, favorite: number): boolean {
    const load = fleet.outstanding[favorite]! + 1;
    const tier = fleet.backup[favorite]!;
    let candidates = 0;
    let total = 1;
    for (let replica = 0; replica < fleet.count; replica++) {
      if (!eligible(fleet, replica, tier)) continue;
      candidates++;
      total += fleet.outstanding[replica]!;
    }
    return load <= Math.ceil((this.#loadFactor * total) / candidates);
  }
}

/** The highest bidder among the eligible; -1 when there is none. */
function favoriteOf(fleet: FleetView, tier: number, key: number): number {
  let best = -1;
  let highest = -1;
  for (let replica = 0; replica < fleet.count; replica++) {
    if (!eligible(fleet, replica, tier)) continue;
    const score = rendezvousScore(key, replica);
    if (score <= highest) continue;
    highest = score;
    best = replica;
  }
  return best;
}
