import { describe, expect, it } from "vitest";
import { PowerOfTwo, RandomChoice } from "../../../src/policy/routing/index.ts";
import type { FleetView } from "../../../src/policy/routing/index.ts";
import { countPicks, drawsOf, fleetOf, request } from "./Fleet.ts";

/** Chi-square of counts against shares. */
function distance(counts: ReadonlyArray<number>, shares: ReadonlyArray<number>): number {
  const picks = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (sum, count, i) => (shares[i] === 0 ? sum + count * 1e9 : sum + (count - picks * shares[i]!) ** 2 / (picks * shares[i]!)),
    0,
  );
}

const countsOf = (router: PowerOfTwo | RandomChoice, fleet: FleetView, seed = 3): Array<number> => {
  const draw = drawsOf(seed);
  return countPicks(fleet.count, 40_000, () => router.pick(fleet, request(), draw));
};

const highest = (router: PowerOfTwo | RandomChoice): number => {
  const fleet = fleetOf(Array.from({ length: 1000 }, () => ({})));
  const draw = drawsOf(11);
  for (let turn = 0; turn < 1000; turn++) fleet.outstanding[router.pick(fleet, request(), draw)]! += 1;
  return Math.max(...fleet.outstanding);
};

describe("powerOfTwo", () => {
  it("powerOfTwo: loads 0, 1, 2, 3 -> chosen in 3/6, 2/6, 1/6 and none of the pairs", () => {
    const counts = countsOf(new PowerOfTwo(), fleetOf([{ outstanding: 3 }, { outstanding: 1 }, {}, { outstanding: 2 }]));
    // Chi-square with 2 degrees of freedom: 20 has probability 5e-5.
    expect(distance(counts, [0, 2 / 6, 3 / 6, 1 / 6])).toBeLessThan(20);
  });

  it("powerOfTwo: all equal, few of many available -> uniform over those, also past the blind draws", () => {
    const sparse = fleetOf(Array.from({ length: 60 }, (_, i) => ({ available: i % 20 === 7, backup: i > 55 })));
    const counts = countsOf(new PowerOfTwo(), sparse);
    expect(distance([counts[7]!, counts[27]!, counts[47]!], [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(20);
    const equal = countsOf(new PowerOfTwo(), fleetOf([{}, {}, {}, {}, {}]));
    expect(distance(equal, [0.2, 0.2, 0.2, 0.2, 0.2])).toBeLessThan(28);
  });

  it("powerOfTwo: exactly two available -> always the less loaded; one -> that one", () => {
    const fleet = fleetOf([{ outstanding: 5 }, { available: false }, { outstanding: 6 }]);
    expect(countsOf(new PowerOfTwo(), fleet)).toEqual([40_000, 0, 0]);
    fleet.available[0] = 0;
    expect(countsOf(new PowerOfTwo(), fleet)).toEqual([0, 0, 40_000]);
  });

  it("powerOfTwo: a thousand replicas, all available -> two draws and a handful of reads per pick", () => {
    const fleet = fleetOf(Array.from({ length: 1000 }, () => ({})));
    let reads = 0;
    const watched = new Proxy(fleet.available, {
      get: (target, key) => {
        reads++;
        return Reflect.get(target, key, target);
      },
    });
    let draws = 0;
    const source = drawsOf(5);
    const router = new PowerOfTwo();
    const view = { ...fleet, available: watched };
    for (let turn = 0; turn < 1000; turn++) router.pick(view, request(), () => (draws++, source()));
    expect(draws).toBeLessThan(2100);
    expect(reads).toBeLessThan(2100);
  });

  it("powerOfTwo: balls into bins -> far lower maximum than random choice", () => {
    // Azar, Broder, Karlin, Upfal 1999: ln ln n / ln 2 + O(1) against ln n / ln ln n.
    expect(highest(new PowerOfTwo())).toBeLessThanOrEqual(4);
    expect(highest(new RandomChoice())).toBeGreaterThanOrEqual(5);
  });
});

describe("random", () => {
  it("random: whatever the loads -> uniform over the available primaries", () => {
    const fleet = fleetOf([{ outstanding: 9 }, { available: false }, {}, { backup: true }, { outstanding: 2 }]);
    expect(distance(countsOf(new RandomChoice(), fleet), [1 / 3, 0, 1 / 3, 0, 1 / 3])).toBeLessThan(20);
    fleet.available.set([0, 0, 0, 1, 0]);
    expect(countsOf(new RandomChoice(), fleet)).toEqual([0, 0, 0, 40_000, 0]);
  });
});
