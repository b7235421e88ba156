import fc from "fast-check";
import { expect, it } from "vitest";
import { FixedWindow, Gcra, SlidingCounter, SlidingLog, TokenBucket } from "../../../src/policy/limiter/index.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { addMs, calls } from "./Histories.ts";

/** A bucket in exact fractions: levels and refills over the same denominator. */
class RationalBucket {
  readonly permits: bigint;
  readonly perUs: bigint;
  readonly full: bigint;
  level: bigint;
  atUs: bigint;

  constructor(permits: number, perMs: number, burst: number, parts: number, nowMs: number) {
    this.permits = BigInt(permits * parts);
    this.perUs = BigInt(Math.round(perMs * 1000));
    this.full = BigInt(burst * parts) * this.perUs;
    this.level = this.full;
    this.atUs = BigInt(Math.round(nowMs * 1000));
  }

  take(parts: number, nowMs: number): number {
    const nowUs = BigInt(Math.round(nowMs * 1000));
    const grown = this.level + (nowUs - this.atUs) * this.permits;
    this.level = grown > this.full ? this.full : grown;
    this.atUs = nowUs;
    const cost = BigInt(parts) * this.perUs;
    if (cost > this.full) return Infinity;
    if (this.level >= cost) {
      this.level -= cost;
      return 0;
    }
    return Number((cost - this.level + this.permits - 1n) / this.permits) / 1000;
  }
}

const settings = fc.record({
  permits: fc.constantFrom(1, 2, 3, 7, 60, 997, 100_000),
  perMs: fc.constantFrom(0.001, 1, 7, 33.333, 1000, 60_000, 3_600_000),
  burst: fc.integer({ min: 1, max: 40 }),
  partsPerPermit: fc.constantFrom(1, 1000),
});

it("tokenBucket, gcra: any rate, any history -> every decision and hint of a bucket in exact fractions", () => {
  fc.assert(
    fc.property(settings, calls([1, 7, 33.333, 1000, 60_000], 45), (given, list) => {
      const bucket = new TokenBucket(given);
      const gcra = new Gcra(given);
      let nowMs = 1.7e12;
      const exact = new RationalBucket(given.permits, given.perMs, given.burst, given.partsPerPermit, nowMs);
      const state = bucket.open(nowMs);
      const cell = gcra.open(nowMs);
      for (const call of list) {
        nowMs = addMs(nowMs, call.gapMs);
        const cost = given.partsPerPermit === 1 ? call.cost : (call.cost * 37) / 1000;
        const expected = exact.take(Math.round(cost * given.partsPerPermit), nowMs);
        expect(bucket.take(state, cost, nowMs)).toBe(expected);
        expect(gcra.take(cell, cost, nowMs)).toBe(expected);
        expect(gcra.remaining(cell, nowMs)).toBe(bucket.remaining(state, nowMs));
        expect(gcra.waitMs(cell, cost, nowMs)).toBe(bucket.waitMs(state, cost, nowMs));
      }
    }),
  );
});

it("tokenBucket: charges beyond the level -> debt, which is refilled before anybody is admitted; credit -> up to a full bucket", () => {
  const bucket = new TokenBucket({ permits: 10, perMs: 1000, burst: 5 });
  const state = bucket.open(0);
  bucket.charge(state, 7, 0);
  expect([bucket.remaining(state, 0), bucket.waitMs(state, 1, 0), bucket.remaining(state, 300)]).toEqual([0, 300, 1]);
  bucket.charge(state, 1, 300);
  bucket.credit(state, 2, 200);
  expect([bucket.remaining(state, 300), bucket.waitMs(state, 3, 200)]).toEqual([2, 200]);
  bucket.credit(state, 9, 300);
  expect([bucket.remaining(state, 300), bucket.idleAtMs(state)]).toEqual([5, 300]);
  bucket.charge(state, 8, 300);
  const wider = new TokenBucket({ permits: 1, perMs: 1000, burst: 5 });
  wider.adopt(state, bucket, 400);
  // A debt of 2 is rounded to the far side, by one unit.
  expect(wider.waitMs(state, 1, 400)).toBe(3000.001);
});

it("tokenBucket, gcra: over to thousandths of permits and back -> what remained, and idle at the same time", () => {
  const [whole, fine] = [
    { permits: 10, perMs: 1000, burst: 5 },
    { permits: 3, perMs: 1000, burst: 5, partsPerPermit: 1000 },
  ];
  for (const [from, to, idleMs] of [
    [whole, fine, 100 + 3000 / 3],
    [fine, whole, 100 + 370],
  ] as const) {
    for (const Limiter of [TokenBucket, Gcra] as const) {
      const [former, next] = [new Limiter(from), new Limiter(to)];
      const state = former.open(0) as any;
      former.take(state, 4, 0);
      next.adopt(state, former as any, 100);
      expect(Math.abs(next.idleAtMs(state) - idleMs)).toBeLessThan(0.002);
    }
  }
});

