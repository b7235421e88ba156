import type { RateLimiter } from "./RateLimiter.ts";

/**
 * Several limits at once: admits when all would, and then charges all; a refusal charges none. Its wait hint is the longest of the parts, which is
 * exact, for a state that nobody takes from never gets tighter.
 */
export class Composite implements RateLimiter<ReadonlyArray<unknown>> {
  readonly name = "composite";
  declare readonly capacity: number;
  readonly #parts: ReadonlyArray<RateLimiter<unknown>>;

  constructor(parts: ReadonlyArray<RateLimiter<unknown>>) {
    this.#parts = parts;
    this.capacity = parts.reduce((least, part) => Math.min(least, part.capacity), Infinity);
  }

  open(nowMs: number): ReadonlyArray<unknown> {
    return this.#parts.map((part) => part.open(nowMs));
  }

  take(states: ReadonlyArray<unknown>, cost: number, nowMs: number): number {
    const waitMs = this.waitMs(states, cost, nowMs);
    if (waitMs > 0) return waitMs;
    for (let i = 0; i < this.#parts.length; i++) this.#parts[i]!.take(states[i], cost, nowMs);
    return 0;
  }

  waitMs(states: ReadonlyArray<unknown>, cost: number, nowMs: number): number {
    let longestMs = 0;
    for (let i = 0; i < this.#parts.length; i++) longestMs = Math.max(longestMs, this.#parts[i]!.waitMs(states[i], cost, nowMs));
    return longestMs;
  }

  remaining(states: ReadonlyArray<unknown>, nowMs: number): number {
    return this.#parts.reduce((least, part, i) => Math.min(least, part.remaining(states[i], nowMs)), Infinity);
  }

  idleAtMs(states: ReadonlyArray<unknown>): number {
    return this.#parts.reduce((latest, part, i) => Math.max(latest, part.idleAtMs(states[i])), -Infinity);
  }

  /** The parts of both must be of the same kinds, in the same order. */
  adopt(states: ReadonlyArray<unknown>, former: Composite, nowMs: number): void {
    this.#parts.forEach((part, i) => part.adopt(states[i], former.#parts[i] as typeof part & RateLimiter<unknown>, nowMs));
  }
}
