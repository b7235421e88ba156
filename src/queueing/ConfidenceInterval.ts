import { requireDomain, requireProbability } from "./Domain.ts";
import { studentTQuantile } from "./StudentT.ts";

/** Two-sided interval for the mean of independent replications; low = mean - halfWidth, high = mean + halfWidth. */
export interface ConfidenceInterval {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation, n - 1 in the denominator. */
  readonly deviation: number;
  readonly halfWidth: number;
  readonly low: number;
  readonly high: number;
  /** Coverage, 0..1. */
  readonly level: number;
}

/**
 * Student interval over one value per independent replication; 0.95 unless told. Throws RangeError below two values or on a value that is not finite.
 * Source: Law 2015, Simulation Modeling and Analysis, 5th ed., equation 4.12.
 */
export function confidenceInterval(values: ArrayLike<number>, level = 0.95): ConfidenceInterval {
  const count = values.length;
  requireDomain(count >= 2, {
    place: "confidenceInterval.values",
    value: count,
    constraint: "must hold at least 2 replications",
  });
  requireProbability("confidenceInterval.level", level);
  const mean = meanOf(values);
  const deviation = Math.sqrt(squaredDistance(values, mean) / (count - 1));
  const halfWidth = (studentTQuantile((1 + level) / 2, count - 1) * deviation) / Math.sqrt(count);
  return {
    count,
    mean,
    deviation,
    halfWidth,
    low: mean - halfWidth,
    high: mean + halfWidth,
    level,
  };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    requireDomain(Number.isFinite(value), {
      place: `confidenceInterval.values[${i}]`,
      value,
      constraint: "must be finite",
    });
    sum += value;
  }
  return sum / values.length;
}

function squaredDistance(values: ArrayLike<number>, mean: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return sum;
}
