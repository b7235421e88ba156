import { requireSetting } from "../SettingFault.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { RouteEnd } from "./Router.ts";
import { BACKUP, PRIMARY } from "./Tier.ts";
import { drawEligible } from "./UniformDraw.ts";

export interface EwmaSettings {
  /** Time constant: a sample's share falls by e in this time. Finagle's default is 10 s. */
  readonly decayMs: number;
  /** A latency above the estimate replaces it at once; a lower one only pulls. */
  readonly peak: boolean;
}

/** Cost of a replica without an estimate that already holds an attempt: one probe at a time, but before nobody. */
const UNKNOWN = 1e15;

/**
 * Of two available replicas, drawn uniformly, the one with the smaller latency estimate * (outstanding + 1) / weight; the estimate fades with time,
 * so a slow replica gets another try. Failures may raise an estimate, never lower it,
 * and keep it from fading, or a replica that begins to fail fast would draw all load.
 * Needs the time and `ended`. Draws. O(1) when most are available. Source: Finagle 24, PeakEwma.scala; weights and failures are added here.
 */
export class Ewma implements RouterPolicy {
  declare readonly name: "ewma" | "peakEwma";
  readonly #decayMs: number;
  readonly #peak: boolean;
  #estimateMs = new Float64Array(0);
  #stampMs = new Float64Array(0);

  /** Throws SettingFault. */
  constructor(settings: EwmaSettings) {
    this.name = settings.peak ? "peakEwma" : "ewma";
    this.#decayMs = requireSetting(`${this.name}.decayMs`, settings.decayMs, { above: 0 });
    this.#peak = settings.peak;
  }

  pick(fleet: FleetView, _request: RouteRequest, draw: () => number, nowMs = 0): number {
    if (this.#estimateMs.length < fleet.count) this.#grow(fleet.count);
    const primary = this.#ofTwo(fleet, PRIMARY, draw, nowMs);
    return primary >= 0 ? primary : this.#ofTwo(fleet, BACKUP, draw, nowMs);
  }

  ended(replica: number, how: number, latencyMs: number, nowMs: number): void {
    if (how === RouteEnd.Cancelled || replica >= this.#estimateMs.length) return;
    const known = this.#estimateMs[replica]!;
    const share = known === 0 ? 0 : Math.exp((this.#stampMs[replica]! - nowMs) / this.#decayMs);
    const faded = known * share;
    if (how === RouteEnd.Failed) this.#estimateMs[replica] = Math.max(known, latencyMs);
    else this.#estimateMs[replica] = this.#peak && latencyMs > faded ? latencyMs : faded + latencyMs * (1 - share);
    this.#stampMs[replica] = nowMs;
  }

  /** Nothing is known of a new process, whatever its predecessor did. */
  joined(replica: number): void {
    if (replica < this.#estimateMs.length) this.#estimateMs[replica] = 0;
  }

  #ofTwo(fleet: FleetView, tier: number, draw: () => number, nowMs: number): number {
    const one = drawEligible(fleet, tier, -1, draw);
    if (one < 0) return -1;
    const other = drawEligible(fleet, tier, one, draw);
    if (other < 0) return one;
    return this.#cost(fleet, other, nowMs) < this.#cost(fleet, one, nowMs) ? other : one;
  }

  #cost(fleet: FleetView, replica: number, nowMs: number): number {
    const outstanding = fleet.outstanding[replica]!;
    const estimate = this.#faded(replica, nowMs);
    if (estimate === 0 && outstanding > 0) return UNKNOWN + outstanding;
    return (estimate * (outstanding + 1)) / fleet.weight[replica]!;
  }

  #faded(replica: number, nowMs: number): number {
    const estimate = this.#estimateMs[replica]!;
    return estimate === 0 ? 0 : estimate * Math.exp((this.#stampMs[replica]! - nowMs) / this.#decayMs);
  }

  #grow(count: number): void {
    const estimates = new Float64Array(count);
    const stamps = new Float64Array(count);
    estimates.set(this.#estimateMs);
    stamps.set(this.#stampMs);
    this.#estimateMs = estimates;
    this.#stampMs = stamps;
  }
}
