import type { BreakerNumbers } from "./BreakerSettings.ts";

/** The probes of one half-open round: at most so many in flight, each with a lease, and at most so many started. O(slots) per call. */
export class Probes {
  successes = 0;
  failures = 0;
  readonly #perRound: number;
  readonly #leaseUs: number;
  readonly #permits: Float64Array;
  /** A slot is taken until then. */
  readonly #endsUs: Float64Array;

  constructor(numbers: BreakerNumbers) {
    this.#perRound = numbers.probesPerRound;
    this.#leaseUs = numbers.probeLeaseUs;
    this.#permits = new Float64Array(numbers.probes);
    this.#endsUs = new Float64Array(numbers.probes).fill(-Infinity);
  }

  clear(): void {
    this.#endsUs.fill(-Infinity);
    this.successes = this.failures = 0;
  }

  /** Gives a slot to the permit, if there is one and the round may start another probe. */
  start(permit: number, nowUs: number): boolean {
    let free = -1;
    let live = 0;
    for (let slot = 0; slot < this.#endsUs.length; slot++) {
      if (this.#endsUs[slot]! > nowUs) live++;
      else free = slot;
    }
    if (free < 0 || live + this.successes + this.failures >= this.#perRound) return false;
    this.#permits[free] = permit;
    this.#endsUs[free] = nowUs + this.#leaseUs;
    return true;
  }

  /** Frees the slot of a permit; false when its lease has ended. */
  end(permit: number, nowUs: number): boolean {
    if (!this.holds(permit, nowUs)) return false;
    this.#endsUs[this.#permits.indexOf(permit)] = -Infinity;
    return true;
  }

  /** Whether the permit is a probe whose lease has not ended. */
  holds(permit: number, nowUs: number): boolean {
    const slot = this.#permits.indexOf(permit);
    return slot >= 0 && this.#endsUs[slot]! > nowUs;
  }

  /** The first end of a lease. */
  nextEndUs(nowUs: number): number {
    let next = Infinity;
    for (const endUs of this.#endsUs) if (endUs > nowUs) next = Math.min(next, endUs);
    return next;
  }

  /** What is left of each lease. */
  leasesUs(nowUs: number): ReadonlyArray<number> {
    return [...this.#endsUs].filter((endUs) => endUs > nowUs).map((endUs) => endUs - nowUs);
  }

  /** Continues a round, its leases held by nobody; more of them than slots are dropped. */
  load(successes: number, failures: number, leasesUs: ReadonlyArray<number>, nowUs: number): void {
    this.successes = successes;
    this.failures = failures;
    leasesUs.forEach((leftUs, slot) => {
      this.#permits[slot] = -1;
      this.#endsUs[slot] = nowUs + leftUs;
    });
  }
}
