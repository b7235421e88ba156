import fc from "fast-check";
import { expect, it } from "vitest";
import { LeastOutstanding } from "../../../src/policy/routing/index.ts";
import { candidatesOf, countPicks, fleetOf, members } from "./Fleet.ts";

it("leastOutstanding: any sequence of loads -> nobody eligible has less", () => {
  fc.assert(
    fc.property(fc.array(members(), { minLength: 1, maxLength: 10 }), (fleets) => {
      const router = new LeastOutstanding();
      for (const list of fleets) {
        const fleet = fleetOf(list);
        const loads = candidatesOf(fleet).map((replica) => fleet.outstanding[replica]!);
        const chosen = router.pick(fleet);
        if (chosen < 0) continue;
        expect(fleet.outstanding[chosen]).toBe(Math.min(...loads));
      }
    }),
  );
});

it("leastOutstanding: lasting ties -> counts of the tied equal within one", () => {
  fc.assert(
    fc.property(members(), fc.integer({ min: 1, max: 200 }), (list, picks) => {
      const fleet = fleetOf(list);
      const candidates = candidatesOf(fleet);
      fc.pre(candidates.length > 0);
      const least = Math.min(...candidates.map((replica) => fleet.outstanding[replica]!));
      const tied = candidates.filter((replica) => fleet.outstanding[replica] === least);
      const router = new LeastOutstanding();
      const counts = countPicks(fleet.count, picks, () => router.pick(fleet));
      const ofTied = tied.map((replica) => counts[replica]!);
      expect(ofTied.reduce((sum, count) => sum + count, 0)).toBe(picks);
      expect(Math.max(...ofTied) - Math.min(...ofTied)).toBeLessThanOrEqual(1);
    }),
  );
});

it("leastOutstanding: attempts that never end -> loads level out", () => {
  const fleet = fleetOf([{ outstanding: 4 }, {}, { outstanding: 2 }]);
  const router = new LeastOutstanding();
  for (let turn = 0; turn < 6; turn++) fleet.outstanding[router.pick(fleet)]! += 1;
  expect([...fleet.outstanding]).toEqual([4, 4, 4]);
});
