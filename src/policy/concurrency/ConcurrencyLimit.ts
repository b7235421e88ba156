import { LeaseRing } from "../LeaseRing.ts";
import { durationMicros, microsOf } from "../Micros.ts";
import { PolicyFault } from "../PolicyFault.ts";
import { requireSetting } from "../SettingFault.ts";

export interface ConcurrencySettings {
  /** Weight in flight at once, over all tenants. */
  readonly limit: number;
  /** Tenants are numbers from 0 on. */
  readonly tenants: number;
  /** Weight in flight of one tenant; `limit` by default. */
  readonly perTenant?: number;
  /** A holder that did not release by then has lost its permit. */
  readonly leaseMs: number;
  /** Permits that are out at once, a bound of memory. */
  readonly maxPermits: number;
}

/** Bounds what is in flight, in all and per tenant. Each permit ends once: by its release, or by its lease. O(1) on average, no allocation. */
export class ConcurrencyLimit {
  readonly name = "concurrency";
  readonly #leases: LeaseRing;
  readonly #weights: Float64Array;
  readonly #tenants: Int32Array;
  readonly #used: Float64Array;
  #limit: number;
  #perTenant: number;
  #inFlight = 0;
  #nowUs = -Infinity;
  #expired = 0;

  /** Throws SettingFault. */
  constructor(settings: ConcurrencySettings) {
    this.#limit = requireLimit("concurrency.limit", settings.limit);
    this.#perTenant = requireLimit("concurrency.perTenant", settings.perTenant ?? settings.limit);
    const slots = requireSetting("concurrency.maxPermits", settings.maxPermits, { least: 1, most: 2 ** 22, whole: true });
    this.#leases = new LeaseRing(slots, durationMicros("concurrency.leaseMs", settings.leaseMs));
    this.#weights = new Float64Array(slots);
    this.#tenants = new Int32Array(slots);
    this.#used = new Float64Array(requireSetting("concurrency.tenants", settings.tenants, { least: 1, most: 2 ** 20, whole: true }));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Permits that ended by their lease. */
  get expired(): number {
    return this.#expired;
  }

  /** A permit, 0 or more; -1: no room. Throws PolicyFault when the weight is no whole number above 0 or the tenant is unknown. */
  acquire(tenant: number, weight: number, nowMs: number): number {
    if (!(Number.isSafeInteger(weight) && weight > 0)) throw new PolicyFault("concurrency.weight", "a whole number > 0", weight);
    const used = this.#used[tenant];
    if (used === undefined) throw new PolicyFault("concurrency.tenant", `a whole number from 0 to ${this.#used.length - 1}`, tenant);
    this.#expire(nowMs);
    if (this.#inFlight + weight > this.#limit || this.#used[tenant]! + weight > this.#perTenant) return -1;
    const permit = this.#leases.issue(this.#nowUs);
    if (permit < 0) return -1;
    const slot = this.#leases.slot(permit);
    this.#weights[slot] = weight;
    this.#tenants[slot] = tenant;
    this.#inFlight += weight;
    this.#used[tenant]! += weight;
    return permit;
  }

  /** False when the permit had ended; then nothing changes. */
  release(permit: number, nowMs: number): boolean {
    this.#expire(nowMs);
    if (!this.#leases.end(permit)) return false;
    this.#giveBack(permit);
    return true;
  }

  /** From now on; what is in flight above a lower limit goes on. Throws SettingFault. */
  reconfigure(limit: number, perTenant: number): void {
    requireLimit("concurrency.limit", limit);
    this.#perTenant = requireLimit("concurrency.perTenant", perTenant);
    this.#limit = limit;
  }

  #expire(nowMs: number): void {
    this.#nowUs = Math.max(this.#nowUs, microsOf(nowMs));
    for (let permit = this.#leases.expired(this.#nowUs); permit >= 0; permit = this.#leases.expired(this.#nowUs)) {
      this.#giveBack(permit);
      this.#expired++;
    }
  }

  #giveBack(permit: number): void {
    const slot = this.#leases.slot(permit);
    this.#inFlight -= this.#weights[slot]!;
    this.#used[this.#tenants[slot]!]! -= this.#weights[slot]!;
  }
}

function requireLimit(setting: string, limit: number): number {
  return requireSetting(setting, limit, { least: 1, most: 2 ** 40, whole: true });
}
