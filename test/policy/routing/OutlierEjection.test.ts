import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutlierSettings } from "../../../src/policy/routing/index.ts";
import { LeastOutstanding, OutlierEjection, RoundRobin, RouteEnd, routerOf } from "../../../src/policy/routing/index.ts";
import { countPicks, fleetOf, members, request } from "./Fleet.ts";

const DRAW = () => 0;
const ENVOY: OutlierSettings = {
  consecutiveFailures: 5,
  sweepMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedRatio: 0.1,
  panicRatio: 0.5,
};
const idle = (count: number) => fleetOf(Array.from({ length: count }, () => ({})));
const failAll = (router: OutlierEjection, replica: number, times: number, nowMs: number) => {
  for (let turn = 0; turn < times; turn++) router.ended(replica, RouteEnd.Failed, 1, nowMs);
};

interface Host {
  failures: number;
  times: number;
  /** Undefined: in. */
  outSince: number | undefined;
}

/** Every sweep by itself, every host in a list. */
class NaiveDetector {
  readonly hosts: Array<Host>;
  readonly settings: OutlierSettings;
  swept = 0;

  constructor(count: number, settings: OutlierSettings) {
    this.settings = settings;
    this.hosts = Array.from({ length: count }, () => ({ failures: 0, times: 0, outSince: undefined }));
  }

  advance(nowMs: number): void {
    while ((this.swept + 1) * this.settings.sweepMs <= nowMs) {
      const at = ++this.swept * this.settings.sweepMs;
      for (const host of this.hosts) {
        if (host.outSince === undefined) host.times = Math.max(0, host.times - 1);
        else if (at >= host.outSince + Math.min(host.times * this.settings.baseEjectionMs, this.settings.maxEjectionMs)) {
          host.outSince = undefined;
          host.failures = 0;
        }
      }
    }
  }

  end(replica: number, ok: boolean, nowMs: number): void {
    this.advance(nowMs);
    const host = this.hosts[replica]!;
    if (host.outSince !== undefined) return;
    host.failures = ok ? 0 : host.failures + 1;
    const out = this.out().length + 1;
    const cap = Math.max(1, Math.floor(this.settings.maxEjectedRatio * this.hosts.length));
    if (host.failures < this.settings.consecutiveFailures || out > cap || out >= this.hosts.length) return;
    host.outSince = nowMs;
    host.times++;
  }

  out(): Array<number> {
    return this.hosts.flatMap((host, i) => (host.outSince === undefined ? [] : [i]));
  }
}

