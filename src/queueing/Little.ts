import { requireNonNegative, requirePositive } from "./Domain.ts";

/** Mean number present from throughput and mean time spent: L = lambda W. Source: Little 1961, "A proof for the queuing formula L = lambda W". */
export function littleNumber(flow: { readonly throughputPerSecond: number; readonly meanMs: number }): number {
  requireNonNegative("littleNumber.throughputPerSecond", flow.throughputPerSecond);
  requireNonNegative("littleNumber.meanMs", flow.meanMs);
  return (flow.throughputPerSecond * flow.meanMs) / 1000;
}

/** Mean time spent from mean number present and throughput (> 0): W = L / lambda, in ms. Source: Little 1961. */
export function littleMeanMs(flow: { readonly numberMean: number; readonly throughputPerSecond: number }): number {
  requireNonNegative("littleMeanMs.numberMean", flow.numberMean);
  requirePositive("littleMeanMs.throughputPerSecond", flow.throughputPerSecond);
  return (flow.numberMean / flow.throughputPerSecond) * 1000;
}
