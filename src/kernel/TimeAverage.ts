import { InvariantBroken } from "./Invariants.ts";

// Places of the state; in one typed array it never changes its representation.
const SINCE = 0;
const LEVEL = 1;
const AREA = 2;
const START = 3;
const MAX = 4;

/** Time-weighted average of a level that is constant between changes, such as a queue length. */
export class TimeAverage {
  declare private readonly state: Float64Array;

  constructor(startMs = 0, level = 0) {
    this.state = Float64Array.of(startMs, level, 0, startMs, level);
  }

  /** The present level. */
  get level(): number {
    return this.state[LEVEL]!;
  }

  /** Largest level since the start or the last restart, levels that lasted no time included. */
  get max(): number {
    return this.state[MAX]!;
  }

  /** The level from nowMs on. A time before the last change throws InvariantBroken(2). */
  set(nowMs: number, level: number): void {
    const state = this.state;
    if (!(nowMs >= state[SINCE]!)) this.refuse(nowMs);
    state[AREA] = state[AREA]! + state[LEVEL]! * (nowMs - state[SINCE]!);
    state[SINCE] = nowMs;
    state[LEVEL] = level;
    if (level > state[MAX]!) state[MAX] = level;
  }

  /** Integral of the level from the start to nowMs, in level times ms. */
  area(nowMs: number): number {
    const state = this.state;
    if (!(nowMs >= state[SINCE]!)) this.refuse(nowMs);
    return state[AREA]! + state[LEVEL]! * (nowMs - state[SINCE]!);
  }

  /** Mean from the start to nowMs; the present level when no time has passed. */
  mean(nowMs: number): number {
    const lengthMs = nowMs - this.state[START]!;
    return lengthMs > 0 ? this.area(nowMs) / lengthMs : this.level;
  }

  /** Forgets the past, for the end of a warm-up; the level stays. */
  restart(nowMs: number): void {
    this.set(nowMs, this.level);
    this.state[AREA] = 0;
    this.state[START] = nowMs;
    this.state[MAX] = this.level;
  }

  private refuse(nowMs: number): never {
    throw new InvariantBroken(2, nowMs, `the level has changed at ${this.state[SINCE]!} ms already`);
  }
}
