import fc from "fast-check";
import { expect, it } from "vitest";
import type { ConcurrencySettings } from "../../../src/policy/concurrency/index.ts";
import { Aimd, Breakwater, ConcurrencyLimit, Gradient2, Vegas, VirtualTokenCounter } from "../../../src/policy/concurrency/index.ts";
import { PolicyFault } from "../../../src/policy/PolicyFault.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

const RANGE = { initial: 20, min: 20, max: 200 };
const GRADIENT = { ...RANGE, tolerance: 1.5, smoothing: 0.2, queue: 4, longSamples: 600 };
const adaptive = () => [
  new Aimd({ ...RANGE, backoffRatio: 0.9, timeoutMs: 5000 }),
  new Vegas({ ...RANGE, alpha: 3, beta: 6, probeEvery: 1000, backoffRatio: 0.9 }),
  new Gradient2({ ...GRADIENT, dropRatio: 0.9 }),
  new Breakwater({ ...RANGE, targetMs: 50, grow: 1, cutRatio: 0.02, everyMs: 10 }),
];

it("adaptive limits: any samples -> finite and within the range", () => {
  const sample = fc.record({
    ms: fc.constantFrom(0, 1e-9, 1, 100, 5000, 1e12, NaN, Infinity, -1),
    inFlight: fc.constantFrom(0, 1, 20, 500),
    dropped: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60, size: "max" }), (samples) => {
      for (const limit of adaptive()) {
        for (const { ms, inFlight, dropped } of samples) limit.sample(ms, inFlight, dropped, 0, ms);
        expect(limit.limit).toBeGreaterThanOrEqual(20);
        expect(limit.limit).toBeLessThanOrEqual(200);
      }
    }),
  );
});

it("adaptive limits: every call times out at exactly the same time -> down to the minimum; gradient2 without drops climbs instead", () => {
  const faithful = new Gradient2(GRADIENT);
  for (const limit of [...adaptive(), faithful]) {
    for (let i = 0; i < 500; i++) limit.sample(100, limit.limit, false, 0);
    for (let i = 0; i < 1000; i++) limit.sample(5000, limit.limit, true, 0);
    expect(limit.limit).toBe(limit === faithful ? 200 : 20);
  }
});

it("gradient2: constant latency, in flight at the limit -> +0.8 per sample, 20 to 200 in 225 samples", () => {
  const limit = new Gradient2(GRADIENT);
  for (let i = 0; i < 224; i++) limit.sample(100, limit.limit, false);
  expect(limit.estimate).toBeCloseTo(199.2, 9);
  limit.sample(100, limit.limit, false);
  expect(limit.estimate).toBeCloseTo(200, 9);
});

it("breakwater: waits at the target times 1, 2, 11, 100 -> no cut, 2 %, 20 %, half; below it -> one more, if they are used", () => {
  const after = (waitedMs: number, inFlight = 100): number => {
    const limit = new Breakwater({ ...RANGE, initial: 100, targetMs: 50, grow: 1, cutRatio: 0.02, everyMs: 10 });
    limit.sample(60, inFlight, false, 0, waitedMs);
    return limit.limit;
  };
  expect([50, 100, 550, 5000].map((ms) => after(ms))).toEqual([100, 98, 80, 50]);
  expect([after(49), after(49, 10), after(NaN)]).toEqual([101, 100, 100]);
});

it("breakwater: many samples within a round trip -> one change, by the longest wait of them", () => {
  const limit = new Breakwater({ ...RANGE, initial: 100, targetMs: 50, grow: 1, cutRatio: 0.02, everyMs: 10 });
  limit.sample(10, 100, false, 0, 1);
  for (let i = 0; i < 50; i++) limit.sample(10, 100, false, 1 + i / 10, i === 20 ? 100 : 1);
  expect(limit.limit).toBe(101);
  limit.sample(10, 100, false, 10, 1);
  expect(limit.limit).toBe(98);
});

it("vegas: an attempt from before the latency was measured anew -> discarded", () => {
  const vegas = new Vegas({ ...RANGE, alpha: 3, beta: 6, probeEvery: 2, backoffRatio: 0.5 });
  vegas.sample(10, 20, false, 0);
  vegas.sample(10, 20, false, 90);
  const limit = vegas.limit;
  vegas.sample(1, 20, true, 99);
  expect(vegas.limit).toBe(limit);
});

it("concurrency: any history -> never above its limits, each permit ends once, by release or lease", () => {
  const op = fc.record({
    what: fc.constantFrom("acquire", "acquire", "release"),
    tenant: fc.nat(1),
    weight: fc.integer({ min: 1, max: 3 }),
    which: fc.nat(20),
    gapMs: fc.constantFrom(0, 0, 99, 100, 101),
  });
  fc.assert(
    fc.property(fc.array(op, { minLength: 6, maxLength: 60, size: "max" }), (list) => {
      const limit = new ConcurrencyLimit({ limit: 5, tenants: 2, perTenant: 3, leaseMs: 100, maxPermits: 8 });
      const held = new Map<number, { tenant: number; weight: number; endMs: number }>();
      const weight = (tenant?: number) =>
        [...held.values()].reduce((sum, one) => sum + (tenant === undefined || one.tenant === tenant ? one.weight : 0), 0);
      let nowMs = 0;
      let next = 0;
      for (const one of list) {
        nowMs += one.gapMs;
        for (const [permit, { endMs }] of held) if (endMs <= nowMs) held.delete(permit);
        if (one.what === "release") expect(limit.release(one.which, nowMs)).toBe(held.delete(one.which));
        else {
          const fits = weight() + one.weight <= 5 && weight(one.tenant) + one.weight <= 3;
          const permit = limit.acquire(one.tenant, one.weight, nowMs);
          if (permit < 0 && fits) {
            // The ring of leases may be full while early permits are held.
            expect(next - Math.min(...held.keys())).toBeGreaterThanOrEqual(8);
            continue;
          }
          expect(permit).toBe(fits ? next : -1);
          if (fits) held.set(next++, { tenant: one.tenant, weight: one.weight, endMs: nowMs + 100 });
        }
        expect(limit.inFlight).toBe(weight());
      }
    }),
  );
});

