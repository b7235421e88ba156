/**
 * Admits a growing share of the calls: at age a of `rampUs` it is from + (1 - from) * a / rampUs. Needs no draws: it adds the share up, in millionths,
 * and admits whenever the sum is full.
 */
export class Ramp {
  readonly #rampUs: number;
  readonly #fromPpm: number;
  #startUs = -Infinity;
  #sum = 0;

  constructor(rampUs: number, fromPpm: number) {
    this.#rampUs = rampUs;
    this.#fromPpm = fromPpm;
  }

  /** Begins anew; its first call is admitted. */
  start(nowUs: number): void {
    this.#startUs = nowUs;
    this.#sum = 1_000_000;
  }

  admits(nowUs: number): boolean {
    const ageUs = nowUs - this.#startUs;
    if (ageUs >= this.#rampUs) return true;
    this.#sum += this.#fromPpm + Math.floor(((1_000_000 - this.#fromPpm) * ageUs) / this.#rampUs);
    if (this.#sum < 1_000_000) return false;
    this.#sum -= 1_000_000;
    return true;
  }

  /** Its rest, while it has one. */
  leftUs(nowUs: number): number {
    return this.#startUs + this.#rampUs - nowUs;
  }

  /** Since its start, at most its length. */
  ageUs(nowUs: number): number {
    return Math.min(this.#rampUs, nowUs - this.#startUs);
  }
}
