import type { NginxSettings } from "./NginxPeers.ts";
import { NginxPeers } from "./NginxPeers.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { BACKUP, PRIMARY } from "./Tier.ts";

/**
 * nginx `least_conn`: the fewest outstanding attempts per weight; the tied take turns by smooth weighted round robin among themselves.
 * Failures and backups as in NginxRoundRobin. Needs the time and `ended`. Draws nothing. O(count).
 * Source: nginx 1.31.5, ngx_http_upstream_least_conn_module.c.
 */
export class LeastConnections implements RouterPolicy {
  readonly name = "leastConnections";
  readonly #peers: NginxPeers;

  /** Throws SettingFault. */
  constructor(settings: NginxSettings) {
    this.#peers = new NginxPeers("leastConnections", settings);
  }

  pick(fleet: FleetView, _request: RouteRequest, _draw: () => number, nowMs = 0): number {
    this.#peers.cover(fleet);
    const nowSeconds = Math.floor(nowMs / 1000);
    const primary = this.#least(fleet, PRIMARY, nowSeconds);
    return primary >= 0 ? primary : this.#least(fleet, BACKUP, nowSeconds);
  }

  ended(replica: number, how: number, _latencyMs: number, nowMs: number): void {
    this.#peers.ended(replica, how, nowMs);
  }

  reopensAtMs(nowMs: number): number {
    return this.#peers.reopensAtMs(nowMs);
  }

  #least(fleet: FleetView, tier: number, nowSeconds: number): number {
    let best = -1;
    let tied = false;
    for (let replica = 0; replica < fleet.count; replica++) {
      if (!this.#peers.mayPick(fleet, replica, tier, nowSeconds)) continue;
      const order = best < 0 ? -1 : compareLoads(fleet, replica, best);
      if (order > 0) continue;
      tied = order === 0;
      if (!tied) best = replica;
    }
    if (best < 0) return -1;
    return tied ? this.#turnAmong(fleet, tier, best, nowSeconds) : this.#peers.choose(best, 0, nowSeconds);
  }

  #turnAmong(fleet: FleetView, tier: number, first: number, nowSeconds: number): number {
    const peers = this.#peers;
    let total = 0;
    let best = first;
    for (let replica = first; replica < fleet.count; replica++) {
      if (!peers.mayPick(fleet, replica, tier, nowSeconds) || compareLoads(fleet, replica, first) !== 0) continue;
      total += peers.pass(replica);
      if (peers.current[replica]! > peers.current[best]!) best = replica;
    }
    return peers.choose(best, total, nowSeconds);
  }
}

/** Below 0 when `one` holds fewer attempts per weight than `other`, 0 when as many. */
function compareLoads(fleet: FleetView, one: number, other: number): number {
  return fleet.outstanding[one]! * fleet.weight[other]! - fleet.outstanding[other]! * fleet.weight[one]!;
}
