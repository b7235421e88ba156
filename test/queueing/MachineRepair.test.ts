import fc from "fast-check";
import { expect, it } from "vitest";
import { littleNumber, machineRepair, mm1 } from "../../src/queueing/index.ts";

/** Exact mean value analysis of one server and a delay (Reiser and Lavenberg 1980). */
function throughputByMeanValues(users: number, thinkMeanMs: number, serviceMeanMs: number): number {
  let number = 0;
  let perMs = 0;
  for (let n = 1; n <= users; n++) {
    const responseMs = serviceMeanMs * (1 + number);
    perMs = n / (responseMs + thinkMeanMs);
    number = perMs * responseMs;
  }
  return perMs * 1000;
}

it("machineRepair: one server -> the throughput of mean value analysis", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0, max: 1e5, noNaN: true }), (users, thinkMeanMs) => {
      const loop = machineRepair({ users, thinkMeanMs, serviceMeanMs: 100, servers: 1 });
      expect(loop.throughputPerSecond / throughputByMeanValues(users, thinkMeanMs, 100)).toBeCloseTo(1, 9);
    }),
  );
});

it("machineRepair: any loop -> Little's law around it, and the asymptotic bounds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 64 }),
      fc.double({ min: 1, max: 1e4, noNaN: true }),
      (users, servers, thinkMeanMs) => {
        const loop = machineRepair({ users, servers, thinkMeanMs, serviceMeanMs: 100 });
        const around = littleNumber({
          throughputPerSecond: loop.throughputPerSecond,
          meanMs: loop.responseMeanMs + thinkMeanMs,
        });
        expect(around / users).toBeCloseTo(1, 9);
        const bound = Math.min((servers / 100) * 1000, (users / (thinkMeanMs + 100)) * 1000);
        expect(loop.throughputPerSecond).toBeLessThanOrEqual(bound * (1 + 1e-12));
        expect(machineRepair({ users: users + 1, servers, thinkMeanMs, serviceMeanMs: 100 }).responseMeanMs).toBeGreaterThanOrEqual(
          loop.responseMeanMs * (1 - 1e-12),
        );
      },
    ),
  );
});

it("machineRepair: a server for each user -> nobody waits", () => {
  const loop = machineRepair({ users: 8, servers: 8, thinkMeanMs: 900, serviceMeanMs: 100 });
  expect(loop.throughputPerSecond).toBeCloseTo(8, 12);
  expect(loop.queueWaitMeanMs).toBeCloseTo(0, 10);
});

it("machineRepair: no think time -> every server always busy", () => {
  const loop = machineRepair({ users: 10, servers: 4, thinkMeanMs: 0, serviceMeanMs: 100 });
  expect(loop.throughputPerSecond).toBe(40);
  expect(loop.responseMeanMs).toBe(250);
});

it("machineRepair: many users who think long -> open M/M/1 of the same rate", () => {
  const users = 100_000;
  const loop = machineRepair({ users, servers: 1, thinkMeanMs: users * 200, serviceMeanMs: 100 });
  const open = mm1({ arrivalsPerSecond: 5, serviceMeanMs: 100 });
  expect(loop.responseMeanMs / open.responseMeanMs).toBeCloseTo(1, 3);
});

it("machineRepair: wrong inputs -> RangeError", () => {
  expect(() => machineRepair({ users: 0, servers: 1, thinkMeanMs: 1, serviceMeanMs: 1 })).toThrow(/machineRepair\.users.*got 0/);
  expect(() => machineRepair({ users: 1, servers: 1, thinkMeanMs: -1, serviceMeanMs: 1 })).toThrow(/thinkMeanMs/);
});
