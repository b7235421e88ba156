import { Chains } from "./Chains.ts";
import type { Eviction } from "./Eviction.ts";

/** The least recently used leaves. O(1). */
export class Lru implements Eviction<unknown> {
  readonly #order: Chains;

  constructor(entries: number) {
    this.#order = new Chains(entries, 1);
  }

  add(slot: number): void {
    this.#order.pushFront(slot, 0);
  }

  hit(slot: number): void {
    this.#order.unlink(slot);
    this.#order.pushFront(slot, 0);
  }

  victim(): number {
    return this.#order.back(0);
  }

  remove(slot: number): void {
    this.#order.unlink(slot);
  }
}