describe("outlierEjection", () => {
  it("outlierEjection: any history -> the ejections of a detector that sweeps every time; never more than the cap", () => {
    const step = fc.record({
      gapMs: fc.constantFrom(0, 1, 99, 100, 101, 299, 300, 301, 1000, 5000),
      replica: fc.nat(5),
      how: fc.constantFrom(RouteEnd.Completed, RouteEnd.Failed, RouteEnd.Failed, RouteEnd.Cancelled),
      repeat: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0, 0.34, 0.67, 1),
        fc.array(step, { maxLength: 50 }),
        (count, ratio, history) => {
          const settings = {
            ...ENVOY,
            consecutiveFailures: 2,
            sweepMs: 100,
            baseEjectionMs: 300,
            maxEjectionMs: 700,
            maxEjectedRatio: ratio,
            panicRatio: 0,
          };
          const router = new OutlierEjection(new RoundRobin(), settings);
          const naive = new NaiveDetector(count, settings);
          const fleet = idle(count);
          let nowMs = 0;
          router.pick(fleet, request(), DRAW, nowMs);
          for (const { gapMs, replica, how, repeat } of history) {
            nowMs += gapMs;
            for (let turn = 0; turn < repeat; turn++) {
              router.ended(replica % count, how, 1, nowMs);
              naive.advance(nowMs);
              if (how !== RouteEnd.Cancelled) naive.end(replica % count, how === RouteEnd.Completed, nowMs);
            }
            const seen = new Set(countPicksOf(router, fleet, nowMs));
            const out = naive.out();
            expect(seen).toEqual(new Set(Array.from({ length: count }, (_, i) => i).filter((i) => !out.includes(i))));
            expect(router.ejected).toBe(out.length);
            expect(out.length).toBeLessThanOrEqual(Math.min(Math.max(1, Math.floor(ratio * count)), count - 1));
          }
        },
      ),
    );
  });

  it("outlierEjection: five failures in a row at 1 s -> out until the sweep at 40 s, then in; the hint says so", () => {
    const router = new OutlierEjection(new RoundRobin(), ENVOY);
    const fleet = idle(10);
    const gets = (nowMs: number) => countPicks(10, 50, () => router.pick(fleet, request(), DRAW, nowMs))[4]!;
    expect(gets(0)).toBe(5);
    failAll(router, 4, 4, 1000);
    router.ended(4, RouteEnd.Completed, 1, 1000);
    failAll(router, 4, 4, 1000);
    expect(gets(1000)).toBe(5);
    router.ended(4, RouteEnd.Cancelled, 1, 1000);
    failAll(router, 4, 1, 1000);
    expect([gets(1000), gets(39_999)]).toEqual([0, 0]);
    expect(router.reopensAtMs(1000)).toBe(40_000);
    expect(gets(40_000)).toBe(5);
  });

  it("outlierEjection: ejected again and again -> 30, 60, 90 s; calm sweeps shorten it again", () => {
    const router = new OutlierEjection(new RoundRobin(), { ...ENVOY, sweepMs: 1000 });
    router.pick(idle(10), request(), DRAW, 0);
    let nowMs = 0;
    for (const lengthMs of [30_000, 60_000, 90_000]) {
      failAll(router, 2, 5, nowMs);
      expect(router.reopensAtMs(nowMs)).toBe(nowMs + lengthMs);
      nowMs += lengthMs;
    }
    nowMs += 2000;
    failAll(router, 2, 5, nowMs);
    expect(router.reopensAtMs(nowMs)).toBe(nowMs + 60_000);
  });

  it("outlierEjection: three replicas, cap 67 %, all fail at once -> two out, one in; a single replica is never out", () => {
    for (const [count, out] of [
      [3, 2],
      [1, 0],
      [2, 1],
    ] as const) {
      const router = new OutlierEjection(new RoundRobin(), { ...ENVOY, maxEjectedRatio: 0.67, panicRatio: 0 });
      router.pick(idle(count), request(), DRAW, 0);
      for (let replica = 0; replica < count; replica++) failAll(router, replica, 9, 0);
      expect(router.ejected).toBe(out);
    }
  });

  it("outlierEjection: less than half are in -> ejections are ignored", () => {
    const router = new OutlierEjection(new RoundRobin(), { ...ENVOY, maxEjectedRatio: 1 });
    const fleet = idle(4);
    router.pick(fleet, request(), DRAW, 0);
    failAll(router, 0, 5, 0);
    failAll(router, 1, 5, 0);
    expect(countPicks(4, 40, () => router.pick(fleet, request(), DRAW, 0))).toEqual([0, 0, 20, 20]);
    failAll(router, 2, 5, 0);
    expect(countPicks(4, 40, () => router.pick(fleet, request(), DRAW, 0))).toEqual([10, 10, 10, 10]);
  });

  it("outlierEjection: the only primary is out -> the backup in the same millisecond, the primary after the sweep", () => {
    const router = new OutlierEjection(new LeastOutstanding(), ENVOY);
    const fleet = fleetOf([{}, { backup: true }]);
    expect(router.pick(fleet, request(), DRAW, 5)).toBe(0);
    failAll(router, 0, 5, 5);
    expect(router.pick(fleet, request(), DRAW, 5)).toBe(1);
    expect(router.pick(fleet, request(), DRAW, 39_999)).toBe(1);
    expect(router.pick(fleet, request(), DRAW, 40_000)).toBe(0);
  });

  it("outlierEjection: a replica started anew -> in, with a clean record", () => {
    const router = new OutlierEjection(new RoundRobin(), ENVOY);
    const fleet = idle(2);
    router.pick(fleet, request(), DRAW, 0);
    failAll(router, 0, 5, 0);
    router.joined(0, 100);
    expect(router.ejected).toBe(0);
    failAll(router, 0, 5, 100);
    expect(router.reopensAtMs(100)).toBe(40_000);
  });
});

const share = (router: ReturnType<typeof routerOf>, fleet: ReturnType<typeof idle>, nowMs: number) =>
  countPicks(fleet.count, 4000, () => router.pick(fleet, request(), DRAW, nowMs))[1]! / 4000;

