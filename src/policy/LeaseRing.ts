/**
 * Ids with a lease of one length, each of which ends exactly once: by its holder or, in order, by its lease. An id's slot, for columns of the owner, is
 * `slot(id)`. O(1) on average; memory is fixed.
 */
export class LeaseRing {
  declare readonly slots: number;
  readonly #leaseUs: number;
  readonly #endsUs: Float64Array;
  /** 1: still held. */
  readonly #held: Uint8Array;
  #head = 0;
  #next = 0;

  constructor(slots: number, leaseUs: number) {
    this.slots = slots;
    this.#leaseUs = leaseUs;
    this.#endsUs = new Float64Array(slots);
    this.#held = new Uint8Array(slots);
  }

  slot(id: number): number {
    return id % this.slots;
  }

  /** A new id; -1 when the ring is full. Times must not decrease. */
  issue(nowUs: number): number {
    if (this.#next - this.#head >= this.slots) return -1;
    const id = this.#next++;
    this.#endsUs[id % this.slots] = nowUs + this.#leaseUs;
    this.#held[id % this.slots] = 1;
    return id;
  }

  /** Ends an id; false when it had ended, or never was. */
  end(id: number): boolean {
    if (!(id >= this.#head && id < this.#next && Number.isInteger(id)) || this.#held[id % this.slots] === 0) return false;
    this.#held[id % this.slots] = 0;
    this.#skip();
    return true;
  }

  /** Ends the oldest id whose lease is over, and gives it; -1 when there is none. */
  expired(nowUs: number): number {
    if (this.#head === this.#next || this.#endsUs[this.#head % this.slots]! > nowUs) return -1;
    const id = this.#head;
    this.end(id);
    return id;
  }

  /** When an id that is still held was issued. */
  issuedUs(id: number): number {
    return this.#endsUs[id % this.slots]! - this.#leaseUs;
  }

  /** End of the oldest lease; Infinity without one. */
  nextEndUs(): number {
    return this.#head === this.#next ? Infinity : this.#endsUs[this.#head % this.slots]!;
  }

  #skip(): void {
    while (this.#head < this.#next && this.#held[this.#head % this.slots] === 0) this.#head++;
  }
}
