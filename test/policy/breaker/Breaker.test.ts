import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BreakerSettings, TripRule } from "../../../src/policy/breaker/index.ts";
import { Breaker, Outcome, outcomeOf, Phase } from "../../../src/policy/breaker/index.ts";
import { PolicyFault } from "../../../src/policy/PolicyFault.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

interface Probe {
  permit: number;
  endMs: number;
}

/** The table of transitions over lists: every sample with its time, every permit with its epoch. */
class NaiveBreaker {
  readonly settings: BreakerSettings;
  phase: number = Phase.Closed;
  epoch = 0;
  openings = 0;
  openUntilMs = 0;
  issued: Array<{ epoch: number; settled: boolean }> = [];
  samples: Array<{ atMs: number; failed: boolean; slow: boolean }> = [];
  probes: Array<Probe> = [];
  successes = 0;
  failures = 0;
  hintMs = 0;

  constructor(settings: BreakerSettings) {
    this.settings = settings;
  }

  enter(phase: number): void {
    this.phase = phase;
    this.epoch++;
    this.samples = [];
    this.probes = [];
    this.successes = this.failures = 0;
  }

  issue(): number {
    this.issued.push({ epoch: this.epoch, settled: false });
    return this.issued.length - 1;
  }

  admit(nowMs: number): number {
    if (this.phase === Phase.Closed) return this.issue();
    if (this.phase === Phase.Open) {
      this.hintMs = this.openUntilMs - nowMs;
      if (this.hintMs > 0) return -1;
      this.enter(Phase.HalfOpen);
    }
    this.probes = this.probes.filter((probe) => probe.endMs > nowMs);
    const started = this.probes.length + this.successes + this.failures;
    const perRound = this.settings.successesNeeded + (this.settings.allowedFailures ?? 0);
    this.hintMs = Math.min(...this.probes.map((probe) => probe.endMs)) - nowMs;
    if (this.probes.length >= this.settings.probes || started >= perRound) return -1;
    const permit = this.issue();
    this.probes.push({ permit, endMs: nowMs + this.settings.probeLeaseMs });
    return permit;
  }

  settle(permit: number, outcome: number, nowMs: number): boolean {
    const one = this.issued[permit];
    if (one === undefined || one.settled || one.epoch !== this.epoch) return false;
    one.settled = true;
    if (this.phase === Phase.HalfOpen) {
      const probe = this.probes.find((probe) => probe.permit === permit && probe.endMs > nowMs);
      if (probe === undefined) return false;
      this.probes = this.probes.filter((other) => other !== probe);
    }
    if (outcome !== Outcome.Ignored) this.count(outcome === 1 || outcome === 3, outcome >= 2, nowMs);
    return true;
  }

  count(failed: boolean, slow: boolean, nowMs: number): void {
    if (this.phase === Phase.Closed) {
      this.samples.push({ atMs: nowMs, failed, slow });
      if (this.trips(nowMs)) this.open(nowMs);
    } else if (failed || (slow && "slowRatio" in this.settings.trip)) {
      if (++this.failures > (this.settings.allowedFailures ?? 0)) this.open(nowMs);
    } else if (++this.successes >= this.settings.successesNeeded) {
      this.enter(Phase.Closed);
      this.openings = 0;
    }
  }

  trips(nowMs: number): boolean {
    const rule = this.settings.trip;
    if (rule.kind === "consecutive")
      return this.samples.length >= rule.failures && this.samples.slice(-rule.failures).every((one) => one.failed);
    const bucketMs = rule.kind === "time" ? rule.windowMs / rule.buckets : 1;
    const inside =
      rule.kind === "count"
        ? this.samples.slice(-rule.size)
        : this.samples.filter(({ atMs }) => Math.floor(atMs / bucketMs) > Math.floor(nowMs / bucketMs) - rule.buckets);
    const share = (what: "failed" | "slow") => inside.filter((one) => one[what]).length / inside.length;
    return inside.length >= rule.minCalls && (share("failed") >= rule.failureRatio || share("slow") >= (rule.slowRatio ?? Infinity));
  }

