import { microsOf } from "../Micros.ts";
import { PolicyFault } from "../PolicyFault.ts";
import { breakerNumbers } from "./BreakerSettings.ts";
import type { BreakerNumbers, BreakerSettings } from "./BreakerSettings.ts";
import type { CircuitBreaker } from "./CircuitBreaker.ts";
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
  /** Of calls judged by how long they took; empty where no rule asks for it. */
  readonly paces: SampleDump;
}

/**
 * Circuit breaker whose permits belong to an epoch; the epoch grows with each change of phase, and outcomes of earlier epochs count for nothing.
 * Closed -> Open by the trip rule; Open -> HalfOpen at the first call after the open time; HalfOpen -> Closed or Open by the probes of that round.
 * A call's success is judged at its end; its pace too, or as soon as it is told by `pace`, so that calls which last longer than the window are known
 * to be slow within it. Where slow calls open the breaker, a slow probe has failed.
 * Needs no timer: everything is decided when it is asked. Time is the caller's monotone clock in whole microseconds; an older reading counts as the
 * newest one so far. Limits starts, not calls in flight. O(1) per decision (O(probes) while half-open), without allocation.
 */
export class Breaker implements CircuitBreaker {
  declare readonly numbers: BreakerNumbers;
  /** Ends of calls: bad are failures. */
  readonly #ends: SampleWindow;
  /** Paces of calls: bad are slow ones, each judged once; undefined where no rule asks for it. */
  readonly #paces: { readonly window: SampleWindow; readonly log: PermitLog } | undefined;
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
    this.#ends = windowOf(numbers);
    this.#paces = numbers.slowPpm === Infinity ? undefined : { window: windowOf(numbers), log: new PermitLog(numbers.remembered, 0) };
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
      if (this.#ramp.admits(nowUs)) return this.#issue();
      return this.#refuse(this.#ramp.leftUs(nowUs));
    }
    if (this.#phase === Phase.Open) {
      if (nowUs < this.#openUntilUs) return this.#refuse(this.#openUntilUs - nowUs);
      this.#enter(Phase.HalfOpen);
    }
    if (this.#probes.start(this.#log.next, nowUs)) return this.#issue();
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
    else if (outcome !== Outcome.Ignored) this.#count(permit, outcome, nowUs, serverRetryAfterMs);
    return live;
  }

  get judgesPace(): boolean {
    return this.#paces !== undefined;
  }

  /**
   * Judges the pace of a call that goes on: it has lasted as long as a slow one, or began to answer in time. Whether it failed is judged at its end.
   * True when it counted: each call's pace is judged once, at its end if not before. A slow probe has failed, and its end counts no more.
   */
  pace(permit: number, slow: boolean, nowMs: number): boolean {
    const nowUs = this.#advance(nowMs);
    if (!this.#log.awaits(permit) || (this.#phase === Phase.HalfOpen && !this.#probes.holds(permit, nowUs))) return false;
    const fresh = this.#judgePace(permit, slow, nowUs);
    if (!fresh) return false;
    if (this.#phase === Phase.Closed && this.#trips(nowUs)) this.#open(nowUs, 0);
    else if (this.#phase === Phase.HalfOpen && slow) {
      this.#log.settle(permit);
      this.#probes.end(permit, nowUs);
      this.#failProbe(nowUs, 0);
    }
    return true;
  }

  /** Ends in the window as of now; 0 with a consecutive rule. */
  samples(nowMs: number): number {
    this.#ends.advance(this.#advance(nowMs));
    return this.#ends.total;
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
      samples: this.#ends.dump(nowUs),
      paces: this.#paces?.window.dump(nowUs) ?? [],
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
    for (const log of [breaker.#log, breaker.#paces?.log]) {
      if (log === undefined) continue;
      log.next = snapshot.nextPermit;
      log.forget();
    }
    breaker.#openUntilUs = nowUs + snapshot.leftUs;
    breaker.#probes.load(snapshot.successes, snapshot.failures, snapshot.leasesUs, nowUs);
    breaker.#ramp.start(nowUs - snapshot.rampAgeUs);
    breaker.#inARow = snapshot.inARow;
    breaker.#ends.load(snapshot.samples, nowUs);
    breaker.#paces?.window.load(snapshot.paces, nowUs);
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
    this.#ends.clear();
    this.#paces?.log.forget();
    this.#paces?.window.clear();
    this.#inARow = 0;
    this.#probes.clear();
  }

  #issue(): number {
    this.#paces?.log.issue();
    return this.#log.issue();
  }

  #count(permit: number, outcome: number, nowUs: number, hintMs: number): void {
    const failed = isFailure(outcome);
    const slow = this.#judgePace(permit, isSlow(outcome), nowUs) && isSlow(outcome);
    if (this.#phase === Phase.Closed) {
      this.#inARow = failed ? this.#inARow + 1 : 0;
      if (this.numbers.trip.kind !== "consecutive") this.#ends.add(failed, nowUs);
      if (this.#trips(nowUs)) this.#open(nowUs, hintMs);
    } else if (failed || slow) this.#failProbe(nowUs, hintMs);
    else if (++this.#probes.successes >= this.numbers.successesNeeded) {
      this.#enter(Phase.Closed);
      this.#openings = 0;
      this.#ramp.start(nowUs);
    }
  }

  #failProbe(nowUs: number, hintMs: number): void {
    if (++this.#probes.failures > this.numbers.allowedFailures) this.#open(nowUs, hintMs);
  }

  /** False where it was judged before, or nobody asks for it. */
  #judgePace(permit: number, slow: boolean, nowUs: number): boolean {
    const paces = this.#paces;
    if (paces === undefined || !paces.log.settle(permit)) return false;
    if (this.#phase === Phase.Closed) paces.window.add(slow, nowUs);
    return true;
  }

  #trips(nowUs: number): boolean {
    const { trip, minCalls, failurePpm, slowPpm } = this.numbers;
    if (trip.kind === "consecutive") return this.#inARow >= minCalls;
    this.#ends.advance(nowUs);
    if (reaches(this.#ends, minCalls, failurePpm)) return true;
    if (this.#paces === undefined) return false;
    this.#paces.window.advance(nowUs);
    return reaches(this.#paces.window, minCalls, slowPpm);
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

function windowOf({ trip, bucketUs }: BreakerNumbers): SampleWindow {
  return trip.kind === "time" ? new TimeWindow(trip.buckets, bucketUs) : new CountWindow(trip.kind === "count" ? trip.size : 1);
}

function reaches({ total, bad }: SampleWindow, minCalls: number, ppm: number): boolean {
  return total >= minCalls && bad * 1e6 >= ppm * total;
}
