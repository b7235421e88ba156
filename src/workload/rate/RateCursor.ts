import type { BaseRate, LinearPiece } from "./BaseRate.ts";
import { integrate } from "./Quadrature.ts";
import type { Surges } from "./Surges.ts";

/** Newton's method stops below this step, in ms: finer than the grid of the kernel. */
const STEP_MS = 2 ** -30;
const MAX_ROUNDS = 60;

/**
 * Walks along a rate and turns operational time (expected arrivals) into ms: in operational time the rate is 1, so that a
 * renewal process of unit rate becomes one that follows the curve.
 *
 * Straight stretches are inverted in closed form; ramps and decays by Newton's method inside a bracket, on integrals that
 * are exact to rounding. A stretch keeps its own count, so that rounding does not add up along it.
 *
 * Source: E. Çinlar, "Introduction to Stochastic Processes" (1975), section 4.7.
 */
export class RateCursor {
  declare private readonly base: BaseRate;
  declare private readonly surges: Surges;
  private readonly piece: LinearPiece = { endMs: 0, perMs: 0, slope: 0 };
  private startMs = 0;
  private endMs = 0;
  /** Expected arrivals of the stretch, and those already passed. */
  private total = 0;
  private used = 0;
  private perMs = 0;
  private slope = 0;
  private straight = true;
  private lastMs = 0;
  private readonly curve = (offsetMs: number): number => this.rateAt(offsetMs);

  constructor(base: BaseRate, surges: Surges, fromMs = 0) {
    this.base = base;
    this.surges = surges;
    this.lastMs = fromMs;
    this.enter(fromMs);
  }

  /** Moves on by so many expected arrivals (>= 0) and returns the time reached, Infinity if the rate ends before. */
  advance(units: number): number {
    let need = this.used + units;
    while (need > this.total) {
      if (this.endMs === Infinity) return Infinity;
      need -= this.total;
      this.enter(this.endMs);
    }
    this.used = need;
    const ms = this.startMs + (this.straight ? this.straightOffset(need) : this.curvedOffset(need));
    this.lastMs = Math.max(this.lastMs, Math.min(ms, this.endMs));
    return this.lastMs;
  }

  /** Moves on to a time that is not before the present one and returns the expected arrivals up to it. */
  integralTo(ms: number): number {
    let sum = 0;
    while (ms > this.endMs) {
      sum += this.total - this.used;
      this.enter(this.endMs);
    }
    const offset = ms - this.startMs;
    const passed = this.straight ? offset * (this.perMs + (this.slope * offset) / 2) : integrate(this.curve, 0, offset);
    sum += passed - this.used;
    this.used = passed;
    this.lastMs = ms;
    return sum;
  }

  private enter(startMs: number): void {
    this.base.read(startMs, this.piece);
    this.startMs = startMs;
    this.endMs = Math.min(this.piece.endMs, this.surges.breakAfter(startMs));
    this.straight = this.surges.isFlat(startMs);
    const factor = this.straight ? this.surges.factorAt(startMs) : 1;
    this.perMs = this.piece.perMs * factor + (this.straight ? this.surges.extraPerMs(startMs) : 0);
    this.slope = this.piece.slope * factor;
    this.used = 0;
    this.total = this.totalOf(this.endMs - startMs);
  }

  private totalOf(lengthMs: number): number {
    if (lengthMs === Infinity) return this.perMs > 0 ? Infinity : 0;
    if (!this.straight) return integrate(this.curve, 0, lengthMs);
    return Math.max(0, lengthMs * (this.perMs + (this.slope * lengthMs) / 2));
  }

  private rateAt(offsetMs: number): number {
    const ms = this.startMs + offsetMs;
    const base = this.perMs + this.slope * offsetMs;
    return base * this.surges.factorAt(ms) + this.surges.extraPerMs(ms);
  }

  /** Root of perMs * u + slope * u^2 / 2 = units, in the form that does not cancel. */
  private straightOffset(units: number): number {
    if (this.slope === 0) return units === 0 ? 0 : units / this.perMs;
    const root = Math.sqrt(Math.max(0, this.perMs * this.perMs + 2 * this.slope * units));
    return units === 0 ? 0 : (2 * units) / (this.perMs + root);
  }

  private curvedOffset(units: number): number {
    let low = 0;
    let high = this.endMs - this.startMs;
    let offset = Math.min(Math.max(this.lastMs - this.startMs, low), high);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const error = integrate(this.curve, 0, offset) - units;
      if (error > 0) high = offset;
      else low = offset;
      let step = error / this.rateAt(offset);
      if (!(offset - step > low && offset - step < high)) step = offset - (low + high) / 2;
      offset -= step;
      if (Math.abs(step) < STEP_MS) break;
    }
    return offset;
  }
}
