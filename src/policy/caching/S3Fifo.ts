import { Chains } from "./Chains.ts";
import type { Eviction } from "./Eviction.ts";

const SMALL = 0;
const MAIN = 1;
const MOST_USES = 3;
/** Share of the entries that the small queue should hold. */
const SMALL_RATIO = 0.1;

/**
 * Two queues and the memory of what left: new keys enter the small one, and go on to the main one when they were used more than once there or left it
 * not long ago; the main one gives each use a second chance. O(1) on average. The share of the small queue is of what is in, not of the capacity.
 * Source: Yang, Zhang, Qiu, Yue, Vinayak 2023, "FIFO queues are all you need for cache eviction", algorithm 1.
 */
export class S3Fifo<K> implements Eviction<K> {
  readonly #queues: Chains;
  readonly #uses: Uint8Array;
  readonly #queueOf: Uint8Array;
  readonly #counts = new Int32Array(2);
  readonly #ghosts: Set<K> = new Set();
  readonly #mostGhosts: number;

  constructor(entries: number) {
    this.#queues = new Chains(entries, 2);
    this.#uses = new Uint8Array(entries);
    this.#queueOf = new Uint8Array(entries);
    this.#mostGhosts = Math.max(1, Math.floor((1 - SMALL_RATIO) * entries));
  }

  add(slot: number, key: K): void {
    this.#uses[slot] = 0;
    this.#push(slot, this.#ghosts.delete(key) ? MAIN : SMALL);
  }

  hit(slot: number): void {
    if (this.#uses[slot]! < MOST_USES) this.#uses[slot]!++;
  }

  victim(): number {
    for (;;) {
      const small = this.#counts[SMALL]!;
      const fromSmall = small >= SMALL_RATIO * (small + this.#counts[MAIN]!);
      const slot = this.#queues.back(fromSmall ? SMALL : MAIN);
      if (this.#uses[slot]! <= (fromSmall ? 1 : 0)) return slot;
      this.#unlink(slot);
      this.#uses[slot] = fromSmall ? 0 : this.#uses[slot]! - 1;
      this.#push(slot, MAIN);
    }
  }

  remove(slot: number, key: K, evicted: boolean): void {
    if (evicted && this.#queueOf[slot] === SMALL) this.#remember(key);
    this.#unlink(slot);
  }

  #remember(key: K): void {
    if (this.#ghosts.size === this.#mostGhosts) {
      for (const oldest of this.#ghosts) {
        this.#ghosts.delete(oldest);
        break;
      }
    }
    this.#ghosts.add(key);
  }

  #push(slot: number, queue: number): void {
    this.#queueOf[slot] = queue;
    this.#counts[queue]!++;
    this.#queues.pushFront(slot, queue);
  }

  #unlink(slot: number): void {
    this.#counts[this.#queueOf[slot]!]!--;
    this.#queues.unlink(slot);
  }
}
