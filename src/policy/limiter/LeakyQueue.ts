import { microsOf } from "../Micros.ts";
import { requireSetting } from "../SettingFault.ts";
import { Refill } from "./Refill.ts";

export interface LeakyQueueSettings {
  /** Releases: `permits` in `perMs`, evenly spaced. */
  readonly permits: number;
  readonly perMs: number;
  /** Most that wait at once. */
  readonly length: number;
}

/**
 * Leaky bucket as a queue: first in, first out, one release each 1/rate; at most 1 + rate * t in an interval of length t. Somebody who leaves frees the
 * place at once and those behind move up. O(1) per call on average, memory is fixed.
 */
export class LeakyQueue {
  readonly name = "leakyQueue";
  readonly #refill: Refill;
  readonly #tickets: Float64Array;
  /** By place in the ring: 1 = left before its turn. */
  readonly #gone: Uint8Array;
  #head = 0;
  #tail = 0;
  #waiting = 0;
  /** Of one release, in units of the refill; full: may release now. */
  #level: number;
  #atUs = -Infinity;

  /** Throws SettingFault. */
  constructor(settings: LeakyQueueSettings) {
    requireSetting("leakyQueue.length", settings.length, { least: 1, most: 2 ** 24, whole: true });
    this.#refill = new Refill(this.name, { permits: settings.permits, perMs: settings.perMs, burst: 1 });
    this.#level = this.#refill.full;
    this.#tickets = new Float64Array(2 * settings.length);
    this.#gone = new Uint8Array(2 * settings.length);
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** A ticket, 0 or more, at the end of the queue; -1 when the queue is full. */
  join(): number {
    if (2 * this.#waiting >= this.#tickets.length) return -1;
    if (this.#tail - this.#head === this.#tickets.length) this.#compact();
    const at = this.#tail % this.#tickets.length;
    this.#tickets[at] = this.#next;
    this.#gone[at] = 0;
    this.#tail++;
    this.#waiting++;
    return this.#next++;
  }

  #next = 0;

  /** Gives the place up; false when the ticket does not wait (any more). O(log length). */
  leave(ticket: number): boolean {
    const at = this.#placeOf(ticket);
    if (at < 0 || this.#gone[at] === 1) return false;
    this.#gone[at] = 1;
    this.#waiting--;
    this.#skipGone();
    return true;
  }

  /** The ticket whose turn it is now, which leaves the queue; -1 when nobody waits or it is too early. */
  release(nowMs: number): number {
    if (this.#waiting === 0 || this.releaseInMs(nowMs) > 0) return -1;
    this.#advance(nowMs);
    this.#level = 0;
    const ticket = this.#tickets[this.#head % this.#tickets.length]!;
    this.#gone[this.#head % this.#tickets.length] = 1;
    this.#waiting--;
    this.#skipGone();
    return ticket;
  }

  /** Until the next release is allowed; 0: now. */
  releaseInMs(nowMs: number): number {
    const readUs = microsOf(nowMs);
    const aheadUs = Math.max(0, this.#atUs - readUs);
    const level = this.#refill.grown(this.#level, readUs + aheadUs - this.#atUs);
    return (aheadUs + this.#refill.microsFor(this.#refill.full - level)) / 1000;
  }

  #advance(nowMs: number): void {
    this.#atUs = Math.max(this.#atUs, microsOf(nowMs));
  }

  /** Place of a ticket in the ring by bisection, for tickets in the ring ascend; -1 when it is not there. */
  #placeOf(ticket: number): number {
    const length = this.#tickets.length;
    let low = this.#head;
    let high = this.#tail - 1;
    while (low <= high) {
      const middle = Math.floor((low + high) / 2);
      const found = this.#tickets[middle % length]!;
      if (found === ticket) return middle % length;
      if (found < ticket) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #skipGone(): void {
    while (this.#head < this.#tail && this.#gone[this.#head % this.#tickets.length] === 1) this.#head++;
  }

  /** The ring is twice the queue, so at least half of a full ring has left: compacting costs O(1) per call on average. */
  #compact(): void {
    const length = this.#tickets.length;
    const waiting = Array.from({ length }, (_, i) => (this.#head + i) % length).filter((at) => this.#gone[at] === 0);
    const tickets = waiting.map((at) => this.#tickets[at]!);
    this.#tickets.set(tickets);
    this.#gone.fill(0);
    this.#head = 0;
    this.#tail = tickets.length;
  }
}
