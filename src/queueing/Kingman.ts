import { requireNonNegative, requirePositive, requireSteadyState } from "./Domain.ts";

/** GI/G/1 by the first two moments of gaps and service. Variances in ms^2. */
export interface GeneralLoad {
  readonly gapMeanMs: number;
  readonly gapVarianceMs2: number;
  readonly serviceMeanMs: number;
  readonly serviceVarianceMs2: number;
}

function utilizationOf(place: string, load: GeneralLoad): number {
  requirePositive(`${place}.gapMeanMs`, load.gapMeanMs);
  requirePositive(`${place}.serviceMeanMs`, load.serviceMeanMs);
  requireNonNegative(`${place}.gapVarianceMs2`, load.gapVarianceMs2);
  requireNonNegative(`${place}.serviceVarianceMs2`, load.serviceVarianceMs2);
  const utilization = load.serviceMeanMs / load.gapMeanMs;
  requireSteadyState(place, utilization);
  return utilization;
}

/**
 * Mean queue wait of GI/G/1, approximately: rho / (1 - rho) (ca^2 + cs^2) / 2 S, exact for M/G/1, and as rho tends to 1.
 * Throws RangeError at utilization >= 1. Source: Kingman 1961, "The single server queue in heavy traffic".
 */
export function kingmanWaitMs(load: GeneralLoad): number {
  const utilization = utilizationOf("kingmanWaitMs", load);
  const variability = load.gapVarianceMs2 / load.gapMeanMs ** 2 + load.serviceVarianceMs2 / load.serviceMeanMs ** 2;
  return (utilization / (1 - utilization)) * (variability / 2) * load.serviceMeanMs;
}

/**
 * Upper bound on the mean queue wait of every GI/G/1: lambda (va + vs) / (2 (1 - rho)), v the variances of gaps and service.
 * Throws RangeError at utilization >= 1. Source: Kingman 1962, "Some inequalities for the queue GI/G/1"; Kleinrock 1976, vol. II, chapter 2.
 */
export function kingmanBoundMs(load: GeneralLoad): number {
  const utilization = utilizationOf("kingmanBoundMs", load);
  return (load.gapVarianceMs2 + load.serviceVarianceMs2) / (load.gapMeanMs * 2 * (1 - utilization));
}