it("slidingLog: more admissions in a window than it began with room for, around the ring -> each leaves at its own time", () => {
  const log = new SlidingLog({ limit: 20, windowMs: 1000 });
  const state = log.open(0);
  const take = (nowMs: number) => log.take(state, 1, nowMs);
  const times = (count: number, fromMs: number) => Array.from({ length: count }, (_, i) => fromMs + 10 * i);
  expect(times(8, 0).map(take)).toEqual(times(8, 0).map(() => 0));
  // Five have left: the ring begins in its middle, and grows.
  expect(times(17, 1040).map(take)).toEqual(times(17, 0).map(() => 0));
  expect([take(1040 + 170), log.remaining(state, 1210)]).toEqual([0, 2]);
  expect([take(1210), take(1210), take(1210)]).toEqual([0, 0, 830]);
});

it("slidingLog, slidingCounter: an older reading -> decides as of the limiter's time", () => {
  const log = new SlidingLog({ limit: 5, windowMs: 1000 });
  const entries = log.open(0);
  expect([log.take(entries, 3, 1000), log.take(entries, 2, 500), log.take(entries, 1, 500)]).toEqual([0, 0, 1500]);
  const counter = new SlidingCounter({ limit: 5, windowMs: 1000 });
  const counts = counter.open(0);
  expect([counter.take(counts, 2, 2000), counter.take(counts, 3, 1500)]).toEqual([0, 0]);
});

it("tokenBucket: saturating arrivals at 1, 1.1, 1.5, 2 and 10 times the rate -> all of the rate, and no less under more load", () => {
  const admitted = [1, 1.1, 1.5, 2, 10].map((load) => {
    const bucket = new TokenBucket({ permits: 10, perMs: 1000, burst: 10 });
    const state = bucket.open(0);
    let count = 0;
    for (let i = 0; i < 10_000 * load; i++) if (bucket.take(state, 1, (i * 100) / load) === 0) count++;
    return count;
  });
  for (const count of admitted) {
    expect(count).toBeGreaterThanOrEqual(9_999);
    expect(count).toBeLessThanOrEqual(10_010);
  }
});

it("tokenBucket: the four calls that a copied Redis script decides wrongly -> all admitted", () => {
  const bucket = new TokenBucket({ permits: 10, perMs: 1000, burst: 2 });
  const state = bucket.open(0);
  expect([0, 0, 150, 200].map((at) => bucket.take(state, 1, at))).toEqual([0, 0, 0, 0]);
});

it("slidingLog: any history -> a list of all admissions decides the same", () => {
  fc.assert(
    fc.property(fc.constantFrom(5, 12, 25), calls([1000], 6), (limit, list) => {
      const log = new SlidingLog({ limit, windowMs: 1000 });
      const state = log.open(0);
      const admitted: Array<{ atMs: number; cost: number }> = [];
      let nowMs = 0;
      for (const { gapMs, cost: drawn } of list) {
        nowMs = addMs(nowMs, gapMs);
        // Small costs, for more admissions than the log begins with room for.
        const cost = limit === 5 ? drawn : 1 + (drawn % 2);
        const inside = admitted.filter(({ atMs }) => addMs(atMs, 1000) > nowMs).reduce((sum, one) => sum + one.cost, 0);
        const fits = inside + cost <= limit;
        expect(log.remaining(state, nowMs)).toBe(limit - inside);
        if (fits) admitted.push({ atMs: nowMs, cost });
        expect(log.take(state, cost, nowMs) === 0).toBe(fits);
        if (fits) expect(state.size).toBe(admitted.filter(({ atMs }) => addMs(atMs, 1000) > nowMs).length);
      }
    }),
  );
});

it("slidingCounter: any history -> the weighted counts of a table of all windows, in exact fractions", () => {
  fc.assert(
    fc.property(calls([1000, 2000], 6), (list) => {
      const counter = new SlidingCounter({ limit: 5, windowMs: 1000 });
      const state = counter.open(0);
      const counts = new Map<number, number>();
      let nowMs = 0;
      for (const { gapMs, cost } of list) {
        nowMs = addMs(nowMs, gapMs);
        const us = Math.round(nowMs * 1000);
        const window = Math.floor(us / 1e6);
        const [current, previous] = [counts.get(window) ?? 0, counts.get(window - 1) ?? 0];
        const fits = previous * (1e6 - (us - window * 1e6)) + (current + cost) * 1e6 <= 5e6;
        if (fits) counts.set(window, current + cost);
        expect(counter.take(state, cost, nowMs) === 0).toBe(fits);
      }
    }),
  );
});

it("fixedWindow: a burst on both sides of an edge -> 2 L aligned, 2 L - 1 anchored", () => {
  const admitted = (anchored: boolean, times: ReadonlyArray<number>) => {
    const limiter = new FixedWindow({ limit: 10, windowMs: 10_000, anchored });
    const state = limiter.open(0);
    return times.filter((at) => limiter.take(state, 1, at) === 0).length;
  };
  expect(admitted(false, [...Array(20).fill(9_999), ...Array(20).fill(10_000)])).toBe(20);
  expect(admitted(true, [0, ...Array(20).fill(9_999), ...Array(20).fill(10_000)])).toBe(20);
});

it("refill: a capacity that doubles cannot count -> a setting fault that names the most", () => {
  expect(() => new TokenBucket({ permits: 7, perMs: 86_400_000, burst: 1e9 })).toThrow(SettingFault);
  for (const value of [NaN, 0, -1, 0.5, Infinity]) {
    expect(() => new TokenBucket({ permits: value, perMs: 1000, burst: 1 })).toThrow(SettingFault);
    expect(() => new TokenBucket({ permits: 1, perMs: 1000, burst: value })).toThrow(SettingFault);
  }
});
