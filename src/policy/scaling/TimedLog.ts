/** Numbers with the time at which they were written; forgets what is older than the longest time that is asked about. Grows to what fits into that time. */
export class TimedLog {
  readonly #keepMs: number;
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #first = 0;
  #size = 0;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Numbers that are kept. */
  get size(): number {
    return this.#size;
  }

  add(value: number, nowMs: number): void {
    while (this.#size > 0 && this.#times[this.#first]! <= nowMs - this.#keepMs) {
      this.#first = this.#at(1);
      this.#size--;
    }
    if (this.#size === this.#times.length) this.#grow();
    const at = this.#at(this.#size++);
    this.#times[at] = nowMs;
    this.#values[at] = value;
  }

  /** Sum of what is younger than this. */
  sum(withinMs: number, nowMs: number): number {
    let sum = 0;
    for (let back = this.#size - 1; back >= 0 && this.#times[this.#at(back)]! > nowMs - withinMs; back--)
      sum += this.#values[this.#at(back)]!;
    return sum;
  }

  /** The least (`sign` 1) or the largest (-1) of `value` and what is younger than this. */
  extreme(value: number, sign: 1 | -1, withinMs: number, nowMs: number): number {
    let best = value;
    for (let back = this.#size - 1; back >= 0 && this.#times[this.#at(back)]! > nowMs - withinMs; back--) {
      best = sign * Math.min(sign * best, sign * this.#values[this.#at(back)]!);
    }
    return best;
  }

  #at(step: number): number {
    return (this.#first + step) % this.#times.length;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#size);
    const values = new Float64Array(2 * this.#size);
    for (let i = 0; i < this.#size; i++) {
      times[i] = this.#times[this.#at(i)]!;
      values[i] = this.#values[this.#at(i)]!;
    }
    this.#first = 0;
    this.#times = times;
    this.#values = values;
  }
}
