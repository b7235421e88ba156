import fc from "fast-check";
import { expect, it } from "vitest";
import { RoundRobin } from "../../../src/policy/routing/index.ts";
import { candidatesOf, countPicks, fleetOf, members } from "./Fleet.ts";

it("roundRobin: a fixed fleet -> each candidate in turn, counts equal within one", () => {
  fc.assert(
    fc.property(members(), fc.integer({ min: 1, max: 100 }), (list, picks) => {
      const fleet = fleetOf(list);
      const candidates = candidatesOf(fleet);
      fc.pre(candidates.length > 0);
      const router = new RoundRobin();
      const order = Array.from({ length: picks }, () => router.pick(fleet));
      expect(order).toEqual(Array.from({ length: picks }, (_, turn) => candidates[turn % candidates.length]));
    }),
  );
});

it("roundRobin: a replica leaves and returns -> the turn goes on after the last choice", () => {
  const fleet = fleetOf([{}, {}, {}]);
  const router = new RoundRobin();
  expect([router.pick(fleet), router.pick(fleet)]).toEqual([0, 1]);
  fleet.available[2] = 0;
  expect(router.pick(fleet)).toBe(0);
  fleet.available[2] = 1;
  expect([router.pick(fleet), router.pick(fleet)]).toEqual([1, 2]);
});

it("roundRobin: a fleet that shrank below the last choice -> starts over", () => {
  const router = new RoundRobin();
  expect(countPicks(5, 5, () => router.pick(fleetOf([{}, {}, {}, {}, {}])))).toEqual([1, 1, 1, 1, 1]);
  expect(router.pick(fleetOf([{}, {}]))).toBe(0);
});

it("roundRobin: primaries fail for a while -> backups take turns of their own", () => {
  const fleet = fleetOf([{}, { backup: true }, {}, { backup: true }]);
  const router = new RoundRobin();
  expect(router.pick(fleet)).toBe(0);
  fleet.available.set([0, 1, 0, 1]);
  expect([router.pick(fleet), router.pick(fleet), router.pick(fleet)]).toEqual([1, 3, 1]);
  fleet.available.set([1, 1, 1, 1]);
  expect([router.pick(fleet), router.pick(fleet)]).toEqual([2, 0]);
});
