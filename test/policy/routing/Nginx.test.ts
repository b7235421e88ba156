import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FleetView, NginxSettings } from "../../../src/policy/routing/index.ts";
import { LeastConnections, LeastOutstanding, NginxRoundRobin, RouteEnd, Weighted } from "../../../src/policy/routing/index.ts";
import { candidatesOf, countPicks, fleetOf, request } from "./Fleet.ts";

const DRAW = () => 0;
const SETTINGS: NginxSettings = { maxFails: 3, failTimeoutMs: 10_000 };
const nameOf = (replica: number) => "abcdefgh"[replica];

/** nginx's peer, with the names of its source. */
interface Peer {
  readonly weight: number;
  readonly backup: boolean;
  effectiveWeight: number;
  currentWeight: number;
  conns: number;
  fails: number;
  checked: number;
  accessed: number;
}

/** Written line by line after ngx_http_upstream_get_peer, ..._get_least_conn_peer and ..._free_peer. */
class Upstream {
  readonly peers: Array<Peer>;
  readonly maxFails: number;
  readonly failTimeout: number;
  readonly leastConn: boolean;

  constructor(weights: ReadonlyArray<{ weight: number; backup: boolean }>, settings: NginxSettings, leastConn: boolean) {
    const fresh = { currentWeight: 0, conns: 0, fails: 0, checked: -1e9, accessed: -1e9 };
    this.peers = weights.map(({ weight, backup }) => ({ ...fresh, weight, backup, effectiveWeight: weight }));
    this.maxFails = settings.maxFails;
    this.failTimeout = settings.failTimeoutMs / 1000;
    this.leastConn = leastConn;
  }

  get(down: ReadonlyArray<boolean>, now: number): number {
    for (const backup of [false, true]) {
      const able = this.peers.filter((peer, i) => {
        if (down[i] || peer.backup !== backup) return false;
        if (this.peers.length === 1) return true;
        return !(this.maxFails > 0 && peer.fails >= this.maxFails && now - peer.checked <= this.failTimeout);
      });
      if (able.length > 0) return this.peers.indexOf(this.leastConn ? this.least(able, now) : this.turn(able, now));
    }
    return -1;
  }

  turn(able: ReadonlyArray<Peer>, now: number): Peer {
    let total = 0;
    let best: Peer | undefined;
    for (const peer of able) {
      peer.currentWeight += peer.effectiveWeight;
      total += peer.effectiveWeight;
      if (peer.effectiveWeight < peer.weight) peer.effectiveWeight++;
      if (best === undefined || peer.currentWeight > best.currentWeight) best = peer;
    }
    best!.currentWeight -= total;
    if (now - best!.checked > this.failTimeout) best!.checked = now;
    return best!;
  }

  least(able: ReadonlyArray<Peer>, now: number): Peer {
    const least = Math.min(...able.map((peer) => peer.conns / peer.weight));
    const tied = able.filter((peer) => peer.conns / peer.weight === least);
    if (tied.length > 1) return this.turn(tied, now);
    if (now - tied[0]!.checked > this.failTimeout) tied[0]!.checked = now;
    return tied[0]!;
  }

  free(index: number, failed: boolean, now: number): void {
    const peer = this.peers[index]!;
    peer.conns--;
    if (this.peers.length === 1) return;
    if (failed) {
      peer.fails++;
      peer.accessed = now;
      peer.checked = now;
      if (this.maxFails > 0) peer.effectiveWeight -= Math.floor(peer.weight / this.maxFails);
      if (peer.effectiveWeight < 0) peer.effectiveWeight = 0;
    } else if (peer.accessed < peer.checked) peer.fails = 0;
  }
}

const steps = fc.array(
  fc.record({
    /** Around whole seconds and around the time limit. */
    gapMs: fc.constantFrom(0, 1, 400, 999, 1000, 1001, 2999, 3000, 3001, 3999, 4000, 4001, 9000),
    act: fc.constantFrom("pick", "pick", "pick", "end", "fail", "down"),
    which: fc.nat(30),
  }),
  { minLength: 1, maxLength: 60 },
);
const groups = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 6 }), backup: fc.boolean() }), { minLength: 1, maxLength: 5 });

