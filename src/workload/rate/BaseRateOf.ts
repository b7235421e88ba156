import type { RateSpec } from "../TrafficSpec.ts";
import { countUpTo, perMsOf } from "./BaseRate.ts";
import type { BaseRate, LinearPiece } from "./BaseRate.ts";

/** The rate without spikes. Throws RangeError for negative rates, points out of order and days that have not 24 hours. */
export const baseRateOf = (spec: RateSpec): BaseRate => {
  switch (spec.kind) {
    case "constant":
      return new ConstantRate(perMsOf(spec.perSecond));
    case "piecewise":
      return new PiecewiseRate(spec.points, spec.interpolation === "linear");
    case "diurnal":
      return diurnalRate(spec.hourlyPerSecond, spec.startHour);
  }
};

class ConstantRate implements BaseRate {
  declare private readonly perMs: number;

  constructor(perMs: number) {
    this.perMs = perMs;
  }

  read(_fromMs: number, piece: LinearPiece): void {
    piece.endMs = Infinity;
    piece.perMs = this.perMs;
    piece.slope = 0;
  }
}

/** Holds the first value before the first point and the last value after the last one. Of two points at one time the later counts from there on. */
class PiecewiseRate implements BaseRate {
  declare private readonly atMs: ReadonlyArray<number>;
  declare private readonly perMs: ReadonlyArray<number>;
  declare private readonly linear: boolean;

  constructor(points: ReadonlyArray<{ readonly atMs: number; readonly perSecond: number }>, linear: boolean) {
    if (points.length === 0) throw new RangeError("a piecewise rate needs at least one point");
    this.atMs = points.map((point) => point.atMs);
    this.perMs = points.map((point) => perMsOf(point.perSecond));
    this.linear = linear;
    this.atMs.forEach((atMs, index) => {
      if (!Number.isFinite(atMs) || atMs < (this.atMs[index - 1] ?? -Infinity)) {
        throw new RangeError(`piecewise rate: point ${index} at ${atMs} ms is not after the point before it`);
      }
    });
  }

  read(fromMs: number, piece: LinearPiece): void {
    const after = countUpTo(this.atMs, fromMs);
    const before = Math.max(after - 1, 0);
    const last = after === this.atMs.length;
    piece.endMs = last ? Infinity : this.atMs[after]!;
    piece.perMs = this.perMs[before]!;
    piece.slope = 0;
    if (!this.linear || last || after === 0) return;
    piece.slope = (this.perMs[after]! - piece.perMs) / (piece.endMs - this.atMs[before]!);
    piece.perMs += piece.slope * (fromMs - this.atMs[before]!);
  }
}

const HOUR_MS = 3_600_000;
const HOURS = 24;

const diurnalRate = (hourlyPerSecond: ReadonlyArray<number>, startHour: number): BaseRate => {
  if (hourlyPerSecond.length !== HOURS) {
    throw new RangeError(`a diurnal rate has 24 hourly values, not ${hourlyPerSecond.length}`);
  }
  const perMs = hourlyPerSecond.map(perMsOf);
  // A day of zeros must not be searched for an arrival for ever.
  return perMs.some((rate) => rate > 0) ? new DiurnalRate(perMs, startHour) : new ConstantRate(0);
};

/** Linear between the middles of the hours, so that the mean over a day is the mean of the hourly values. */
class DiurnalRate implements BaseRate {
  declare private readonly perMs: ReadonlyArray<number>;
  declare private readonly startHour: number;

  constructor(perMs: ReadonlyArray<number>, startHour: number) {
    this.perMs = perMs;
    this.startHour = startHour;
  }

  read(fromMs: number, piece: LinearPiece): void {
    let middle = Math.floor(this.startHour + fromMs / HOUR_MS - 0.5);
    // Rounding may put a break that was just reached back into the stretch before it.
    if (this.middleMs(middle + 1) <= fromMs) middle++;
    const startMs = this.middleMs(middle);
    const perMs = this.valueAt(middle);
    piece.endMs = this.middleMs(middle + 1);
    piece.slope = (this.valueAt(middle + 1) - perMs) / HOUR_MS;
    piece.perMs = Math.max(0, perMs + piece.slope * (fromMs - startMs));
  }

  private middleMs(hour: number): number {
    return (hour + 0.5 - this.startHour) * HOUR_MS;
  }

  private valueAt(hour: number): number {
    return this.perMs[((hour % HOURS) + HOURS) % HOURS]!;
  }
}
