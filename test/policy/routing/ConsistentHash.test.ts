import fc from "fast-check";
import { expect, it } from "vitest";
import type { FleetView } from "../../../src/policy/routing/index.ts";
import { ConsistentHash } from "../../../src/policy/routing/index.ts";
import { prefixKey, rendezvousScore } from "../../../src/policy/routing/RendezvousHash.ts";
import { candidatesOf, countPicks, fleetOf, members, request } from "./Fleet.ts";

const SETTINGS = { loadFactor: 1.25, virtualNodes: 50 };
const hashes = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const idle = (count: number) => fleetOf(Array.from({ length: count }, () => ({})));
const ownerOf = (fleet: ReturnType<typeof fleetOf>, prefixHash: number, loadFactor = Infinity): number =>
  new ConsistentHash({ loadFactor, virtualNodes: 50 }).pick(fleet, request(prefixHash));

it("consistentHash: any fleet and bound -> a candidate below its bound, the owner when that is below its own", () => {
  fc.assert(
    fc.property(members(12), hashes, fc.double({ min: 1, max: 4, noNaN: true }), (list, prefixHash, loadFactor) => {
      const fleet = fleetOf(list);
      const candidates = candidatesOf(fleet);
      const chosen = ownerOf(fleet, prefixHash, loadFactor);
      expect(chosen === -1).toBe(candidates.length === 0);
      if (chosen === -1) return;
      expect(candidates).toContain(chosen);
      const held = candidates.reduce((sum, replica) => sum + fleet.outstanding[replica]!, 1);
      const weight = candidates.reduce((sum, replica) => sum + fleet.weight[replica]!, 0);
      const below = (replica: number) => fleet.outstanding[replica]! < Math.ceil((loadFactor * held * fleet.weight[replica]!) / weight);
      expect(below(chosen)).toBe(true);
      const owner = ownerOf(fleet, prefixHash);
      if (below(owner)) expect(chosen).toBe(owner);
      // The full ones hidden, without a bound: the next one on the ring.
      const open = fleetOf(list.map((member, i) => ({ ...member, available: candidates.includes(i) && below(i) })));
      expect(chosen).toBe(ownerOf(open, prefixHash));
    }),
  );
});

it("consistentHash: any prefix -> the owner of the next point on the ring, around its end; no prefix -> the least outstanding", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }), hashes, (weights, prefixHash) => {
      const points = weights.flatMap((weight, owner) =>
        Array.from({ length: weight }, (_, node) => ({ place: rendezvousScore(rendezvousScore(node, 0), owner) >>> 0, owner })),
      );
      const ring = points.toSorted((one, other) => one.place - other.place || one.owner - other.owner);
      const place = prefixKey(prefixHash) >>> 0;
      const fleet = fleetOf(weights.map((weight) => ({ weight })));
      const router = new ConsistentHash({ loadFactor: Infinity, virtualNodes: 1 });
      expect(router.pick(fleet, request(prefixHash))).toBe((ring.find((point) => point.place >= place) ?? ring[0]!).owner);
    }),
  );
  const unbound = new ConsistentHash({ loadFactor: Infinity, virtualNodes: 1 });
  const least = [0, 1, 2].map((i) => unbound.pick(fleetOf([0, 1, 2].map((j) => ({ outstanding: j === i ? 1 : 2 }))), request(0)));
  expect(least).toEqual([0, 1, 2]);
});

it("consistentHash: one replica leaves, one joins -> only the prefixes of the one that leaves or joins move", () => {
  const router = new ConsistentHash({ loadFactor: Infinity, virtualNodes: 50 });
  const owners = (fleet: FleetView) => Array.from({ length: 1000 }, (_, i) => router.pick(fleet, request(i + 1)));
  const before = owners(idle(10));
  const fewer = idle(10);
  fewer.available[3] = 0;
  const left = owners(fewer);
  expect(before.filter((owner, i) => owner !== 3 && owner !== left[i])).toEqual([]);
  const grown = owners(idle(11));
  expect(before.filter((owner, i) => owner !== grown[i] && grown[i] !== 10)).toEqual([]);
  expect(grown.filter((owner) => owner === 10).length).toBeGreaterThan(40);
});

it("consistentHash: weights 3 and 1 -> about three quarters of the prefixes; a router follows weights that change", () => {
  const router = new ConsistentHash({ loadFactor: Infinity, virtualNodes: 200 });
  let next = 0;
  const share = (weight: number) =>
    countPicks(2, 2000, () => router.pick(fleetOf([{ weight }, { weight: 1 }]), request(++next)))[0]! / 2000;
  expect(Math.abs(share(3) - 0.75)).toBeLessThan(0.06);
  expect(Math.abs(share(1) - 0.5)).toBeLessThan(0.08);
});

it("consistentHash: one hot prefix, nothing ends -> the load stays within the bound", () => {
  const fleet = idle(10);
  const router = new ConsistentHash(SETTINGS);
  for (let turn = 1; turn <= 1000; turn++) {
    fleet.outstanding[router.pick(fleet, request(42))]! += 1;
    expect(Math.max(...fleet.outstanding)).toBeLessThanOrEqual(Math.ceil((1.25 * turn) / 10));
  }
});

it("consistentHash: bad settings -> a fault that names them", () => {
  expect(() => new ConsistentHash({ ...SETTINGS, loadFactor: 0.99 })).toThrow("consistentHash.loadFactor: must be a finite number >= 1");
  expect(() => new ConsistentHash({ ...SETTINGS, virtualNodes: 0 })).toThrow("consistentHash.virtualNodes: must be a whole number >= 1");
});
