import fc from "fast-check";
import type { FleetView, RouteRequest } from "../../../src/policy/routing/index.ts";

/** One replica of a fleet under test. */
export interface Member {
  readonly outstanding: number;
  readonly available: boolean;
  readonly weight: number;
  readonly backup: boolean;
}

export const IDLE: Member = { outstanding: 0, available: true, weight: 1, backup: false };

export function fleetOf(members: ReadonlyArray<Partial<Member>>): FleetView {
  const all = members.map((member) => ({ ...IDLE, ...member }));
  return {
    count: all.length,
    outstanding: Int32Array.from(all, (member) => member.outstanding),
    available: Uint8Array.from(all, (member) => Number(member.available)),
    weight: Int32Array.from(all, (member) => member.weight),
    backup: Uint8Array.from(all, (member) => Number(member.backup)),
  };
}

export const request = (prefixHash = 0): RouteRequest => ({
  promptTokens: 100,
  prefixHash,
  classIndex: 0,
});

/** A small generator of uniform numbers in [0, 1) (Park and Miller 1988). */
export function drawsOf(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

export const members = (most = 24): fc.Arbitrary<Array<Member>> =>
  fc.array(
    fc.record({
      outstanding: fc.integer({ min: 0, max: 9 }),
      available: fc.boolean(),
      weight: fc.integer({ min: 1, max: 7 }),
      backup: fc.boolean(),
    }),
    { maxLength: most },
  );

/** Those who may be chosen now: available primaries, or the available backups when there are none. */
export function candidatesOf(fleet: FleetView): Array<number> {
  const all = Array.from({ length: fleet.count }, (_, replica) => replica).filter((replica) => fleet.available[replica] === 1);
  const primaries = all.filter((replica) => fleet.backup[replica] === 0);
  return primaries.length > 0 ? primaries : all;
}

/** How often each replica was chosen in `picks` picks without any change of load. */
export function countPicks(count: number, picks: number, pick: () => number): Array<number> {
  const chosen = Array.from({ length: count }, () => 0);
  for (let turn = 0; turn < picks; turn++) chosen[pick()]! += 1;
  return chosen;
}
