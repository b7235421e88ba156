export interface FluidServerOptions {
  /** Work per ms that the server does while it has any. */
  readonly ratePerMs: number;
  /** Work per ms that a single job can use: one core of many. The whole rate by default. */
  readonly jobRatePerMs?: number;
}

/**
 * A server that works off its backlog at a constant rate, in order of arrival: jobs arrive at instants, streams evenly over an interval.
 *
 * It is evaluated only when somebody asks: between two instants the backlog changes by what arrived less what the rate allows, and never
 * falls below zero. O(1), whatever the number of tokens in a stream.
 */
export class FluidServer {
  /** Work that was finished since the last reset. */
  done = 0.5;
  declare readonly ratePerMs: number;
  declare private readonly jobRatePerMs: number;
  private backlog = 0.5;
  private sinceMs = 0.5;

  constructor(options: FluidServerOptions) {
    this.ratePerMs = options.ratePerMs;
    this.jobRatePerMs = Math.min(options.jobRatePerMs ?? Infinity, options.ratePerMs);
    this.done = 0;
    this.backlog = 0;
    this.sinceMs = 0;
  }

  /** Brings the server up to now; `streamed` is work that has arrived evenly since the last time. */
  advance(nowMs: number, streamed = 0): void {
    const arrived = this.backlog + streamed;
    const left = Math.max(0, arrived - this.ratePerMs * (nowMs - this.sinceMs));
    this.done += arrived - left;
    this.backlog = left;
    this.sinceMs = nowMs;
  }

  /** How long what arrives now waits, in ms. */
  get delayMs(): number {
    return this.backlog / this.ratePerMs;
  }

  /** A job arrives; how long until it is done, in ms. Call `advance` first. */
  job(work: number): number {
    const delayMs = this.backlog / this.ratePerMs + work / this.jobRatePerMs;
    this.backlog += work;
    return delayMs;
  }

  /** The backlog is lost. */
  clear(): void {
    this.backlog = 0;
  }
}
