import { microsOf } from "../Micros.ts";
import { PolicyFault } from "../PolicyFault.ts";
import { breakerNumbers } from "./BreakerSettings.ts";
import type { BreakerNumbers, BreakerSettings } from "./BreakerSettings.ts";
import { CountWindow } from "./CountWindow.ts";
import { isFailure, isSlow, Outcome } from "./Outcome.ts";
import { PermitLog } from "./PermitLog.ts";
import { Probes } from "./Probes.ts";
import { Ramp } from "./Ramp.ts";
import type { SampleDump, SampleWindow } from "./SampleWindow.ts";
import { TimeWindow } from "./TimeWindow.ts";

export const Phase = { Closed: 0, Open: 1, HalfOpen: 2 } as const;

/** A breaker without absolute times, so that a node with another clock can take over. */
export interface BreakerSnapshot {
  readonly phase: number;
  readonly epoch: number;
  readonly openings: number;
  /** Number of the next permit; all earlier ones are stale after a restore. */
  readonly nextPermit: number;
  /** Of the open time. */
  readonly leftUs: number;
  readonly successes: number;
  readonly failures: number;
  /** What is left of each lease of a probe in flight: their slots stay taken so long. */
  readonly leasesUs: ReadonlyArray<number>;
  /** Since the breaker closed; counts while it ramps. */
  readonly rampAgeUs: number;
  readonly inARow: number;
  readonly samples: SampleDump;
}

/**
 * Circuit breaker whose permits belong to an epoch; the epoch grows with each change of phase, and outcomes of earlier epochs count for nothing.
 * Closed -> Open by the trip rule; Open -> HalfOpen at the first call after the open time; HalfOpen -> Closed or Open by the probes of that round.
 * Needs no timer: everything is decided when it is asked. Time is the caller's monotone clock in whole microseconds; an older reading counts as the
 * newest one so far. Limits starts, not calls in flight. O(1) per decision (O(probes) while half-open), without allocation.
 */
export class Breaker {
  readonly numbers: BreakerNumbers;
  readonly #window: SampleWindow;
  readonly #log: PermitLog;
  readonly #probes: Probes;
  readonly #ramp: Ramp;
  #phase: number = Phase.Closed;
  #epoch = 0;
  #openings = 0;
  #nowUs = -Infinity;
  #openUntilUs = -Infinity;
  #inARow = 0;
  #retryAfterUs = 0;
  #stale = 0;
  #rejected = 0;

  /** Throws SettingFault. */
  constructor(settings: BreakerSettings) {
    const numbers = breakerNumbers(settings);
    this.numbers = numbers;
    const { trip } = numbers;
    this.#window =
      trip.kind === "time" ? new TimeWindow(trip.buckets, numbers.bucketUs) : new CountWindow(trip.kind === "count" ? trip.size : 1);
    this.#log = new PermitLog(numbers.remembered, 0);
    this.#probes = new Probes(numbers);
    this.#ramp = new Ramp(numbers.rampUs, numbers.rampFromPpm);
  }

  /** As of the last call: an open breaker stays Open until somebody asks after its open time. */
  get phase(): number {
    return this.#phase;
  }

  /** Grows by one with each change of phase. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Openings since it was last closed. */
  get openings(): number {
    return this.#openings;
  }

  /** Outcomes that counted for nothing: of an earlier epoch, a second one for its permit, or of a permit not remembered. */
  get stale(): number {
    return this.#stale;
  }

  /** Calls that were refused so far. */
  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Of the last refusal. Open: the exact rest of the open time. Half-open: until the first lease ends, at the latest; an outcome may free a slot before.
   * Ramp: its rest; some calls are admitted before.
   */
  get retryAfterMs(): number {
    return this.#retryAfterUs / 1000;
  }