  open(nowMs: number): void {
    const { openForMs, openFactor = 1, maxOpenMs = openForMs } = this.settings;
    this.openUntilMs = nowMs + Math.min(maxOpenMs, openForMs * openFactor ** this.openings);
    this.enter(Phase.Open);
    this.openings++;
  }
}

const trips: fc.Arbitrary<TripRule> = fc.oneof(
  fc.record({ kind: fc.constant("consecutive" as const), failures: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant("count" as const),
    size: fc.integer({ min: 4, max: 6 }),
    minCalls: fc.integer({ min: 1, max: 4 }),
    failureRatio: fc.constantFrom(0.25, 0.5, 1),
    slowRatio: fc.constantFrom(0.5, 1),
  }),
  fc.record({
    kind: fc.constant("time" as const),
    windowMs: fc.constant(2000),
    buckets: fc.constantFrom(1, 4),
    minCalls: fc.integer({ min: 1, max: 4 }),
    failureRatio: fc.constantFrom(0.25, 0.5, 1),
  }),
);
const settings = fc.record({
  trip: trips,
  openForMs: fc.constant(1000),
  openFactor: fc.constantFrom(1, 2),
  maxOpenMs: fc.constant(3000),
  probes: fc.integer({ min: 1, max: 3 }),
  successesNeeded: fc.integer({ min: 1, max: 3 }),
  allowedFailures: fc.integer({ min: 0, max: 1 }),
  probeLeaseMs: fc.constant(700),
});
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("call" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("settle" as const), which: fc.nat(5), outcome: fc.constantFrom(0, 1, 1, 1, 2, 3, 4) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("any" as const), which: fc.nat(40), outcome: fc.constantFrom(0, 1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("tick" as const),
      ms: fc.constantFrom(1, 499, 500, 699, 700, 701, 999, 1000, 1001, 2000, 5000, 86_400_000),
    }),
  },
);
const histories = fc.array(operation, { minLength: 6, maxLength: 60, size: "max" });
const restore = fc.record({ kind: fc.constant("restore" as const) });
const restored = fc.array(fc.oneof({ weight: 12, arbitrary: operation }, { weight: 1, arbitrary: restore }), {
  minLength: 6,
  maxLength: 60,
  size: "max",
});

type Operation = typeof restored extends fc.Arbitrary<Array<infer T>> ? T : never;

/** Runs a history on both; `live` holds the permits that nobody settled yet. */
function compare(given: BreakerSettings, list: ReadonlyArray<Operation>): void {
  let breaker = new Breaker(given);
  const naive = new NaiveBreaker(given);
  const live: Array<number> = [];
  let nowMs = 100;
  let offsetMs = 0;
  let rejected = 0;
  let stale = 0;
  for (const one of list) {
    if (one.kind === "tick") nowMs += one.ms;
    else if (one.kind === "restore") {
      // The time window keeps the age of its buckets, so a clock that differs by whole windows loses nothing.
      offsetMs += 4000;
      breaker = Breaker.restore(given, structuredClone(breaker.export(nowMs + offsetMs - 4000)), nowMs + offsetMs);
      for (const issued of naive.issued) issued.settled = true;
      live.length = rejected = stale = 0;
    } else if (one.kind === "call") {
      const permit = naive.admit(nowMs);
      expect(breaker.admit(nowMs + offsetMs)).toBe(permit);
      if (permit < 0) {
        expect(breaker.retryAfterMs).toBe(naive.hintMs);
        rejected++;
      } else live.push(permit);
    } else {
      const permit = one.kind === "any" ? one.which : (live.splice(one.which % Math.max(1, live.length), 1)[0] ?? 99);
      const counted = naive.settle(permit, one.outcome, nowMs);
      expect(breaker.settle(permit, one.outcome, nowMs + offsetMs)).toBe(counted);
      if (!counted) stale++;
    }
    expect([breaker.phase, breaker.epoch, breaker.openings]).toEqual([naive.phase, naive.epoch, naive.openings]);
    expect([breaker.rejected, breaker.stale]).toEqual([rejected, stale]);
  }
}

