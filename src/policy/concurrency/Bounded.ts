import { requireSetting } from "../SettingFault.ts";
import type { LimitRange } from "./AdaptiveLimit.ts";

/** Throws SettingFault. */
export function requireRange(limit: string, range: LimitRange): void {
  requireSetting(`${limit}.min`, range.min, { least: 1, most: 1e6, whole: true });
  requireSetting(`${limit}.max`, range.max, { least: range.min, most: 1e6, whole: true });
  requireSetting(`${limit}.initial`, range.initial, { least: range.min, most: range.max, whole: true });
}

export function bounded(limit: number, range: LimitRange): number {
  return Math.min(range.max, Math.max(range.min, limit));
}

/** A latency that can be computed with: finite and not negative. */
export function isLatency(latencyMs: number): boolean {
  return latencyMs >= 0 && latencyMs < Infinity;
}
