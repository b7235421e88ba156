import fc from "fast-check";
import { expect, it } from "vitest";
import { Weighted } from "../../../src/policy/routing/index.ts";
import { countPicks, fleetOf } from "./Fleet.ts";

function sequence(weights: ReadonlyArray<number>, picks: number): string {
  const fleet = fleetOf(weights.map((weight) => ({ weight })));
  const router = new Weighted();
  return Array.from({ length: picks }, () => "abcdefgh"[router.pick(fleet)]).join(" ");
}

it("weighted: weights 5,1,1 and 3,2,1 -> the sequences that nginx documents, over and over", () => {
  expect(sequence([5, 1, 1], 7)).toBe("a a b a c a a");
  expect(sequence([5, 1, 1], 14)).toBe("a a b a c a a a a b a c a a");
  expect(sequence([3, 2, 1], 6)).toBe("a b a c b a");
});

it("weighted: any weights -> exact counts in every run of the total weight, a prefix off by less than one", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), fc.nat(40), (weights, warmUp) => {
      const fleet = fleetOf(weights.map((weight) => ({ weight })));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const router = new Weighted();
      const prefix = countPicks(weights.length, warmUp, () => router.pick(fleet));
      prefix.forEach((count, i) => expect(Math.abs(count - (warmUp * weights[i]!) / total)).toBeLessThan(1));
      expect(countPicks(weights.length, total, () => router.pick(fleet))).toEqual(weights);
    }),
  );
});

it("weighted: primaries gone -> backups by their own weights; primaries back -> no backup", () => {
  const fleet = fleetOf([{ weight: 3 }, { weight: 1, backup: true }, { weight: 2, backup: true }]);
  const router = new Weighted();
  expect(countPicks(3, 30, () => router.pick(fleet))).toEqual([30, 0, 0]);
  fleet.available[0] = 0;
  expect(countPicks(3, 30, () => router.pick(fleet))).toEqual([0, 10, 20]);
  fleet.available[0] = 1;
  expect(countPicks(3, 5, () => router.pick(fleet))).toEqual([5, 0, 0]);
});

it("weighted: a server leaves in the middle of a cycle -> the others keep their proportion", () => {
  const fleet = fleetOf([{ weight: 5 }, { weight: 2 }, { weight: 1 }]);
  const router = new Weighted();
  countPicks(3, 3, () => router.pick(fleet));
  fleet.available[0] = 0;
  const counts = countPicks(3, 300, () => router.pick(fleet));
  expect(counts[0]).toBe(0);
  expect(Math.abs(counts[1]! - 200)).toBeLessThanOrEqual(3);
});

it("weighted: the fleet grows -> newcomers join with their weight", () => {
  const router = new Weighted();
  router.pick(fleetOf([{}]));
  const grown = fleetOf([{ weight: 1 }, { weight: 3 }]);
  expect(countPicks(2, 40, () => router.pick(grown))).toEqual([10, 30]);
});
