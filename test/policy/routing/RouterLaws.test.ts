import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { routerOf } from "../../../src/policy/routing/index.ts";
import type { FleetView, RouterSpec } from "../../../src/policy/routing/index.ts";
import { candidatesOf, drawsOf, fleetOf, members, request } from "./Fleet.ts";

const SPECS: ReadonlyArray<RouterSpec> = [
  { kind: "roundRobin" },
  { kind: "random" },
  { kind: "weighted" },
  { kind: "leastOutstanding" },
  { kind: "powerOfTwo" },
  { kind: "prefixAffinity", loadFactor: 1.25 },
  { kind: "consistentHash", loadFactor: 1.25, virtualNodes: 20 },
  { kind: "nginx", maxFails: 1, failTimeoutMs: 10_000 },
  { kind: "leastConnections", maxFails: 1, failTimeoutMs: 10_000 },
  { kind: "ewma", decayMs: 10_000 },
  { kind: "peakEwma", decayMs: 10_000 },
];

describe.each(SPECS)("$kind", (spec) => {
  const seeds = fc.integer({ min: 0, max: 1e6 });

  it("router: changing fleets -> an available replica, a backup only without primaries, -1 only when nobody is available", () => {
    const steps = fc.array(fc.record({ fleet: members(10), prefixHash: fc.nat(5) }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(steps, seeds, (turns, seed) => {
        const router = routerOf(spec);
        const draw = drawsOf(seed);
        const wrong = turns.filter((turn) => {
          const fleet = fleetOf(turn.fleet);
          const candidates = candidatesOf(fleet);
          const chosen = router.pick(fleet, request(turn.prefixHash), draw);
          return candidates.length === 0 ? chosen !== -1 : !candidates.includes(chosen);
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it("router: columns that hold more than the fleet -> what lies beyond it is nobody", () => {
    const turns = fc.array(fc.record({ fleet: members(6), beyond: members(3), prefixHash: fc.nat(5) }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(turns, seeds, (list, seed) => {
        const picks = (fleetFor: (turn: (typeof list)[0]) => FleetView): Array<number> => {
          const router = routerOf(spec);
          const draw = drawsOf(seed);
          return list.map((turn) => router.pick(fleetFor(turn), request(turn.prefixHash), draw, 5000));
        };
        const wider = picks((turn) => ({ ...fleetOf([...turn.fleet, ...turn.beyond]), count: turn.fleet.length }));
        expect(wider).toEqual(picks((turn) => fleetOf(turn.fleet)));
      }),
    );
  });

  it("router: same draws -> same picks; the fleet is only read", () => {
    fc.assert(
      fc.property(members(10), seeds, (list, seed) => {
        const fleet = fleetOf(list);
        const run = (): Array<number> => {
          const router = routerOf(spec);
          const draw = drawsOf(seed);
          return Array.from({ length: 10 }, (_, turn) => router.pick(fleet, request(turn), draw));
        };
        expect(run()).toEqual(run());
        expect(fleet).toEqual(fleetOf(list));
      }),
    );
  });

  it("router: hundreds of idle replicas, loads as picked -> nobody gets more than a policy's worst share", () => {
    const fleet = fleetOf(Array.from({ length: 300 }, () => ({})));
    const router = routerOf(spec);
    const draw = drawsOf(7);
    for (let turn = 0; turn < 3000; turn++) {
      const chosen = router.pick(fleet, request(turn + 1), draw);
      fleet.outstanding[chosen]! += 1;
    }
    // Ten each on average; random alone has a Poisson spread: P(more than 30) is below 1e-7 for each.
    expect(Math.max(...fleet.outstanding)).toBeLessThanOrEqual(30);
    expect(fleet.outstanding.reduce((sum, load) => sum + load, 0)).toBe(3000);
  });

  it("router: its name -> the kind of its spec", () => {
    expect(routerOf(spec).name).toBe(spec.kind);
  });
});
