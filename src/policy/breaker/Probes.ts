import type { BreakerNumbers } from "./BreakerSettings.ts";

/** The probes of one half-open round: at most so many in flight, each with a lease, and at most so many started. O(slots) per call. */
export class Probes {
  successes = 0;
  failures = 0;
  readonly #perRound: number;
  readonly #leaseUs: number;
  /** Permit of each slot; -1: free, -2: taken by somebody whose permit is not known. */
  readonly #permits: Float64Array;
  readonly #endsUs: Float64Array;

  constructor(numbers: BreakerNumbers) {
    this.#perRound = numbers.probesPerRound;
    this.#leaseUs = numbers.probeLeaseUs;
    this.#permits = new Float64Array(numbers.probes).fill(-1);
    this.#endsUs = new Float64Array(numbers.probes);
  }

  clear(): void {
    this.#permits.fill(-1);
    this.successes = this.failures = 0;
  }

  /** Gives a slot to the permit, if there is one and the round may start another probe. */
  start(permit: number, nowUs: number): boolean {
    let free = -1;
    let live = 0;
    for (let slot = 0; slot < this.#permits.length; slot++) {
      if (this.#holds(slot, nowUs)) live++;
      else if (free < 0) free = slot;
    }
    if (free < 0 || live + this.successes + this.failures >= this.#perRound) return false;
    this.#permits[free] = permit;
    this.#endsUs[free] = nowUs + this.#leaseUs;
    return true;
  }

  /** Frees the slot of a permit; false when its lease has ended. */
  end(permit: number, nowUs: number): boolean {
    for (let slot = 0; slot < this.#permits.length; slot++) {
      if (this.#permits[slot] !== permit) continue;
      const held = this.#endsUs[slot]! > nowUs;
      this.#permits[slot] = -1;
      return held;
    }
    return false;
  }

  /** Whether the permit is a probe whose lease has not ended. */
  holds(permit: number, nowUs: number): boolean {
    return this.#permits.some((held, slot) => held === permit && this.#holds(slot, nowUs));
  }

  /** The first end of a lease. */
  nextEndUs(nowUs: number): number {
    let next = Infinity;
    for (let slot = 0; slot < this.#permits.length; slot++) if (this.#holds(slot, nowUs)) next = Math.min(next, this.#endsUs[slot]!);
    return next;
  }

  /** What is left of each lease. */
  leasesUs(nowUs: number): ReadonlyArray<number> {
    return [...this.#endsUs].flatMap((endUs, slot) => (this.#holds(slot, nowUs) ? [endUs - nowUs] : []));
  }

  /** Continues a round; more leases than slots are dropped. */
  load(successes: number, failures: number, leasesUs: ReadonlyArray<number>, nowUs: number): void {
    this.clear();
    this.successes = successes;
    this.failures = failures;
    leasesUs.slice(0, this.#permits.length).forEach((leftUs, slot) => {
      this.#permits[slot] = -2;
      this.#endsUs[slot] = nowUs + leftUs;
    });
  }

  #holds(slot: number, nowUs: number): boolean {
    return this.#permits[slot] !== -1 && this.#endsUs[slot]! > nowUs;
  }
}