  /** A permit, 0 or more, for exactly one call, to be settled once; or -1: refused, see `retryAfterMs`. */
  admit(nowMs: number): number {
    const nowUs = this.#advance(nowMs);
    if (this.#phase === Phase.Closed) {
      if (this.#ramp.admits(nowUs)) return this.#log.issue();
      return this.#refuse(this.#ramp.leftUs(nowUs));
    }
    if (this.#phase === Phase.Open) {
      if (nowUs < this.#openUntilUs) return this.#refuse(this.#openUntilUs - nowUs);
      this.#enter(Phase.HalfOpen);
    }
    if (this.#probes.start(this.#log.next, nowUs)) return this.#log.issue();
    return this.#refuse(this.#probes.nextEndUs(nowUs) - nowUs);
  }

  /**
   * How the call of a permit ended, an `Outcome`; true when it counted. A server's own hint, when it comes with the outcome that opens the breaker,
   * lengthens the open time. Throws PolicyFault for another outcome or hint.
   */
  settle(permit: number, outcome: number, nowMs: number, serverRetryAfterMs = 0): boolean {
    if (!(outcome >= Outcome.Success && outcome <= Outcome.Ignored && Number.isInteger(outcome))) {
      throw new PolicyFault("breaker.outcome", "one of Outcome", outcome);
    }
    if (!(serverRetryAfterMs >= 0)) throw new PolicyFault("breaker.serverRetryAfterMs", "a number >= 0", serverRetryAfterMs);
    const nowUs = this.#advance(nowMs);
    const live = this.#log.settle(permit) && (this.#phase === Phase.Closed || this.#probes.end(permit, nowUs));
    if (!live) this.#stale++;
    else if (outcome !== Outcome.Ignored) this.#count(outcome, nowUs, serverRetryAfterMs);
    return live;
  }

  /** Samples of the window as of now; 0 with a consecutive rule. */
  samples(nowMs: number): number {
    this.#window.advance(this.#advance(nowMs));
    return this.#window.total;
  }

  /** What `restore` needs. */
  export(nowMs: number): BreakerSnapshot {
    const nowUs = this.#advance(nowMs);
    return {
      phase: this.#phase,
      epoch: this.#epoch,
      openings: this.#openings,
      nextPermit: this.#log.next,
      leftUs: Math.max(0, this.#openUntilUs - nowUs),
      successes: this.#probes.successes,
      failures: this.#probes.failures,
      leasesUs: this.#probes.leasesUs(nowUs),
      rampAgeUs: this.#ramp.ageUs(nowUs),
      inARow: this.#inARow,
      samples: this.#window.dump(nowUs),
    };
  }

  /**
   * A breaker that goes on where the snapshot was taken: same phase, epoch, samples and remaining times, on whatever clock. Permits of before are
   * stale; probes in flight keep their slots until their leases end. Buckets of a time window keep their age, rounded down to a bucket. Throws
   * SettingFault.
   */
  static restore(settings: BreakerSettings, snapshot: BreakerSnapshot, nowMs: number): Breaker {
    const breaker = new Breaker(settings);
    const nowUs = breaker.#advance(nowMs);
    breaker.#phase = snapshot.phase;
    breaker.#epoch = snapshot.epoch;
    breaker.#openings = snapshot.openings;
    breaker.#log.next = snapshot.nextPermit;
    breaker.#log.forget();
    breaker.#openUntilUs = nowUs + snapshot.leftUs;
    breaker.#probes.load(snapshot.successes, snapshot.failures, snapshot.leasesUs, nowUs);
    breaker.#ramp.start(nowUs - snapshot.rampAgeUs);
    breaker.#inARow = snapshot.inARow;
    breaker.#window.load(snapshot.samples, nowUs);
    return breaker;
  }

  #advance(nowMs: number): number {
    this.#nowUs = Math.max(this.#nowUs, microsOf(nowMs));
    return this.#nowUs;
  }

  #refuse(afterUs: number): -1 {
    this.#retryAfterUs = afterUs;
    this.#rejected++;
    return -1;
  }

  #enter(phase: number): void {
    this.#phase = phase;
    this.#epoch++;
    this.#log.forget();
    this.#window.clear();
    this.#inARow = 0;
    this.#probes.clear();
  }

  #count(outcome: number, nowUs: number, hintMs: number): void {
    const failed = isFailure(outcome);
    if (this.#phase === Phase.Closed) {
      if (this.#trips(failed, isSlow(outcome), nowUs)) this.#open(nowUs, hintMs);
      return;
    }
    if (failed) {
      if (++this.#probes.failures > this.numbers.allowedFailures) this.#open(nowUs, hintMs);
    } else if (++this.#probes.successes >= this.numbers.successesNeeded) {
      this.#enter(Phase.Closed);
      this.#openings = 0;
      this.#ramp.start(nowUs);
    }
  }

  #trips(failed: boolean, slow: boolean, nowUs: number): boolean {
    const { trip, minCalls, failurePpm, slowPpm } = this.numbers;
    if (trip.kind === "consecutive") {
      this.#inARow = failed ? this.#inARow + 1 : 0;
      return this.#inARow >= minCalls;
    }
    const window = this.#window;
    window.add(failed, slow, nowUs);
    if (window.total < minCalls) return false;
    return window.failures * 1e6 >= failurePpm * window.total || window.slow * 1e6 >= slowPpm * window.total;
  }

  #open(nowUs: number, hintMs: number): void {
    const { openForUs, openFactor, maxOpenUs } = this.numbers;
    let lastsUs = openForUs;
    // No opening is longer than 2^53 microseconds, whatever the factor.
    for (let i = Math.min(this.#openings, 53); i > 0; i--) lastsUs *= openFactor;
    const hintUs = Math.min(maxOpenUs, Math.ceil(hintMs * 1000));
    this.#enter(Phase.Open);
    this.#openings++;
    this.#openUntilUs = nowUs + Math.max(Math.min(lastsUs, maxOpenUs), hintUs);
  }
}
