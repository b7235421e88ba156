/**
 * Which of the last `remembered` permits still await their outcome; permits are consecutive numbers. One bit each, so a permit settles only once.
 */
export class PermitLog {
  readonly #remembered: number;
  #settled: Uint32Array;
  /** Number of the next permit. */
  declare next: number;
  #first: number;

  constructor(remembered: number, next: number) {
    this.#remembered = remembered;
    this.#settled = new Uint32Array(Math.min(32, (remembered + 31) >>> 5));
    this.next = next;
    this.#first = next;
  }

  issue(): number {
    const permit = this.next++;
    const at = permit % this.#remembered;
    if (at >>> 5 >= this.#settled.length) this.#grow(at >>> 5);
    this.#settled[at >>> 5]! &= ~(1 << (at & 31));
    return permit;
  }

  /** Whether the permit awaited its outcome; it does not any more. */
  settle(permit: number): boolean {
    if (!this.awaits(permit)) return false;
    const at = permit % this.#remembered;
    this.#settled[at >>> 5]! |= 1 << (at & 31);
    return true;
  }

  awaits(permit: number): boolean {
    if (!(permit >= this.#first && permit < this.next && permit >= this.next - this.#remembered)) return false;
    const at = permit % this.#remembered;
    return (this.#settled[at >>> 5]! & (1 << (at & 31))) === 0;
  }

  /** Outcomes of all permits so far count for nothing from now on. */
  forget(): void {
    this.#first = this.next;
  }

  #grow(word: number): void {
    const settled = new Uint32Array(Math.min((this.#remembered + 31) >>> 5, Math.max(word + 1, 2 * this.#settled.length)));
    settled.set(this.#settled);
    this.#settled = settled;
  }
}
