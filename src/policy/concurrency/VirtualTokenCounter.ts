import { requireSetting } from "../SettingFault.ts";

export interface VirtualTokenCounterSettings {
  readonly clients: number;
  readonly inputWeight: number;
  readonly outputWeight: number;
}

/**
 * Fair queueing by service received: the backlogged client with the least weighted tokens is served next; one that returns from idle is lifted to the
 * least backlogged counter, so idleness earns no credit. Service counts divided by its share, so a share of two gets twice the service. Two always
 * backlogged clients differ by at most 2 * max(inputWeight * longest prompt, outputWeight * tokens in a batch) / least share. Work conserving.
 * O(clients) per choice.
 * Source: Sheng et al. 2024, "Fairness in Serving Large Language Models" (VTC).
 */
export class VirtualTokenCounter {
  readonly #settings: VirtualTokenCounterSettings;
  readonly #served: Float64Array;
  readonly #waiting: Int32Array;
  #backlogged = 0;
  #lastServed = 0;

  /** Throws SettingFault. */
  constructor(settings: VirtualTokenCounterSettings) {
    requireSetting("vtc.clients", settings.clients, { least: 1, most: 2 ** 20, whole: true });
    requireSetting("vtc.inputWeight", settings.inputWeight, { least: 0 });
    requireSetting("vtc.outputWeight", settings.outputWeight, { above: 0 });
    this.#settings = settings;
    this.#served = new Float64Array(settings.clients);
    this.#waiting = new Int32Array(settings.clients);
  }

  /** Weighted tokens of a client by share, lifts included. */
  served(client: number): number {
    return this.#served[client]!;
  }

  /** A request of this client begins to wait. */
  arrive(client: number): void {
    if (this.#waiting[client] === 0) {
      const least = this.#backlogged === 0 ? this.#served[this.#lastServed]! : this.#served[this.next()]!;
      this.#served[client] = Math.max(this.#served[client]!, least);
      this.#backlogged++;
    }
    this.#waiting[client]!++;
  }

  /** Whose request is next, the first of equals; -1 when nobody waits. */
  next(): number {
    let best = -1;
    for (let client = 0; client < this.#served.length; client++) {
      if (this.#waiting[client]! > 0 && (best < 0 || this.#served[client]! < this.#served[best]!)) best = client;
    }
    return best;
  }

  /** A request of this client stops waiting: it starts, or it left. */
  leave(client: number): void {
    if (this.#waiting[client] === 0) return;
    this.#waiting[client]!--;
    if (this.#waiting[client] === 0) this.#backlogged--;
    this.#lastServed = client;
  }

  /** Tokens were worked on for this client; `share` > 0 says how much more service than others it is to get for them. */
  charge(client: number, inputTokens: number, outputTokens: number, share = 1): void {
    this.#served[client]! += (this.#settings.inputWeight * inputTokens + this.#settings.outputWeight * outputTokens) / share;
  }
}