describe.each([
  ["nginx", NginxRoundRobin, false],
  ["leastConnections", LeastConnections, true],
] as const)("%s", (name, Router, leastConn) => {
  it(`${name}: any history of picks, ends, failures and outages -> the choices of nginx's source`, () => {
    fc.assert(
      fc.property(groups, fc.nat(3), steps, (weights, maxFails, history) => {
        const settings = { maxFails, failTimeoutMs: 3000 };
        const router = new Router(settings);
        const upstream = new Upstream(weights, settings, leastConn);
        const fleet = fleetOf(weights);
        const running: Array<number> = [];
        let nowMs = 0;
        for (const { gapMs, act, which } of history) {
          nowMs += gapMs;
          const seconds = Math.floor(nowMs / 1000);
          if (act === "down") fleet.available[which % weights.length]! ^= 1;
          else if (act === "pick") {
            const down = weights.map((_, i) => fleet.available[i] === 0);
            const expected = upstream.get(down, seconds);
            expect(router.pick(fleet, request(), DRAW, nowMs)).toBe(expected);
            if (expected < 0) continue;
            upstream.peers[expected]!.conns++;
            fleet.outstanding[expected]! += 1;
            running.push(expected);
          } else if (running.length > 0) {
            const [replica] = running.splice(which % running.length, 1) as [number];
            fleet.outstanding[replica]! -= 1;
            upstream.free(replica, act === "fail", seconds);
            router.ended(replica, act === "fail" ? RouteEnd.Failed : RouteEnd.Completed, 5, nowMs);
          }
        }
      }),
    );
  });

  it(`${name}: bad settings -> a fault that names setting, constraint and value`, () => {
    expect(() => new Router({ maxFails: -1, failTimeoutMs: 1000 })).toThrow(`${name}.maxFails: must be a whole number >= 0`);
    expect(() => new Router({ maxFails: 1, failTimeoutMs: 1500 })).toThrow(`${name}.failTimeoutMs / 1000: must be a whole number`);
    expect(() => new Router({ maxFails: Number.NaN, failTimeoutMs: 1000 })).toThrow(RangeError);
  });
});

/** Sends an attempt to the only eligible primary at a time and lets it end at once; answers who got it. */
function attempt(router: NginxRoundRobin, fleet: FleetView, atMs: number, how?: number): string | undefined {
  const replica = router.pick(fleet, request(), DRAW, atMs);
  if (how !== undefined) router.ended(replica, how, 1, atMs);
  return nameOf(replica);
}

describe("nginx passive checks", () => {
  /** a and b take turns; b never fails. Failures of a at 0, 9 and 18 s, with successes of both in between. */
  const failing = (): { router: NginxRoundRobin; fleet: FleetView; on: (second: number, how?: number) => string | undefined } => {
    const fleet = fleetOf([{}, {}]);
    const router = new NginxRoundRobin(SETTINGS);
    const only = (replica: number, second: number, how?: number): string | undefined => {
      fleet.available.set(replica === 0 ? [1, 0] : [0, 1]);
      const name = attempt(router, fleet, second * 1000, how);
      fleet.available.set([1, 1]);
      return name;
    };
    for (const second of [0, 9, 18]) {
      expect(only(0, second, RouteEnd.Failed)).toBe("a");
      if (second < 18) expect(only(0, second + 3, RouteEnd.Completed)).toBe("a");
    }
    return { router, fleet, on: (second, how) => only(0, second, how) };
  };

  it("nginx: failures at 0, 9 and 18 s with successes in between -> out at 18 s, still at 28 s, one probe at 29 s", () => {
    const { on, router } = failing();
    expect([on(18), on(28)]).toEqual([undefined, undefined]);
    expect(router.reopensAtMs(18_000)).toBe(29_000);
    expect(on(28.999)).toBe(undefined);
    expect(on(29)).toBe("a");
    expect([on(29), on(39), on(39.999)]).toEqual([undefined, undefined, undefined]);
  });

  it("nginx: the probe gets no answer -> the next one at 40 s", () => {
    const { on } = failing();
    expect([on(29), on(39), on(40), on(40)]).toEqual(["a", undefined, "a", undefined]);
  });

  it("nginx: the probe succeeds -> fully back; fails -> out for another 10 s", () => {
    const back = failing();
    expect(back.on(29, RouteEnd.Completed)).toBe("a");
    expect([back.on(29), back.on(29), back.on(30)]).toEqual(["a", "a", "a"]);
    const again = failing();
    expect(again.on(30, RouteEnd.Failed)).toBe("a");
    expect([again.on(40), again.on(41)]).toEqual([undefined, "a"]);
  });

  it("nginx: a backup and an ejected primary -> the backup, and the primary again after the probe", () => {
    const fleet = fleetOf([{}, { backup: true }]);
    const router = new NginxRoundRobin({ maxFails: 1, failTimeoutMs: 10_000 });
    expect(attempt(router, fleet, 0, RouteEnd.Failed)).toBe("a");
    expect([0, 1, 10_999].map((ms) => attempt(router, fleet, ms))).toEqual(["b", "b", "b"]);
    expect(attempt(router, fleet, 11_000, RouteEnd.Completed)).toBe("a");
    expect(attempt(router, fleet, 11_000)).toBe("a");
  });

  it("nginx: one server without backup -> never ejected", () => {
    const router = new NginxRoundRobin({ maxFails: 1, failTimeoutMs: 10_000 });
    const fleet = fleetOf([{}]);
    for (let turn = 0; turn < 5; turn++) expect(attempt(router, fleet, turn, RouteEnd.Failed)).toBe("a");
  });

  it("nginx: back after a failure -> its weight recovers by one with each pass", () => {
    const fleet = fleetOf([{ weight: 4 }, { weight: 4 }]);
    const router = new NginxRoundRobin({ maxFails: 1, failTimeoutMs: 1000 });
    expect(attempt(router, fleet, 0, RouteEnd.Failed)).toBe("a");
    const names = Array.from({ length: 12 }, () => attempt(router, fleet, 5000, RouteEnd.Completed));
    // Effective weights of a: 0, 1, 2, 3, 4 in the first passes.
    expect(names.slice(0, 4).filter((name) => name === "a").length).toBeLessThanOrEqual(1);
    expect(names.slice(4).filter((name) => name === "a").length).toBeGreaterThanOrEqual(3);
  });
});

