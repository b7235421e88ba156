import fc from "fast-check";
import { expect, it } from "vitest";
import { Ewma, RouteEnd } from "../../../src/policy/routing/index.ts";
import { drawsOf, fleetOf, request } from "./Fleet.ts";

/** With two replicas both are compared at each pick. */
const better = (router: Ewma, outstanding: readonly [number, number], nowMs: number, weight: readonly [number, number] = [1, 1]): number =>
  router.pick(fleetOf(outstanding.map((load, i) => ({ outstanding: load, weight: weight[i]! }))), request(), () => 0, nowMs);

it("peakEwma, ewma: any samples -> the replica with the smaller naive estimate * (outstanding + 1) / weight", () => {
  const sample = fc.record({
    replica: fc.nat(1),
    gapMs: fc.integer({ min: 0, max: 5000 }),
    latencyMs: fc.integer({ min: 1, max: 3000 }),
    how: fc.constantFrom(RouteEnd.Completed, RouteEnd.Completed, RouteEnd.Failed, RouteEnd.Cancelled),
  });
  const loads = fc.tuple(fc.nat(5), fc.nat(5));
  const weights = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.tuple(sample, loads, weights), { minLength: 1, maxLength: 25 }), (peak, history) => {
      const router = new Ewma({ decayMs: 1000, peak });
      const estimate = [0, 0];
      const stamp = [0, 0];
      let nowMs = 0;
      better(router, [0, 0], 0);
      for (const [{ replica, gapMs, latencyMs, how }, load, weight] of history) {
        nowMs += gapMs;
        const faded = (r: number) => estimate[r]! * Math.exp(-(nowMs - stamp[r]!) / 1000);
        if (how !== RouteEnd.Cancelled) {
          const share = estimate[replica] === 0 ? 0 : Math.exp(-(nowMs - stamp[replica]!) / 1000);
          const mean = faded(replica) + latencyMs * (1 - share);
          const next = peak && latencyMs > faded(replica) ? latencyMs : mean;
          estimate[replica] = how === RouteEnd.Completed ? next : Math.max(estimate[replica]!, latencyMs);
          stamp[replica] = nowMs;
        }
        router.ended(replica, how, latencyMs, nowMs);
        const cost = (r: number) => (estimate[r] === 0 && load[r]! > 0 ? 1e15 + load[r]! : (faded(r) * (load[r]! + 1)) / weight[r]!);
        fc.pre(Math.abs(cost(0) - cost(1)) > 1e-9 || cost(0) === cost(1));
        expect(better(router, load, nowMs, weight)).toBe(cost(1) < cost(0) ? 1 : 0);
      }
    }),
  );
});

it("peakEwma: a slow answer counts at once, a fast one little by little; ewma: a slow one little by little too", () => {
  for (const peak of [true, false]) {
    const router = new Ewma({ decayMs: 10_000, peak });
    better(router, [0, 0], 0);
    for (const replica of [0, 1]) router.ended(replica, RouteEnd.Completed, 100, 0);
    router.ended(0, RouteEnd.Completed, 10_000, 1);
    // Replica 1 costs 100 * (load + 1); replica 0 about 10,000 with the peak, about 101 without.
    expect(better(router, [0, 20], 1)).toBe(peak ? 1 : 0);
  }
});

it("ewma: a replica that fails fast -> draws no more load than before its failures", () => {
  const router = new Ewma({ decayMs: 10_000, peak: true });
  better(router, [0, 0], 0);
  for (const replica of [0, 1]) router.ended(replica, RouteEnd.Completed, 100, 0);
  for (let now = 1000; now <= 50_000; now += 1000) {
    router.ended(0, RouteEnd.Completed, 100, now);
    router.ended(1, RouteEnd.Failed, 1, now);
  }
  expect(better(router, [0, 1], 50_000)).toBe(0);
  expect(better(router, [1, 0], 50_000)).toBe(1);
});

it("ewma: unknown replicas -> one probe at a time; a new process is unknown again", () => {
  const router = new Ewma({ decayMs: 10_000, peak: true });
  better(router, [0, 0], 0);
  router.ended(0, RouteEnd.Completed, 500, 0);
  expect(better(router, [9, 0], 0)).toBe(1);
  expect(better(router, [9, 1], 0)).toBe(0);
  router.ended(1, RouteEnd.Completed, 500, 0);
  expect(better(router, [9, 1], 0)).toBe(1);
  router.joined(1);
  expect(better(router, [9, 1], 0)).toBe(0);
});

it("peakEwma: one replica ten times slower, load as it comes -> it gets far less than its share", () => {
  const router = new Ewma({ decayMs: 10_000, peak: true });
  const fleet = fleetOf(Array.from({ length: 10 }, () => ({})));
  const draw = drawsOf(4);
  const counts = Array.from({ length: 10 }, () => 0);
  const ends: Array<{ atMs: number; replica: number; latencyMs: number }> = [];
  for (let nowMs = 0; nowMs < 20_000; nowMs += 5) {
    for (const end of ends.filter(({ atMs }) => atMs <= nowMs)) {
      fleet.outstanding[end.replica]! -= 1;
      router.ended(end.replica, RouteEnd.Completed, end.latencyMs, nowMs);
      ends.splice(ends.indexOf(end), 1);
    }
    const replica = router.pick(fleet, request(), draw, nowMs);
    counts[replica]! += 1;
    fleet.outstanding[replica]! += 1;
    const latencyMs = replica === 3 ? 300 : 30;
    ends.push({ atMs: nowMs + latencyMs, replica, latencyMs });
  }
  expect(counts[3]!).toBeLessThan(0.2 * (counts[0]! + counts[1]!));
  expect(() => new Ewma({ decayMs: 0, peak: true })).toThrow("peakEwma.decayMs: must be a finite number > 0 (got 0)");
});
