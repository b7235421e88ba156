import type { Streams, UnitSource } from "../kernel/Streams.ts";
import { exponential } from "../kernel/Sampler.ts";
import type { Sampler } from "../kernel/Sampler.ts";
import { MmppRate } from "./rate/MmppRate.ts";
import { RateCurve } from "./rate/RateCurve.ts";
import { RateCursor } from "./rate/RateCursor.ts";
import { Surges } from "./rate/Surges.ts";
import { RenewalGaps } from "./RenewalGaps.ts";
import type { ArrivalSpec, SpikeSpec } from "./TrafficSpec.ts";

/** Arrivals that do not wait for completions. */
export type OpenArrivalSpec = Exclude<ArrivalSpec, { readonly kind: "closed" }>;

/** The stream path of a traffic class. */
export const classPath = (name: string): string => `traffic/${name}`;

/**
 * The times of an open-loop process with its spikes: gaps of unit rate in operational time, mapped to ms through the
 * inverse of the rate's integral. Streams: "gap", and "state" for the chain of an MMPP.
 */
export class ArrivalTimes {
  declare private readonly cursor: RateCursor;
  declare private readonly source: UnitSource;
  declare private readonly gaps: { next(source: UnitSource): number };

  /** `path` names the streams. Throws RangeError for a process that cannot be. */
  constructor(spec: OpenArrivalSpec, spikes: ReadonlyArray<SpikeSpec>, streams: Streams, path: string) {
    this.source = streams.open(path, "gap").sequence();
    if (spec.kind === "mmpp") {
      const base = new MmppRate(spec.states, streams.open(path, "state").sequence());
      this.cursor = new RateCursor(base, new Surges(spikes));
      this.gaps = new PoissonGaps();
    } else {
      this.cursor = new RateCurve(spec.rate, spikes).cursor();
      this.gaps = new RenewalGaps(spec);
    }
  }

  /** The next time in ms, not before the last; Infinity when the rate stays at 0. */
  next(): number {
    return this.cursor.advance(this.gaps.next(this.source));
  }
}

class PoissonGaps {
  private readonly gaps: Sampler = exponential(1);

  next(source: UnitSource): number {
    return this.gaps.sample(source);
  }
}
