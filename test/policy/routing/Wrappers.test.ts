import { describe, expect, it } from "vitest";
import type { FleetView, RouteRequest, RouterPolicy } from "../../../src/policy/routing/index.ts";
import { OutlierEjection, RoundRobin, RouteEnd } from "../../../src/policy/routing/index.ts";
import { SlowStart } from "../../../src/policy/routing/SlowStart.ts";
import { fleetOf, request } from "./Fleet.ts";

const DRAW = () => 0.25;

/** A router that writes down what it is told and picks the first available replica. */
class Told implements RouterPolicy {
  readonly name = "told";
  readonly lines: Array<string> = [];
  reopensMs = Infinity;

  pick(fleet: FleetView, { prefixHash }: RouteRequest, draw: () => number, nowMs?: number): number {
    this.lines.push(`pick ${prefixHash} ${draw()} ${nowMs}`);
    return fleet.available.subarray(0, fleet.count).indexOf(1);
  }

  sent(replica: number, nowMs: number): void {
    this.lines.push(`sent ${replica} ${nowMs}`);
  }

  ended(replica: number, how: number, latencyMs: number, nowMs: number): void {
    this.lines.push(`ended ${replica} ${how} ${latencyMs} ${nowMs}`);
  }

  joined(replica: number, nowMs: number): void {
    this.lines.push(`joined ${replica} ${nowMs}`);
  }

  reopensAtMs(nowMs: number): number {
    return nowMs + this.reopensMs;
  }
}

const OUTLIER = {
  consecutiveFailures: 2,
  sweepMs: 10,
  baseEjectionMs: 30,
  maxEjectionMs: 300,
  maxEjectedRatio: 1,
  panicRatio: 0,
};

describe.each<[string, (inner: RouterPolicy) => Required<RouterPolicy>]>([
  ["slowStart", (inner) => new SlowStart(inner, { windowMs: 100, aggression: 1, minimumRatio: 0.1 })],
  ["outlierEjection", (inner) => new OutlierEjection(inner, OUTLIER)],
])("%s", (_, wrap) => {
  it("wrapper: whatever happens -> the inner router is told, under its name", () => {
    const told = new Told();
    const router = wrap(told);
    expect(router.pick(fleetOf([{}, {}]), request(7), DRAW)).toBe(0);
    expect(router.pick(fleetOf([{}, {}]), request(7), DRAW, 5)).toBe(0);
    router.sent(0, 6);
    router.ended(0, RouteEnd.Completed, 2, 8);
    router.joined(1, 9);
    router.joined(5, 9);
    expect(told.lines).toEqual(["pick 7 0.25 0", "pick 7 0.25 5", "sent 0 6", "ended 0 1 2 8", "joined 1 9", "joined 5 9"]);
    told.reopensMs = 3;
    expect([router.name, router.reopensAtMs(9)]).toEqual(["told", 12]);
  });

  it("wrapper: an inner router that listens to nothing -> nothing is told, and it never reopens by itself", () => {
    const router = wrap(new RoundRobin());
    expect(router.pick(fleetOf([{}, {}]), request(), DRAW, 0)).toBe(0);
    router.sent(0, 0);
    router.ended(0, RouteEnd.Completed, 1, 0);
    router.joined(0, 0);
    expect(router.reopensAtMs(0)).toBe(Infinity);
  });
});

it("outlierEjection: reopens -> at the earliest of the returns and what the inner router says; a return is told as a joining", () => {
  const told = new Told();
  const router = new OutlierEjection(told, OUTLIER);
  const fleet = fleetOf([{}, {}, {}]);
  router.pick(fleet, request(), DRAW, 0);
  for (const [replica, nowMs] of [
    [0, 1],
    [1, 15],
  ] as const) {
    for (let turn = 0; turn < 2; turn++) router.ended(replica, RouteEnd.Failed, 1, nowMs);
  }
  expect([router.ejected, router.reopensAtMs(15)]).toEqual([2, 40]);
  told.reopensMs = 20;
  expect(router.reopensAtMs(15)).toBe(35);
  expect(router.pick(fleet, request(), DRAW, 39)).toBe(2);
  told.lines.length = 0;
  expect(router.pick(fleet, request(), DRAW, 55)).toBe(0);
  expect(told.lines).toEqual(["joined 0 40", "joined 1 50", "pick 0 0.25 55"]);
});

it("outlierEjection: replicas that it has never seen -> their ends and joinings change nothing", () => {
  const router = new OutlierEjection(new RoundRobin(), OUTLIER);
  for (let turn = 0; turn < 5; turn++) router.ended(3, RouteEnd.Failed, 1, 0);
  router.joined(3, 0);
  expect(router.ejected).toBe(0);
  const fleet = fleetOf([{}, {}]);
  expect([router.pick(fleet, request(), DRAW, 0), router.pick(fleet, request(), DRAW, 0)]).toEqual([0, 1]);
  // The fleet grows: what is known of the others stays.
  for (let turn = 0; turn < 2; turn++) router.ended(0, RouteEnd.Failed, 1, 1);
  const grown = fleetOf([{}, {}, {}]);
  expect(Array.from({ length: 4 }, () => router.pick(grown, request(), DRAW, 2))).toEqual([2, 1, 2, 1]);
});

it("outlierEjection: calm sweeps one by one, and a fleet that grows -> what is known stays and fades by one each", () => {
  const router = new OutlierEjection(new RoundRobin(), { ...OUTLIER, sweepMs: 1000, baseEjectionMs: 2000, maxEjectionMs: 9000 });
  const fleet = fleetOf([{}, {}]);
  const failTwice = (nowMs: number): number => {
    for (let turn = 0; turn < 2; turn++) router.ended(0, RouteEnd.Failed, 1, nowMs);
    return router.reopensAtMs(nowMs);
  };
  router.pick(fleet, request(), DRAW, 0);
  expect(failTwice(0)).toBe(2000);
  router.pick(fleet, request(), DRAW, 2000);
  expect(failTwice(2000)).toBe(6000);
  router.pick(fleet, request(), DRAW, 6000);
  router.pick(fleet, request(), DRAW, 7000);
  router.ended(0, RouteEnd.Failed, 1, 7000);
  router.pick(fleetOf([{}, {}, {}]), request(), DRAW, 7000);
  router.ended(0, RouteEnd.Failed, 1, 7000);
  expect([router.ejected, router.reopensAtMs(7000)]).toEqual([1, 11_000]);
});

it("outlierEjection: a replica that is out -> later failures count for nothing, and it is told once in a row of ends", () => {
  const router = new OutlierEjection(new RoundRobin(), OUTLIER);
  router.pick(fleetOf([{}, {}]), request(), DRAW, 0);
  for (let turn = 0; turn < 6; turn++) router.ended(0, RouteEnd.Failed, 1, 0);
  // One ejection of 30, not of 60 or 90.
  expect([router.ejected, router.reopensAtMs(0)]).toEqual([1, 30]);
});