describe("breaker", () => {
  it("breaker: any settings and history -> phases, epochs, permits and hints of the table of transitions", () => {
    fc.assert(fc.property(settings, histories, (given, list) => compare(given, list)));
  });

  it("breaker: exported and restored on another clock, anywhere in a history -> goes on alike; permits of before are stale", () => {
    fc.assert(fc.property(settings, restored, (given, list) => compare(given, list)));
  });

  it("breaker: any accepted settings -> failures alone open it, then successes alone close it", () => {
    fc.assert(
      fc.property(settings, (given) => {
        const breaker = new Breaker(given);
        let nowMs = 0;
        for (let i = 0; i < 10 && breaker.phase === Phase.Closed; i++) breaker.settle(breaker.admit(nowMs), Outcome.Failure, nowMs);
        expect(breaker.phase).toBe(Phase.Open);
        expect(breaker.admit(nowMs + 999)).toBe(-1);
        nowMs += 1000;
        for (let i = 0; i < 3 && breaker.phase !== Phase.Closed; i++) breaker.settle(breaker.admit(nowMs), Outcome.Success, nowMs);
        expect(breaker.phase).toBe(Phase.Closed);
        expect(breaker.samples(nowMs)).toBe(0);
      }),
    );
  });
});

const BASE: BreakerSettings = {
  trip: { kind: "consecutive", failures: 2 },
  openForMs: 1000,
  probes: 2,
  successesNeeded: 2,
  probeLeaseMs: 500,
};
const opened = (given: BreakerSettings, hintMs = 0) => {
  const breaker = new Breaker(given);
  for (let i = 0; i < 2; i++) breaker.settle(breaker.admit(0), Outcome.Failure, 0, hintMs);
  return breaker;
};

it("breaker: hundred calls at the end of the open time -> as many probes as allowed; hung ones lose their slots with their leases", () => {
  const breaker = opened(BASE);
  const probes = Array.from({ length: 100 }, () => breaker.admit(1000)).filter((permit) => permit >= 0);
  expect(probes).toHaveLength(2);
  expect([breaker.admit(1499.999), breaker.retryAfterMs]).toEqual([-1, 0.001]);
  expect(breaker.admit(1500)).toBeGreaterThan(0);
  expect(breaker.settle(probes[0]!, Outcome.Success, 1500)).toBe(false);
});

it("breaker: a ramp after closing -> few calls at once, more with time, all at its end", () => {
  const breaker = opened({ ...BASE, rampMs: 1000, rampFromRatio: 0.1 });
  for (const permit of [breaker.admit(1000), breaker.admit(1000)]) breaker.settle(permit, Outcome.Success, 1000);
  expect(breaker.phase).toBe(Phase.Closed);
  const admitted = (nowMs: number) => Array.from({ length: 1000 }, () => breaker.admit(nowMs)).filter((permit) => permit >= 0).length;
  expect(breaker.retryAfterMs).toBe(0);
  expect(admitted(1000)).toBe(101);
  expect(breaker.retryAfterMs).toBe(1000);
  const moved = Breaker.restore({ ...BASE, rampMs: 1000, rampFromRatio: 0.1 }, breaker.export(1400), 77_000);
  expect([admitted(1500), breaker.retryAfterMs]).toEqual([550, 500]);
  expect([admitted(1999), admitted(2000)]).toEqual([999, 1000]);
  const admittedOfMoved = (nowMs: number) => Array.from({ length: 1000 }, () => moved.admit(nowMs)).filter((permit) => permit >= 0).length;
  expect([admittedOfMoved(77_100), moved.retryAfterMs, admittedOfMoved(77_600), admittedOfMoved(78_000)]).toEqual([551, 500, 1000, 1000]);
});

