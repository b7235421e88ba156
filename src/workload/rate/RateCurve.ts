import type { RateSpec, SpikeSpec } from "../TrafficSpec.ts";
import type { BaseRate, LinearPiece } from "./BaseRate.ts";
import { baseRateOf } from "./BaseRateOf.ts";
import { RateCursor } from "./RateCursor.ts";
import { Surges } from "./Surges.ts";

/** A rate over time with its spikes, from time 0 on. */
export class RateCurve {
  declare private readonly base: BaseRate;
  declare private readonly surges: Surges;

  /** Throws RangeError for a rate or a spike that cannot be. */
  constructor(rate: RateSpec, spikes: ReadonlyArray<SpikeSpec> = []) {
    this.base = baseRateOf(rate);
    this.surges = new Surges(spikes);
  }

  /** Arrivals per second at a time. */
  perSecondAt(ms: number): number {
    const piece: LinearPiece = { endMs: 0, perMs: 0, slope: 0 };
    this.base.read(ms, piece);
    return 1000 * (piece.perMs * this.surges.factorAt(ms) + this.surges.extraPerMs(ms));
  }

  /** Expected arrivals in 0..ms. Cost: one step per break of the curve. */
  cumulative(ms: number): number {
    return this.cursor().integralTo(ms);
  }

  /** The earliest time by which so many arrivals are expected, Infinity if never. */
  inverse(arrivals: number): number {
    return this.cursor().advance(arrivals);
  }

  /** A walk along the curve; cheaper than inverse() for times that rise. */
  cursor(fromMs = 0): RateCursor {
    return new RateCursor(this.base, this.surges, fromMs);
  }
}
