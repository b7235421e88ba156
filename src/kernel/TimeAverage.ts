import { InvariantBroken } from "./Invariants.ts";

/** Time-weighted average of a level that is constant between changes, such as a queue length. */
export class TimeAverage {
  // -0 makes V8 keep a field as a double from the start.
  private present = -0;
  private largest = -0;
  private sinceMs = -0;
  private startMs = -0;
  private areaMs = -0;

  constructor(startMs = 0, level = 0) {
    this.present = this.largest = level;
    this.sinceMs = this.startMs = startMs;
    this.areaMs = 0;
  }

  /** The present level. */
  get level(): number {
    return this.present;
  }

  /** Largest level since the start or the last restart, levels that lasted no time included. */
  get max(): number {
    return this.largest;
  }

  /** The level from nowMs on. A time before the last change throws InvariantBroken(2). */
  set(nowMs: number, level: number): void {
    if (!(nowMs >= this.sinceMs)) this.refuse(nowMs);
    this.areaMs += this.present * (nowMs - this.sinceMs);
    this.sinceMs = nowMs;
    this.present = level;
    if (level > this.largest) this.largest = level;
  }

  /** Integral of the level from the start to nowMs, in level times ms. */
  area(nowMs: number): number {
    if (!(nowMs >= this.sinceMs)) this.refuse(nowMs);
    return this.areaMs + this.present * (nowMs - this.sinceMs);
  }

  /** Mean from the start to nowMs; the present level when no time has passed. */
  mean(nowMs: number): number {
    const lengthMs = nowMs - this.startMs;
    return lengthMs > 0 ? this.area(nowMs) / lengthMs : this.level;
  }

  /** Forgets the past, for the end of a warm-up; the level stays. */
  restart(nowMs: number): void {
    this.set(nowMs, this.level);
    this.areaMs = 0;
    this.startMs = nowMs;
    this.largest = this.present;
  }

  private refuse(nowMs: number): never {
    throw new InvariantBroken(2, nowMs, `the level has changed at ${this.sinceMs} ms already`);
  }
}
