import { requireSetting } from "../SettingFault.ts";
import { MaskedView } from "./MaskedView.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";

export interface SlowStartSettings {
  /** How long a replica that joined gets less than its share. */
  readonly windowMs: number;
  /** Its share grows as (elapsed / window)^(1 / aggression): 1 is a straight line, more rises faster at first. */
  readonly aggression: number;
  /** Share at the start, 0..1. Envoy's default is 0.1. */
  readonly minimumRatio: number;
}

/**
 * Lets replicas that joined warm up, whatever router is inside: with each pick such a replica earns (growing share * its share of the fleet's weight),
 * and it may be chosen only with a full credit, which the choice costs. So it never gets more than its growing share, also from routers that would
 * send everything to an empty newcomer. When nobody else is available it is chosen all the same.
 * Needs the time and `joined`. O(1) on top of the inner router while nobody warms up, else O(count).
 * Source of the curve: Envoy 1.36, slow start mode; the credit is this project's, since weights alone do not hold back least outstanding.
 */
export class SlowStart implements RouterPolicy {
  declare readonly name: string;
  readonly #inner: RouterPolicy;
  readonly #settings: SlowStartSettings;
  readonly #view = new MaskedView();
  /** NaN: not warming up. */
  #joinedAtMs = new Float64Array(0);
  #credit = new Float64Array(0);
  #warming = 0;

  /** Throws SettingFault. */
  constructor(inner: RouterPolicy, settings: SlowStartSettings) {
    requireSetting("slowStart.windowMs", settings.windowMs, { above: 0 });
    requireSetting("slowStart.aggression", settings.aggression, { above: 0 });
    requireSetting("slowStart.minimumRatio", settings.minimumRatio, { above: 0, most: 1 });
    this.name = inner.name;
    this.#inner = inner;
    this.#settings = settings;
  }

  pick(fleet: FleetView, request: RouteRequest, draw: () => number, nowMs = 0): number {
    if (this.#warming === 0) return this.#inner.pick(fleet, request, draw, nowMs);
    this.#view.copy(fleet);
    this.#earn(fleet, nowMs);
    const chosen = this.#inner.pick(this.#view, request, draw, nowMs);
    if (fleet.backup[chosen] === 0) return this.#charge(chosen);
    // Nobody but newcomers, or only a backup: a newcomer comes before a backup, and before nobody.
    return this.#charge(this.#inner.pick(fleet, request, draw, nowMs));
  }

  sent(replica: number, nowMs: number): void {
    this.#inner.sent?.(replica, nowMs);
  }

  ended(replica: number, how: number, latencyMs: number, nowMs: number): void {
    this.#inner.ended?.(replica, how, latencyMs, nowMs);
  }

  joined(replica: number, nowMs: number): void {
    if (replica >= this.#joinedAtMs.length) this.#grow(replica + 1);
    if (!(this.#joinedAtMs[replica]! >= 0)) this.#warming++;
    this.#joinedAtMs[replica] = nowMs;
    this.#credit[replica] = 0;
    this.#inner.joined?.(replica, nowMs);
  }

  reopensAtMs(nowMs: number): number {
    return this.#inner.reopensAtMs?.(nowMs) ?? Infinity;
  }

  /** The share of its share that a newcomer gets now, minimumRatio..1. */
  #growth(replica: number, nowMs: number): number {
    const { windowMs, aggression, minimumRatio } = this.#settings;
    const elapsed = (nowMs - this.#joinedAtMs[replica]!) / windowMs;
    return Math.max(minimumRatio, Math.min(1, elapsed) ** (1 / aggression));
  }

  #earn(fleet: FleetView, nowMs: number): void {
    let total = 0;
    for (let replica = 0; replica < fleet.count; replica++) total += fleet.available[replica]! * fleet.weight[replica]!;
    const known = Math.min(fleet.count, this.#joinedAtMs.length);
    for (let replica = 0; replica < known; replica++) {
      if (this.#joinedAtMs[replica]! >= 0 && fleet.available[replica] === 1) this.#earnOne(fleet, replica, total, nowMs);
    }
  }

  #earnOne(fleet: FleetView, replica: number, total: number, nowMs: number): void {
    const growth = this.#growth(replica, nowMs);
    if (growth === 1) {
      this.#joinedAtMs[replica] = NaN;
      this.#warming--;
      return;
    }
    const earned = (growth * fleet.weight[replica]!) / total;
    // What is above 1 stays after the choice, so shares that do not divide 1 come out right.
    const credit = Math.min(1 + earned, this.#credit[replica]! + earned);
    this.#credit[replica] = credit;
    if (credit < 1) this.#view.available[replica] = 0;
  }

  #charge(chosen: number): number {
    // Who does not warm up has no credit to lose, and nobody (-1) no entry.
    this.#credit[chosen] = Math.max(0, this.#credit[chosen]! - 1);
    return chosen;
  }

  #grow(count: number): void {
    const joinedAtMs = new Float64Array(count).fill(NaN);
    const credit = new Float64Array(count);
    joinedAtMs.set(this.#joinedAtMs);
    credit.set(this.#credit);
    this.#joinedAtMs = joinedAtMs;
    this.#credit = credit;
  }
}