it("breaker: exported -> what is left of the open time, and of the leases that run", () => {
  const fresh = { phase: Phase.Closed, epoch: 0, openings: 0, nextPermit: 0, leftUs: 0, successes: 0, failures: 0 };
  expect(new Breaker(BASE).export(5)).toEqual({ ...fresh, leasesUs: [], rampAgeUs: 0, inARow: 0, samples: [], paces: [] });
  const breaker = opened(BASE);
  expect(breaker.export(400)).toMatchObject({ phase: Phase.Open, epoch: 1, openings: 1, nextPermit: 2, leftUs: 600_000 });
  breaker.admit(1000);
  breaker.admit(1200);
  expect(breaker.export(1400)).toMatchObject({ phase: Phase.HalfOpen, epoch: 2, leftUs: 0 });
  expect(breaker.export(1400).leasesUs.toSorted((one, other) => one - other)).toEqual([100_000, 300_000]);
  expect(breaker.export(1500).leasesUs).toEqual([200_000]);
});

it("breaker: a ramp once over -> over for a restored one, whatever its clock", () => {
  const late = Breaker.restore({ ...BASE, rampMs: 1000 }, new Breaker({ ...BASE, rampMs: 1000 }).export(5), -1e6);
  expect([late.admit(-1e6), late.admit(-1e6)]).toEqual([0, 1]);
});

it("breaker: openings in close succession -> each openFactor times as long, up to the maximum; closed between -> the first again", () => {
  const breaker = opened({ ...BASE, openFactor: 3, maxOpenMs: 20_000 });
  let nowMs = 0;
  const lengths = [1000, 3000, 9000, 20_000, 20_000].map((expected) => {
    expect([breaker.admit(nowMs + expected - 0.001), breaker.retryAfterMs]).toEqual([-1, 0.001]);
    nowMs += expected;
    const probe = breaker.admit(nowMs);
    breaker.settle(probe, Outcome.Failure, nowMs);
    return probe >= 0;
  });
  expect([lengths, breaker.openings]).toEqual([[true, true, true, true, true], 6]);
  nowMs += 20_000;
  for (let i = 0; i < 2; i++) breaker.settle(breaker.admit(nowMs), Outcome.Success, nowMs);
  for (let i = 0; i < 2; i++) breaker.settle(breaker.admit(nowMs), Outcome.Failure, nowMs);
  expect([breaker.openings, breaker.admit(nowMs), breaker.retryAfterMs]).toEqual([1, -1, 1000]);
});

it("breaker: samples of a time window -> leave it as time passes, also while nobody calls", () => {
  const breaker = new Breaker({ ...BASE, trip: { kind: "time", windowMs: 1000, buckets: 10, minCalls: 9, failureRatio: 1 } });
  for (const ms of [0, 50, 500]) breaker.settle(breaker.admit(ms), Outcome.Failure, ms);
  expect([999, 1000, 1499, 1500].map((ms) => breaker.samples(ms))).toEqual([3, 1, 1, 0]);
});

it.each([
  [true, 99, Outcome.Success],
  [true, 100, Outcome.SlowSuccess],
  [false, 99, Outcome.Failure],
  [false, 100, Outcome.SlowFailure],
])("outcome: succeeded %s after %d ms, slow from 100 on -> class %d", (succeeded, durationMs, expected) => {
  expect(outcomeOf(succeeded, durationMs, 100)).toBe(expected);
});

it("breaker: a server's hint -> lengthens the open time up to its maximum", () => {
  const admittedAt = (hintMs: number, nowMs: number) => opened({ ...BASE, maxOpenMs: 3000 }, hintMs).admit(nowMs) >= 0;
  expect([admittedAt(2000, 1999.999), admittedAt(2000, 2000)]).toEqual([false, true]);
  expect([admittedAt(Infinity, 2999.999), admittedAt(Infinity, 3000)]).toEqual([false, true]);
});

it("breaker: an outcome of a permit that is not remembered any more -> counts for nothing", () => {
  const breaker = new Breaker({ ...BASE, remembered: 4 });
  const permits = Array.from({ length: 5 }, () => breaker.admit(0));
  expect(permits.map((permit) => breaker.settle(permit, Outcome.Success, 0))).toEqual([false, true, true, true, true]);
  expect(breaker.stale).toBe(1);
});

it("breaker: a node clock that steps back -> frozen limiter time, and open again after it", () => {
  const breaker = opened(BASE);
  expect([breaker.admit(-3_600_000), breaker.retryAfterMs]).toEqual([-1, 1000]);
  expect(breaker.admit(1000)).toBeGreaterThan(0);
});

