import type { Column } from "../../kernel/SlotPool.ts";
import { MaskedView } from "../../policy/routing/MaskedView.ts";
import type { FleetView } from "../../policy/routing/Router.ts";
import type { Attempts } from "../Attempts.ts";
import type { FleetService } from "../Fleet.ts";

/** Keeps attempts that get a smaller model on its pools, and all others off them. */
export class PoolTargets {
  /** Target 0 is all other pools, target n the n-th of these. */
  declare readonly count: number;
  declare private readonly fleet: FleetService;
  declare private readonly pools: Int32Array;
  declare private readonly chosen: Column<Int32Array>;
  private readonly masked = new MaskedView();

  constructor(pools: ReadonlyArray<string>, fleet: FleetService, attempts: Attempts) {
    this.fleet = fleet;
    this.pools = Int32Array.from(pools, (name) => fleet.pools.findIndex((pool) => pool.name === name));
    this.count = pools.length + 1;
    this.chosen = attempts.int32();
  }

  /** Number of a target; 0 for no pool in particular. */
  choose(attempt: number, target: number): void {
    this.chosen.at[attempt] = target;
  }

  of(attempt: number): number {
    return this.chosen.at[attempt]!;
  }

  /** The fleet as the attempt may use it; valid until the next call. */
  view(attempt: number, fleet: FleetView): FleetView {
    const { masked, pools } = this;
    const target = this.of(attempt);
    masked.copy(fleet);
    for (let replica = 0; replica < fleet.count; replica++) {
      const of = pools.indexOf(this.fleet.poolOf[replica]!) + 1;
      if (of !== target) masked.available[replica] = 0;
    }
    return masked;
  }
}
