import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { BACKUP, PRIMARY } from "./Tier.ts";
import { drawEligible } from "./UniformDraw.ts";

/** Any available replica with the same probability: splits Poisson arrivals into independent Poisson streams. Draws. O(1) when most are available. */
export class RandomChoice implements RouterPolicy {
  readonly name = "random";

  pick(fleet: FleetView, _request: RouteRequest, draw: () => number): number {
    const primary = drawEligible(fleet, PRIMARY, -1, draw);
    return primary >= 0 ? primary : drawEligible(fleet, BACKUP, -1, draw);
  }
}
