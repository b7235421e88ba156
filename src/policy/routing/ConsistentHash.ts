import { requireSetting } from "../SettingFault.ts";
import { LeastOutstanding } from "./LeastOutstanding.ts";
import { prefixKey, rendezvousScore } from "./RendezvousHash.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { BACKUP, eligible, PRIMARY } from "./Tier.ts";

export interface ConsistentHashSettings {
  /** >= 1, Infinity for no bound. */
  readonly loadFactor: number;
  /** Points on the ring per replica and unit of weight. */
  readonly virtualNodes: number;
}

/** A ring point packs its place and its owner into one double: 32 bits of place above 20 bits of replica. */
const OWNERS = 2 ** 20;

/**
 * Consistent hashing with bounded loads: the next replica on a ring, from the place of the prompt's prefix, that holds less than
 * loadFactor * (its share by weight of all outstanding attempts, this one included), rounded up. Without a prefix the least outstanding replica.
 * Draws nothing. O(count + log(points)) while few are full; the ring is built again when count or weights change.
 * Source: Mirrokni, Thorup, Zadimoghaddam 2018, "Consistent hashing with bounded loads".
 */
export class ConsistentHash implements RouterPolicy {
  readonly name = "consistentHash";
  readonly #loadFactor: number;
  readonly #virtualNodes: number;
  readonly #fallback = new LeastOutstanding();
  #ring = new Float64Array(0);
  #weights = new Int32Array(0);
  #held = 0;
  #totalWeight = 0;

  /** Throws SettingFault. */
  constructor(settings: ConsistentHashSettings) {
    this.#loadFactor = requireSetting("consistentHash.loadFactor", settings.loadFactor, { least: 1, unbounded: true });
    this.#virtualNodes = requireSetting("consistentHash.virtualNodes", settings.virtualNodes, { least: 1, most: 4096, whole: true });
  }

  pick(fleet: FleetView, request: RouteRequest): number {
    if (request.prefixHash === 0) return this.#fallback.pick(fleet);
    this.#follow(fleet);
    const place = prefixKey(request.prefixHash) >>> 0;
    const primary = this.#walk(fleet, PRIMARY, place);
    return primary >= 0 ? primary : this.#walk(fleet, BACKUP, place);
  }

  #walk(fleet: FleetView, tier: number, place: number): number {
    this.#survey(fleet, tier);
    if (this.#totalWeight === 0) return -1;
    const points = this.#ring.length;
    let at = this.#firstAt(place);
    for (let step = 0; step < points; step++) {
      if (at === points) at = 0;
      const replica = this.#ring[at++]! % OWNERS;
      if (eligible(fleet, replica, tier) && fleet.outstanding[replica]! < this.#most(replica)) return replica;
    }
    return -1;
  }

  #most(replica: number): number {
    return Math.ceil((this.#loadFactor * (this.#held + 1) * this.#weights[replica]!) / this.#totalWeight);
  }

  #survey(fleet: FleetView, tier: number): void {
    let held = 0;
    let totalWeight = 0;
    for (let replica = 0; replica < fleet.count; replica++) {
      if (!eligible(fleet, replica, tier)) continue;
      held += fleet.outstanding[replica]!;
      totalWeight += fleet.weight[replica]!;
    }
    this.#held = held;
    this.#totalWeight = totalWeight;
  }

  /** The first point at or after a place; the number of points when there is none. */
  #firstAt(place: number): number {
    const sought = place * OWNERS;
    let low = 0;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ring[middle]! < sought) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #follow(fleet: FleetView): void {
    let same = this.#weights.length === fleet.count;
    for (let replica = 0; same && replica < fleet.count; replica++) same = this.#weights[replica] === fleet.weight[replica];
    if (!same) this.#build(fleet);
  }

  #build(fleet: FleetView): void {
    this.#weights = Int32Array.from(fleet.weight.subarray(0, fleet.count));
    const points = this.#weights.reduce((sum, weight) => sum + weight * this.#virtualNodes, 0);
    const ring = new Float64Array(points);
    let next = 0;
    for (let replica = 0; replica < fleet.count; replica++) {
      for (let node = 0; node < this.#weights[replica]! * this.#virtualNodes; node++) {
        ring[next++] = (rendezvousScore(rendezvousScore(node, 0), replica) >>> 0) * OWNERS + replica;
      }
    }
    this.#ring = ring.toSorted();
  }
}