it("nginx: nothing fails -> the picks of smooth weighted round robin: 5,1,1 gives a a b a c a a", () => {
  const fleet = fleetOf([{ weight: 5 }, { weight: 1 }, { weight: 1 }]);
  const router = new NginxRoundRobin(SETTINGS);
  expect(Array.from({ length: 7 }, () => nameOf(router.pick(fleet, request(), DRAW, 0))).join(" ")).toBe("a a b a c a a");
  fc.assert(
    fc.property(groups, fc.integer({ min: 1, max: 60 }), (weights, picks) => {
      const [nginx, weighted] = [new NginxRoundRobin(SETTINGS), new Weighted()];
      const group = fleetOf(weights);
      for (let turn = 0; turn < picks; turn++) expect(nginx.pick(group, request(), DRAW, turn * 100)).toBe(weighted.pick(group));
    }),
  );
});

it("leastConnections: equal weights -> loads level out as under leastOutstanding; weights -> in their proportion", () => {
  const fleet = fleetOf([{ outstanding: 4 }, {}, { outstanding: 2 }]);
  const router = new LeastConnections(SETTINGS);
  for (let turn = 0; turn < 6; turn++) fleet.outstanding[router.pick(fleet, request(), DRAW, 0)]! += 1;
  expect([...fleet.outstanding]).toEqual([4, 4, 4]);
  const weighted = fleetOf([{ weight: 3 }, { weight: 1 }]);
  for (let turn = 0; turn < 40; turn++) weighted.outstanding[router.pick(weighted, request(), DRAW, 0)]! += 1;
  expect([...weighted.outstanding]).toEqual([30, 10]);
  expect(countPicks(3, 30, () => new LeastOutstanding().pick(fleet))).toEqual([30, 0, 0]);
  const tied = fleetOf([{}, {}, {}]);
  expect(countPicks(3, 30, () => router.pick(tied, request(), DRAW, 0))).toEqual([10, 10, 10]);
  expect(candidatesOf(tied)).toEqual([0, 1, 2]);
});

it.each([NginxRoundRobin, LeastConnections])("%o: the fleet grows while a server is out -> it stays out, until its time", (Router) => {
  const router = new Router({ maxFails: 1, failTimeoutMs: 10_000 });
  router.pick(fleetOf([{}, {}]), request(), DRAW, 1000);
  router.ended(0, RouteEnd.Failed, 1, 1000);
  const grown = fleetOf([{}, {}, {}]);
  const chosen = (nowMs: number) => new Set(Array.from({ length: 12 }, () => router.pick(grown, request(), DRAW, nowMs)));
  expect([chosen(2000).has(0), router.reopensAtMs(2000), chosen(11_999).has(0), chosen(12_000).has(0)]).toEqual([
    false,
    12_000,
    false,
    true,
  ]);
});