it.each<Partial<BreakerSettings>>([
  { openForMs: 0 },
  { openForMs: NaN },
  { openForMs: Infinity },
  { probes: 0 },
  { successesNeeded: 0 },
  { successesNeeded: 3, probesPerRound: 2 },
  { maxOpenMs: 10 },
  { probeLeaseMs: -1 },
  { trip: { kind: "consecutive", failures: 0 } },
  { trip: { kind: "count", size: 10, minCalls: 11, failureRatio: 0.5 } },
  { trip: { kind: "count", size: 10, minCalls: 5, failureRatio: 0 } },
  { trip: { kind: "count", size: 10, minCalls: 5, failureRatio: 1.01 } },
  { trip: { kind: "time", windowMs: 0, buckets: 10, minCalls: 5, failureRatio: 0.5 } },
])("breaker: settings %j -> refused", (wrong) => {
  expect(() => new Breaker({ ...BASE, ...wrong })).toThrow(SettingFault);
});

it("breaker: a setting out of bounds -> the fault that says what it must be", () => {
  const build = (given: BreakerSettings) => new Breaker(given);
  const whole = (least: number, most: number) => `a whole number >= ${least} <= ${most}`;
  const durationMs = "a finite number >= 0.001 <= 9000000000000";
  const ratio = "a finite number >= 0.000001 <= 1";
  const constraints = {
    openForMs: durationMs,
    openFactor: whole(1, 1000),
    maxOpenMs: durationMs,
    probes: whole(1, 1024),
    successesNeeded: whole(1, 1_048_576),
    allowedFailures: whole(0, 1_048_576),
    probesPerRound: whole(3, 2_097_152),
    probeLeaseMs: durationMs,
    rampMs: durationMs,
    rampFromRatio: ratio,
    remembered: whole(2, 16_777_216),
  };
  expectFaults("breaker", { ...BASE, allowedFailures: 1 }, constraints, build);
  const rate = { minCalls: whole(1, 10), failureRatio: ratio, slowRatio: ratio };
  const rules = [
    [{ kind: "consecutive", failures: 2 }, { failures: whole(1, 1_048_576) }],
    [
      { kind: "count", size: 10, minCalls: 2, failureRatio: 0.5 },
      { size: whole(1, 1_048_576), ...rate },
    ],
    [
      { kind: "time", windowMs: 1000, buckets: 10, minCalls: 2, failureRatio: 0.5 },
      { windowMs: durationMs, buckets: whole(1, 1000), ...rate, minCalls: whole(1, 1_048_576) },
    ],
  ] as const;
  for (const [trip, of] of rules) expectFaults<TripRule>("breaker.trip", trip, of, (given) => build({ ...BASE, trip: given }));
  expect(faultOf(() => build({ ...BASE, maxOpenMs: 999 }))).toEqual(new SettingFault("breaker.maxOpenMs", ">= breaker.openForMs", 999));
  const uneven: TripRule = { kind: "time", windowMs: 1000, buckets: 3, minCalls: 2, failureRatio: 0.5 };
  expect(faultOf(() => build({ ...BASE, trip: uneven }))).toEqual(
    new SettingFault("breaker.trip.windowMs", "whole microseconds in each bucket", 1000),
  );
});

it("breaker: an outcome that is none -> a fault, and the permit still counts", () => {
  const breaker = new Breaker(BASE);
  const permit = breaker.admit(0);
  for (const outcome of [-1, 5, 0.5, NaN]) {
    expect(faultOf(() => breaker.settle(permit, outcome, 0))).toEqual(new PolicyFault("breaker.outcome", "one of Outcome", outcome));
  }
  for (const hintMs of [-1, NaN]) {
    const fault = new PolicyFault("breaker.serverRetryAfterMs", "a number >= 0", hintMs);
    expect(faultOf(() => breaker.settle(permit, Outcome.Failure, 0, hintMs))).toEqual(fault);
  }
  expect(breaker.settle(permit, Outcome.Success, 0)).toBe(true);
});