it("concurrency: its name; a setting out of bounds -> the fault that says what it must be", () => {
  const sound = { limit: 5, tenants: 2, perTenant: 3, leaseMs: 100, maxPermits: 8 };
  const build = (of: ConcurrencySettings) => new ConcurrencyLimit(of);
  expect(build(sound).name).toBe("concurrency");
  const limit = "a whole number >= 1 <= 1099511627776";
  const constraints = {
    limit,
    perTenant: limit,
    tenants: "a whole number >= 1 <= 1048576",
    maxPermits: "a whole number >= 1 <= 4194304",
    leaseMs: "a finite number >= 0.001 <= 9000000000000",
  };
  expectFaults("concurrency", sound, constraints, build);
  for (const [setting, call] of [
    ["limit", () => build(sound).reconfigure(0, 1)],
    ["perTenant", () => build(sound).reconfigure(1, 0)],
  ] as const) {
    expect(faultOf(call)).toEqual(new SettingFault(`concurrency.${setting}`, limit, 0));
  }
});

it("concurrency: maxPermits out -> no room, whatever the limit; ends by leases are counted", () => {
  const limit = new ConcurrencyLimit({ limit: 9, tenants: 1, leaseMs: 100, maxPermits: 2 });
  expect([limit.acquire(0, 1, 0), limit.acquire(0, 1, 10), limit.acquire(0, 1, 10), limit.inFlight]).toEqual([0, 1, -1, 2]);
  expect([limit.release(1, 20), limit.acquire(0, 1, 99), limit.acquire(0, 3, 100), limit.expired, limit.inFlight]).toEqual([
    true,
    -1,
    2,
    1,
    3,
  ]);
  // A clock that steps back is frozen: the lease of permit 2 lasts from 100 on.
  expect([limit.release(2, 50), limit.inFlight]).toEqual([true, 0]);
});

it("concurrency: weights and tenants that are none -> a fault; a lower limit -> nobody enters until it is kept", () => {
  const limit = new ConcurrencyLimit({ limit: 2, tenants: 1, leaseMs: 1000, maxPermits: 8 });
  for (const weight of [0, -1, NaN, 0.5, Infinity]) {
    expect(faultOf(() => limit.acquire(0, weight, 0))).toEqual(new PolicyFault("concurrency.weight", "a whole number > 0", weight));
  }
  expect(faultOf(() => limit.acquire(1, 1, 0))).toEqual(new PolicyFault("concurrency.tenant", "a whole number from 0 to 0", 1));
  const [first, second] = [limit.acquire(0, 1, 0), limit.acquire(0, 1, 0)];
  limit.reconfigure(1, 1);
  limit.release(first, 0);
  expect(limit.acquire(0, 1, 0)).toBe(-1);
  limit.release(second, 0);
  expect(limit.acquire(0, 1, 0)).toBeGreaterThan(0);
});

it("vtc: two backlogged clients with shares -> service by share differs by no more than the bound", () => {
  const request = fc.record({ input: fc.integer({ min: 1, max: 100 }), output: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(request, { minLength: 10, maxLength: 80, size: "max" }), fc.integer({ min: 1, max: 9 }), (requests, share) => {
      const vtc = new VirtualTokenCounter({ clients: 2, inputWeight: 1, outputWeight: 2 });
      const service = [0, 0];
      for (let i = 0; i < requests.length; i++) for (const client of [0, 1]) vtc.arrive(client);
      for (const { input, output } of requests) {
        const client = vtc.next();
        vtc.leave(client);
        vtc.charge(client, input, output, client === 0 ? share : 1);
        service[client]! += input + 2 * output;
        expect(Math.abs(service[0]! / share - service[1]!)).toBeLessThanOrEqual(2 * (100 + 2 * 50));
      }
    }),
  );
});

it("vtc: two backlogged clients -> service differs by no more than the bound; one that returns gets no credit", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ input: fc.integer({ min: 1, max: 100 }), output: fc.integer({ min: 1, max: 50 }) }), {
        minLength: 10,
        maxLength: 80,
        size: "max",
      }),
      (requests) => {
        const vtc = new VirtualTokenCounter({ clients: 3, inputWeight: 1, outputWeight: 2 });
        for (let i = 0; i < requests.length; i++) for (const client of [0, 1]) vtc.arrive(client);
        for (const { input, output } of requests) {
          const client = vtc.next();
          vtc.leave(client);
          vtc.charge(client, input, output);
          expect(Math.abs(vtc.served(0) - vtc.served(1))).toBeLessThanOrEqual(2 * (100 + 2 * 50));
        }
        const least = Math.min(vtc.served(0), vtc.served(1));
        vtc.arrive(2);
        expect(vtc.served(2)).toBe(least);
      },
    ),
  );
});
