import { requireSetting } from "../SettingFault.ts";
import type { FleetView } from "./Router.ts";
import { RouteEnd } from "./Router.ts";
import { eligible } from "./Tier.ts";

/** When nginx stops sending to a server that fails. nginx's own defaults are 1 and 10 s. */
export interface NginxSettings {
  /** 0 turns ejection off. */
  readonly maxFails: number;
  /** Whole seconds, as nginx counts them: how long an ejection lasts, and how long one probe may take. */
  readonly failTimeoutMs: number;
}

/** One year: nginx keeps the time in 32-bit seconds. */
const LONGEST_MS = 365 * 86_400_000;

/**
 * What nginx remembers of the servers of an upstream group: failures, current and effective weights.
 * A server is out while it has `maxFails` failures and at most `failTimeoutMs` have passed since it was last checked. The first pick after that
 * checks it: one probe per `failTimeoutMs`, with that time as its lease. Only a success after a check forgets the failures. A failure takes
 * weight / maxFails off the effective weight, each selection pass over the server gives 1 back. A fleet of one is never ejected.
 * Time is cut to whole seconds. Source: nginx 1.31.5, ngx_http_upstream_round_robin.c.
 */
export class NginxPeers {
  current = new Int32Array(0);
  effective = new Int32Array(0);
  readonly #maxFails: number;
  readonly #failTimeoutSeconds: number;
  #fails = new Int32Array(0);
  #weight = new Int32Array(0);
  #checked = new Float64Array(0);
  #accessed = new Float64Array(0);
  #alone = false;

  /** Throws SettingFault; `owner` is the router's name in it. */
  constructor(owner: string, settings: NginxSettings) {
    this.#maxFails = requireSetting(`${owner}.maxFails`, settings.maxFails, { least: 0, most: 2 ** 31 - 1, whole: true });
    const seconds = requireSetting(`${owner}.failTimeoutMs / 1000`, settings.failTimeoutMs / 1000, {
      least: 0,
      most: LONGEST_MS / 1000,
      whole: true,
    });
    this.#failTimeoutSeconds = seconds;
  }

  /** Before each pick: makes room for a fleet that grew. */
  cover(fleet: FleetView): void {
    this.#alone = fleet.count === 1;
    if (this.#fails.length < fleet.count) this.#grow(fleet);
  }

  mayPick(fleet: FleetView, replica: number, tier: number, nowSeconds: number): boolean {
    return eligible(fleet, replica, tier) && !this.#isOut(replica, nowSeconds);
  }

  /** One selection pass over a server; answers the weight that counts in this pass. */
  pass(replica: number): number {
    const weight = this.effective[replica]!;
    this.current[replica]! += weight;
    if (weight < this.#weight[replica]!) this.effective[replica] = weight + 1;
    return weight;
  }

  /** The server was chosen in a pass in which the weights summed to `total`. */
  choose(replica: number, total: number, nowSeconds: number): number {
    this.current[replica]! -= total;
    if (nowSeconds - this.#checked[replica]! > this.#failTimeoutSeconds) this.#checked[replica] = nowSeconds;
    return replica;
  }

  /** The client's own hanging up marks a checked server as live, as in nginx. */
  ended(replica: number, how: number, nowMs: number): void {
    if (this.#alone || replica >= this.#fails.length) return;
    if (how === RouteEnd.Failed) this.#fail(replica, Math.floor(nowMs / 1000));
    else if (this.#accessed[replica]! < this.#checked[replica]!) this.#fails[replica] = 0;
  }

  /** The first whole second at which a server that is out now may be picked again; Infinity when none is. */
  reopensAtMs(nowMs: number): number {
    const nowSeconds = Math.floor(nowMs / 1000);
    let earliest = Infinity;
    for (let replica = 0; replica < this.#fails.length; replica++) {
      if (this.#isOut(replica, nowSeconds)) earliest = Math.min(earliest, this.#checked[replica]! + this.#failTimeoutSeconds + 1);
    }
    return earliest * 1000;
  }

  #isOut(replica: number, nowSeconds: number): boolean {
    return (
      this.#maxFails > 0 &&
      this.#fails[replica]! >= this.#maxFails &&
      nowSeconds - this.#checked[replica]! <= this.#failTimeoutSeconds &&
      !this.#alone
    );
  }

  #fail(replica: number, nowSeconds: number): void {
    this.#fails[replica]!++;
    this.#accessed[replica] = nowSeconds;
    this.#checked[replica] = nowSeconds;
    if (this.#maxFails === 0) return;
    const left = this.effective[replica]! - Math.floor(this.#weight[replica]! / this.#maxFails);
    this.effective[replica] = left > 0 ? left : 0;
  }

  #grow(fleet: FleetView): void {
    const known = this.#fails.length;
    this.current = widened(this.current, fleet.count);
    this.effective = widened(this.effective, fleet.count);
    this.#fails = widened(this.#fails, fleet.count);
    this.#weight = Int32Array.from(fleet.weight.subarray(0, fleet.count));
    this.effective.set(this.#weight.subarray(known), known);
    const checked = new Float64Array(fleet.count).fill(-Infinity);
    const accessed = new Float64Array(fleet.count).fill(-Infinity);
    checked.set(this.#checked);
    accessed.set(this.#accessed);
    this.#checked = checked;
    this.#accessed = accessed;
  }
}

function widened(column: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(length);
  wider.set(column);
  return wider;
}
