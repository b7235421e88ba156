import type { NginxSettings } from "./NginxPeers.ts";
import { NginxPeers } from "./NginxPeers.ts";
import type { FleetView, RouteRequest, RouterPolicy } from "./Router.ts";
import { BACKUP, PRIMARY } from "./Tier.ts";

/**
 * An nginx upstream group: smooth weighted round robin over effective weights, with passive health checks (see NginxPeers) and backups that are
 * asked only when no primary is eligible. Needs the time and `ended`. Draws nothing. O(count).
 * Source: nginx 1.31.5, ngx_http_upstream_get_peer.
 */
export class NginxRoundRobin implements RouterPolicy {
  readonly name = "nginx";
  readonly #peers: NginxPeers;

  /** Throws SettingFault. */
  constructor(settings: NginxSettings) {
    this.#peers = new NginxPeers("nginx", settings);
  }

  pick(fleet: FleetView, _request: RouteRequest, _draw: () => number, nowMs = 0): number {
    this.#peers.cover(fleet);
    const nowSeconds = Math.floor(nowMs / 1000);
    const primary = this.#turn(fleet, PRIMARY, nowSeconds);
    return primary >= 0 ? primary : this.#turn(fleet, BACKUP, nowSeconds);
  }

  ended(replica: number, how: number, _latencyMs: number, nowMs: number): void {
    this.#peers.ended(replica, how, nowMs);
  }

  reopensAtMs(nowMs: number): number {
    return this.#peers.reopensAtMs(nowMs);
  }

  #turn(fleet: FleetView, tier: number, nowSeconds: number): number {
    const peers = this.#peers;
    let total = 0;
    let best = -1;
    for (let replica = 0; replica < fleet.count; replica++) {
      if (!peers.mayPick(fleet, replica, tier, nowSeconds)) continue;
      total += peers.pass(replica);
      if (best < 0 || peers.current[replica]! > peers.current[best]!) best = replica;
    }
    return best < 0 ? -1 : peers.choose(best, total, nowSeconds);
  }
}
