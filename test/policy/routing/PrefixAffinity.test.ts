import fc from "fast-check";
import { expect, it } from "vitest";
import { LeastOutstanding, PrefixAffinity, routerOf } from "../../../src/policy/routing/index.ts";
import { candidatesOf, fleetOf, members, request } from "./Fleet.ts";

const hashes = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const idle = (count: number) => fleetOf(Array.from({ length: count }, () => ({})));
const ownerOf = (fleet: ReturnType<typeof fleetOf>, prefixHash: number): number =>
  new PrefixAffinity(Infinity).pick(fleet, request(prefixHash));

it("prefixAffinity: no bound -> the same prefix goes to the same replica, whatever its load", () => {
  fc.assert(
    fc.property(members(), hashes, (list, prefixHash) => {
      const fleet = fleetOf(list);
      const owner = ownerOf(fleet, prefixHash);
      const flat = fleetOf(list.map((member) => ({ ...member, outstanding: 0 })));
      expect(ownerOf(flat, prefixHash)).toBe(owner);
    }),
  );
});

it("prefixAffinity: one replica leaves -> only its own prefixes move, and they come back", () => {
  const fleet = idle(10);
  const before = Array.from({ length: 2000 }, (_, i) => ownerOf(fleet, i + 1));
  fleet.available[3] = 0;
  const during = before.map((_, i) => ownerOf(fleet, i + 1));
  expect(during).not.toContain(3);
  before.forEach((owner, i) => expect(owner === 3 || during[i] === owner).toBe(true));
  // The prefixes of the one that left spread over all others.
  expect(new Set(during.filter((_, i) => before[i] === 3)).size).toBe(9);
  fleet.available[3] = 1;
  expect(before.map((_, i) => ownerOf(fleet, i + 1))).toEqual(before);
});

it("prefixAffinity: consecutive, spaced and large hashes -> spread evenly over the replicas", () => {
  for (const spacing of [1, 16, 4096, 2 ** 32, 0x9e3779b9]) {
    const counts = Array.from({ length: 8 }, () => 0);
    for (let i = 1; i <= 8000; i++) counts[ownerOf(idle(8), i * spacing)]! += 1;
    const distance = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // Chi-square with 7 degrees of freedom: 35 has probability 1e-5.
    expect(distance).toBeLessThan(35);
  }
});

it("prefixAffinity: the favorite is full -> least outstanding; it is never pushed over the bound", () => {
  fc.assert(
    fc.property(members(), hashes, fc.double({ min: 1, max: 4, noNaN: true }), (list, prefixHash, loadFactor) => {
      const fleet = fleetOf(list);
      const candidates = candidatesOf(fleet);
      fc.pre(candidates.length > 0);
      const total = candidates.reduce((sum, replica) => sum + fleet.outstanding[replica]!, 1);
      const owner = ownerOf(fleet, prefixHash);
      const bounded = fleet.outstanding[owner]! + 1 > Math.ceil((loadFactor * total) / candidates.length);
      const expected = bounded ? new LeastOutstanding().pick(fleet) : owner;
      expect(new PrefixAffinity(loadFactor).pick(fleet, request(prefixHash))).toBe(expected);
    }),
  );
});

it("prefixAffinity: one hot prefix, nothing ends -> the load stays within the bound", () => {
  const fleet = idle(10);
  const router = new PrefixAffinity(1.25);
  const owner = ownerOf(fleet, 42);
  for (let turn = 1; turn <= 1000; turn++) {
    fleet.outstanding[router.pick(fleet, request(42))]! += 1;
    expect(Math.max(...fleet.outstanding)).toBeLessThanOrEqual(Math.ceil((1.25 * turn) / 10));
  }
  // The owner holds its bound; the rest is level.
  expect(fleet.outstanding[owner]).toBeGreaterThan(120);
});

it("prefixAffinity: no prefix -> least outstanding", () => {
  const fleet = fleetOf([{ outstanding: 2 }, { outstanding: 1 }, { outstanding: 3 }]);
  expect(new PrefixAffinity(1.25).pick(fleet, request(0))).toBe(1);
});

it("prefixAffinity: a load factor below 1 or NaN -> RangeError", () => {
  expect(() => routerOf({ kind: "prefixAffinity", loadFactor: 0.9 })).toThrow(/prefixAffinity\.loadFactor: must be >= 1 \(got 0\.9\)/);
  expect(() => new PrefixAffinity(Number.NaN)).toThrow(RangeError);
});