describe("slowStart", () => {
  const slowStart = { windowMs: 60_000, aggression: 1, minimumRatio: 0.1 };

  it("slowStart: least outstanding with an empty newcomer -> its share grows along the line, and is fair after the window", () => {
    const router = routerOf({ kind: "leastOutstanding", slowStart });
    const fleet = fleetOf([{ outstanding: 50 }, {}, { outstanding: 50 }, { outstanding: 50 }]);
    expect(share(router, fleet, 0)).toBe(1);
    router.joined!(1, 1000);
    const shares = [1000, 16_000, 31_000, 46_000].map((nowMs) => share(router, fleet, nowMs));
    [0.1, 0.25, 0.5, 0.75].forEach((growth, i) => expect(Math.abs(shares[i]! - growth / 4)).toBeLessThan(0.002));
    expect(share(router, fleet, 60_999)).toBeLessThan(0.251);
    expect(share(router, fleet, 61_000)).toBe(1);
  });

  it("slowStart: half of the window, two replicas -> each fourth pick, once its credit is full", () => {
    const router = routerOf({ kind: "leastOutstanding", slowStart });
    router.joined!(1, 0);
    const fleet = fleetOf([{ outstanding: 50 }, {}]);
    expect(Array.from({ length: 8 }, () => router.pick(fleet, request(), DRAW, 30_000))).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it("slowStart: any fleets, joinings and times -> the picks of credits kept in a list", () => {
    const turn = fc.record({ fleet: members(5), gapMs: fc.constantFrom(0, 0, 1000, 20_000, 60_000), joins: fc.nat(9) });
    fc.assert(
      fc.property(fc.constantFrom(0.5, 1, 2), fc.array(turn, { minLength: 5, maxLength: 40 }), (aggression, turns) => {
        const router = routerOf({ kind: "roundRobin", slowStart: { ...slowStart, aggression } });
        const inner = new RoundRobin();
        const newcomers = new Map<number, { joinedMs: number; credit: number }>();
        let nowMs = 0;
        for (const { fleet: list, gapMs, joins } of turns) {
          nowMs += gapMs;
          if (joins < 5) {
            router.joined!(joins, nowMs);
            newcomers.set(joins, { joinedMs: nowMs, credit: 0 });
          }
          const fleet = fleetOf(list);
          const masked = fleetOf(list);
          const total = list.reduce((sum, { available, weight }) => sum + (available ? weight : 0), 0);
          if (newcomers.size > 0) {
            for (const [replica, one] of newcomers) {
              if (list[replica]?.available !== true) continue;
              const growth = Math.max(0.1, Math.min(1, (nowMs - one.joinedMs) / 60_000) ** (1 / aggression));
              if (growth === 1) newcomers.delete(replica);
              else {
                const earned = (growth * list[replica]!.weight) / total;
                one.credit = Math.min(1 + earned, one.credit + earned);
                if (one.credit < 1) masked.available[replica] = 0;
              }
            }
            let expected = inner.pick(masked);
            if (expected < 0 || list[expected]!.backup) expected = inner.pick(fleet);
            const charged = newcomers.get(expected);
            if (charged !== undefined) charged.credit = Math.max(0, charged.credit - 1);
            expect(router.pick(fleet, request(), DRAW, nowMs)).toBe(expected);
          } else expect(router.pick(fleet, request(), DRAW, nowMs)).toBe(inner.pick(fleet));
        }
      }),
    );
  });

  it("slowStart: any time, weights and router -> never more than its growing share and one", () => {
    const kinds = fc.constantFrom("roundRobin" as const, "leastOutstanding" as const, "weighted" as const);
    fc.assert(
      fc.property(
        kinds,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }),
        fc.nat(59_999),
        fc.integer({ min: 1, max: 400 }),
        (kind, weights, nowMs, picks) => {
          const router = routerOf({ kind, slowStart });
          const fleet = fleetOf(weights.map((weight) => ({ weight })));
          router.joined!(0, 0);
          const got = countPicks(weights.length, picks, () => router.pick(fleet, request(), DRAW, nowMs))[0]!;
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          expect(got).toBeLessThanOrEqual(1 + (picks * Math.max(0.1, nowMs / 60_000) * weights[0]!) / total);
        },
      ),
    );
  });

  it("slowStart: nobody else has room -> the newcomer is chosen; before a backup too", () => {
    const router = routerOf({ kind: "roundRobin", slowStart });
    const fleet = fleetOf([{}, {}, { backup: true }]);
    router.joined!(1, 0);
    fleet.available[0] = 0;
    expect(countPicks(3, 20, () => router.pick(fleet, request(), DRAW, 0))).toEqual([0, 20, 0]);
  });

  it("slowStart: inside an ejection -> a replica that comes back warms up", () => {
    const router = routerOf({ kind: "roundRobin", slowStart, outlierEjection: ENVOY });
    const fleet = idle(4);
    router.pick(fleet, request(), DRAW, 0);
    for (let turn = 0; turn < 5; turn++) router.ended!(1, RouteEnd.Failed, 1, 0);
    expect(share(router, fleet, 29_999)).toBe(0);
    expect(share(router, fleet, 30_000)).toBeLessThan(0.026);
    expect(share(router, fleet, 90_000)).toBe(0.25);
  });

  it("slowStart, outlierEjection: bad settings -> a fault that names them", () => {
    expect(() => routerOf({ kind: "random", slowStart: { ...slowStart, windowMs: 0 } })).toThrow("slowStart.windowMs: must be");
    expect(() => routerOf({ kind: "random", slowStart: { ...slowStart, minimumRatio: 0 } })).toThrow("slowStart.minimumRatio: must be");
    expect(() => routerOf({ kind: "random", outlierEjection: { ...ENVOY, maxEjectedRatio: 1.1 } })).toThrow(
      "outlierEjection.maxEjectedRatio",
    );
    expect(() => routerOf({ kind: "random", outlierEjection: { ...ENVOY, maxEjectionMs: 1 } })).toThrow(
      "outlierEjection.maxEjectionMs: must be",
    );
  });
});

function countPicksOf(router: OutlierEjection, fleet: ReturnType<typeof idle>, nowMs: number): Array<number> {
  return Array.from({ length: 2 * fleet.count }, () => router.pick(fleet, request(), DRAW, nowMs));
}
