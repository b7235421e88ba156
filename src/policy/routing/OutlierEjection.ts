import { requireSetting } from "../SettingFault.ts";
import { MaskedView } from "./MaskedView.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { RouteEnd } from "./Router.ts";

/** Envoy's defaults are 5 failures, 10 s, 30 s, 300 s, 0.1 and 0.5. */
export interface OutlierSettings {
  readonly consecutiveFailures: number;
  /** Ejected replicas come back at multiples of this time only. */
  readonly sweepMs: number;
  /** The first ejection's length; the n-th in close succession lasts n times as long. */
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** Share of the fleet that may be out at once, but always one of several replicas, and never the last. */
  readonly maxEjectedRatio: number;
  /** With a smaller share in, ejections are ignored; 0 never ignores them. */
  readonly panicRatio: number;
}

/**
 * Hides replicas that failed several times in a row from the router inside. An ejection lasts until the first sweep after its time; each sweep that
 * finds a replica in shortens its next ejection by one base time. Attempts that end while their replica is out count for nothing.
 * Needs the time and `ended`; draws what the inner router draws. O(1) on top of it while nobody is out, else O(count).
 * Source: Envoy 1.36, outlier detection; the cap counts the replica to be ejected, so three replicas at 67 % never lose all three.
 */
export class OutlierEjection implements RouterPolicy {
  declare readonly name: string;
  readonly #inner: RouterPolicy;
  readonly #settings: OutlierSettings;
  readonly #view = new MaskedView();
  #failures = new Int32Array(0);
  #times = new Int32Array(0);
  /** NaN: in. */
  #ejectedAtMs = new Float64Array(0);
  #out = 0;
  #count = 0;
  #sweeps = 0;

  /** Throws SettingFault. */
  constructor(inner: RouterPolicy, settings: OutlierSettings) {
    requireSetting("outlierEjection.consecutiveFailures", settings.consecutiveFailures, { least: 1, most: 2 ** 30, whole: true });
    requireSetting("outlierEjection.sweepMs", settings.sweepMs, { above: 0 });
    requireSetting("outlierEjection.baseEjectionMs", settings.baseEjectionMs, { above: 0 });
    requireSetting("outlierEjection.maxEjectionMs", settings.maxEjectionMs, { least: settings.baseEjectionMs });
    requireSetting("outlierEjection.maxEjectedRatio", settings.maxEjectedRatio, { least: 0, most: 1 });
    requireSetting("outlierEjection.panicRatio", settings.panicRatio, { least: 0, most: 1 });
    this.name = inner.name;
    this.#inner = inner;
    this.#settings = settings;
  }

  /** Replicas that are out as of the last call. */
  get ejected(): number {
    return this.#out;
  }

  pick(fleet: FleetView, request: RouteRequest, draw: () => number, nowMs = 0): number {
    this.#count = fleet.count;
    if (this.#failures.length < fleet.count) this.#grow(fleet.count);
    this.#sweep(nowMs);
    if (this.#out === 0 || this.#panics(fleet.count)) return this.#inner.pick(fleet, request, draw, nowMs);
    this.#view.copy(fleet);
    for (let replica = 0; replica < fleet.count; replica++) if (this.#isOut(replica)) this.#view.available[replica] = 0;
    return this.#inner.pick(this.#view, request, draw, nowMs);
  }

  sent(replica: number, nowMs: number): void {
    this.#inner.sent?.(replica, nowMs);
  }

  ended(replica: number, how: number, latencyMs: number, nowMs: number): void {
    this.#inner.ended?.(replica, how, latencyMs, nowMs);
    this.#sweep(nowMs);
    if (how === RouteEnd.Cancelled || replica >= this.#failures.length || this.#isOut(replica)) return;
    if (how === RouteEnd.Completed) this.#failures[replica] = 0;
    else if (++this.#failures[replica]! >= this.#settings.consecutiveFailures && this.#mayEject()) this.#eject(replica, nowMs);
  }

  /** A replica that was started anew has failed nobody yet. */
  joined(replica: number, nowMs: number): void {
    this.#sweep(nowMs);
    if (replica < this.#failures.length) {
      if (this.#isOut(replica)) this.#out--;
      this.#ejectedAtMs[replica] = NaN;
      this.#failures[replica] = 0;
      this.#times[replica] = 0;
    }
    this.#inner.joined?.(replica, nowMs);
  }

  reopensAtMs(nowMs: number): number {
    let earliest = this.#inner.reopensAtMs?.(nowMs) ?? Infinity;
    for (let replica = 0; replica < this.#failures.length; replica++) {
      if (this.#isOut(replica)) earliest = Math.min(earliest, this.#returnSweep(replica) * this.#settings.sweepMs);
    }
    return earliest;
  }

  #isOut(replica: number): boolean {
    return this.#ejectedAtMs[replica]! >= 0;
  }

  #panics(count: number): boolean {
    return count - this.#out < this.#settings.panicRatio * count;
  }

  #mayEject(): boolean {
    const most = Math.max(1, Math.floor(this.#settings.maxEjectedRatio * this.#count));
    return this.#out + 1 <= Math.min(most, this.#count - 1);
  }

  #eject(replica: number, nowMs: number): void {
    this.#ejectedAtMs[replica] = nowMs;
    this.#times[replica]!++;
    this.#out++;
  }

  /** Number of the first sweep at or after the end of the ejection. */
  #returnSweep(replica: number): number {
    const { baseEjectionMs, maxEjectionMs, sweepMs } = this.#settings;
    const lengthMs = Math.min(baseEjectionMs * this.#times[replica]!, maxEjectionMs);
    return Math.ceil((this.#ejectedAtMs[replica]! + lengthMs) / sweepMs);
  }

  /** Catches up with the sweeps up to now, all at once: sweep k happens at k * sweepMs. */
  #sweep(nowMs: number): void {
    const due = Math.floor(nowMs / this.#settings.sweepMs);
    if (due <= this.#sweeps) return;
    for (let replica = 0; replica < this.#failures.length; replica++) {
      if (this.#isOut(replica)) this.#returnBy(replica, due);
      else this.#calm(replica, due - this.#sweeps);
    }
    this.#sweeps = due;
  }

  #returnBy(replica: number, due: number): void {
    const sweep = this.#returnSweep(replica);
    if (sweep > due) return;
    this.#ejectedAtMs[replica] = NaN;
    this.#failures[replica] = 0;
    this.#out--;
    this.#calm(replica, due - sweep);
    this.#inner.joined?.(replica, sweep * this.#settings.sweepMs);
  }

  #calm(replica: number, sweeps: number): void {
    this.#times[replica] = Math.max(0, this.#times[replica]! - sweeps);
  }

  #grow(count: number): void {
    const failures = new Int32Array(count);
    const times = new Int32Array(count);
    const ejectedAtMs = new Float64Array(count).fill(NaN);
    failures.set(this.#failures);
    times.set(this.#times);
    ejectedAtMs.set(this.#ejectedAtMs);
    this.#failures = failures;
    this.#times = times;
    this.#ejectedAtMs = ejectedAtMs;
  }
}
