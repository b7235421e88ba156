import type { FleetView, RouterPolicy } from "./Router.ts";
import { BACKUP, eligible, PRIMARY } from "./Tier.ts";

/**
 * nginx's smooth weighted round robin: each pick adds its weight to every eligible replica's current value, takes the largest (the first
 * on ties), and takes the total weight off the chosen. In each run of (sum of weights) picks, replica i is chosen weight(i) times, evenly spread.
 * Unavailable replicas keep their current value. Draws nothing. O(count). The weights of a fleet must sum to less than 2^30.
 * Source: nginx 1.31.5, ngx_http_upstream_round_robin.c, ngx_http_upstream_get_peer; effective weights (slow return after failures) are left out.
 */
export class Weighted implements RouterPolicy {
  readonly name = "weighted";
  #current = new Int32Array(0);

  pick(fleet: FleetView): number {
    if (this.#current.length < fleet.count) this.#grow(fleet.count);
    const primary = this.#turn(fleet, PRIMARY);
    return primary >= 0 ? primary : this.#turn(fleet, BACKUP);
  }

  #turn(fleet: FleetView, tier: number): number {
    const current = this.#current;
    let total = 0;
    let best = -1;
    let largest = -Infinity;
    for (let replica = 0; replica < fleet.count; replica++) {
      if (!eligible(fleet, replica, tier)) continue;
      const weight = fleet.weight[replica]!;
      const value = current[replica]! + weight;
      current[replica] = value;
      total += weight;
      if (value <= largest) continue;
      largest = value;
      best = replica;
    }
    if (best >= 0) current[best] = largest - total;
    return best;
  }

  /** A fleet that grew: newcomers start at 0, as in nginx. */
  #grow(count: number): void {
    const wider = new Int32Array(count);
    wider.set(this.#current);
    this.#current = wider;
  }
}
