import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { BACKUP, PRIMARY } from "./Tier.ts";
import { drawEligible } from "./UniformDraw.ts";

/**
 * Of two different available replicas, drawn uniformly, the one with fewer outstanding attempts. A tie goes to the one
 * drawn first, which is as fair as one more draw. Weights do not count. O(1) when most are available. Source: Mitzenmacher 2001, "The power of two choices in randomized load balancing".
 */
export class PowerOfTwo implements RouterPolicy {
  readonly name = "powerOfTwo";

  pick(fleet: FleetView, _request: RouteRequest, draw: () => number): number {
    const primary = pickOfTwo(fleet, PRIMARY, draw);
    return primary >= 0 ? primary : pickOfTwo(fleet, BACKUP, draw);
  }
}

function pickOfTwo(fleet: FleetView, tier: number, draw: () => number): number {
  const one = drawEligible(fleet, tier, -1, draw);
  if (one < 0) return -1;
  const other = drawEligible(fleet, tier, one, draw);
  if (other < 0) return one;
  return fleet.outstanding[other]! < fleet.outstanding[one]! ? other : one;
}
