import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { erlangB, erlangC, littleNumber, mm1, mmc, mmcc } from "../../src/queueing/index.ts";

const serversAndUtilization = {
  servers: fc.integer({ min: 1, max: 200 }),
  utilization: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
};

/** The defining sum, safe only for few servers. */
function erlangBBySum(servers: number, erlangs: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= servers; n++) {
    term *= erlangs / n;
    sum += term;
  }
  return term / sum;
}

describe("erlangB", () => {
  it("erlangB: entries of the printed tables -> same loss", () => {
    expect(erlangB({ servers: 1, erlangs: 1 })).toBe(0.5);
    expect(erlangB({ servers: 2, erlangs: 1 })).toBeCloseTo(0.2, 15);
    expect(erlangB({ servers: 10, erlangs: 5 })).toBeCloseTo(0.01838, 5);
    // Offered traffic for 1 % loss, as printed in Erlang B tables.
    expect(erlangB({ servers: 5, erlangs: 1.3608 })).toBeCloseTo(0.01, 5);
    expect(erlangB({ servers: 20, erlangs: 12.031 })).toBeCloseTo(0.01, 5);
    expect(erlangB({ servers: 100, erlangs: 84.064 })).toBeCloseTo(0.01, 5);
  });

  it("erlangB: up to 60 servers -> the recursion equals the defining sum", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0, max: 80, noNaN: true }), (servers, erlangs) => {
        expect(erlangB({ servers, erlangs })).toBeCloseTo(erlangBBySum(servers, erlangs), 12);
      }),
    );
  });

  it("erlangB: one server more -> less loss; more traffic -> more loss", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 1, max: 400, noNaN: true }), (servers, erlangs) => {
        const loss = erlangB({ servers, erlangs });
        expect(erlangB({ servers: servers + 1, erlangs })).toBeLessThanOrEqual(loss * (1 + 1e-12));
        expect(erlangB({ servers, erlangs: erlangs * 1.1 })).toBeGreaterThanOrEqual(loss * (1 - 1e-12));
      }),
    );
  });

  it("mmcc: accepted requests -> Little's law holds", () => {
    const station = mmcc({ servers: 7, arrivalsPerSecond: 30, serviceMeanMs: 250 });
    expect(station.numberMean).toBeCloseTo(littleNumber({ throughputPerSecond: station.throughputPerSecond, meanMs: 250 }), 12);
    expect(station.utilization).toBeCloseTo(station.numberMean / 7, 12);
  });
});

describe("erlangC", () => {
  it("erlangC: known cases -> same wait probability", () => {
    expect(erlangC({ servers: 10, erlangs: 8 })).toBeCloseTo(0.4092, 4);
    // Two servers: 2 rho^2 / (1 + rho).
    expect(erlangC({ servers: 2, erlangs: 1.6 })).toBeCloseTo((2 * 0.64) / 1.8, 14);
  });

  it("erlangC: any station -> the identity c B / (c - a (1 - B)), and C >= B", () => {
    fc.assert(
      fc.property(serversAndUtilization.servers, serversAndUtilization.utilization, (servers, utilization) => {
        const erlangs = servers * utilization;
        const blocked = erlangB({ servers, erlangs });
        const waits = erlangC({ servers, erlangs });
        expect(waits).toBeCloseTo((servers * blocked) / (servers - erlangs * (1 - blocked)), 12);
        expect(waits).toBeGreaterThanOrEqual(blocked * (1 - 1e-12));
      }),
    );
  });

  it("erlangC: as many erlangs as servers -> RangeError with place, value and constraint", () => {
    expect(() => erlangC({ servers: 3, erlangs: 3 })).toThrow(
      new RangeError("erlangC.utilization: must be < 1, no steady state exists (got 1)"),
    );
    expect(() => mmc({ servers: 2, arrivalsPerSecond: 30, serviceMeanMs: 100 })).toThrow(/mmc\.utilization.*got 1\.5/);
    expect(() => mmc({ servers: 1.5, arrivalsPerSecond: 1, serviceMeanMs: 1 })).toThrow(/mmc\.servers.*whole number >= 1/);
  });
});

describe("mmc", () => {
  it("mmc: one server -> M/M/1 in every mean", () => {
    fc.assert(
      fc.property(serversAndUtilization.utilization, (utilization) => {
        const load = { arrivalsPerSecond: utilization * 5, serviceMeanMs: 200 };
        const one = mm1(load);
        const many = mmc({ ...load, servers: 1 });
        for (const key of ["utilization", "waitProbability", "queueWaitMeanMs", "responseMeanMs", "numberMean"] as const) {
          expect(Math.abs(many[key] / one[key] - 1)).toBeLessThan(1e-12);
        }
      }),
    );
  });

  it("mmc: any station -> Little's law on the whole, and the tail integrates to the mean wait", () => {
    fc.assert(
      fc.property(serversAndUtilization.servers, serversAndUtilization.utilization, (servers, utilization) => {
        const load = { servers, arrivalsPerSecond: servers * utilization, serviceMeanMs: 1000 };
        const station = mmc(load);
        expect(station.numberMean).toBeCloseTo(
          littleNumber({
            throughputPerSecond: load.arrivalsPerSecond,
            meanMs: station.responseMeanMs,
          }),
          9,
        );
        // An exponential tail: mean = P(W > 0) * scale, and the scale is where the tail has fallen by e.
        const scaleMs = station.queueWaitMeanMs / station.waitProbability;
        expect(station.queueWaitAbove(scaleMs) * Math.E).toBeCloseTo(station.waitProbability, 12);
        expect(station.queueWaitAbove(0)).toBe(station.waitProbability);
      }),
    );
  });

  it("mmc: quantile -> the tail at it is 1 - p, or that of no wait", () => {
    fc.assert(
      fc.property(serversAndUtilization.utilization, fc.double({ min: 0.01, max: 0.999, noNaN: true }), (utilization, p) => {
        const station = mmc({
          servers: 16,
          arrivalsPerSecond: 16 * utilization,
          serviceMeanMs: 1000,
        });
        const waitMs = station.queueWaitQuantileMs(p);
        expect(station.queueWaitAbove(waitMs)).toBeCloseTo(Math.min(station.waitProbability, 1 - p), 12);
      }),
    );
  });

  it("mmc: pooling two stations into one -> shorter wait", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), serversAndUtilization.utilization, (servers, utilization) => {
        const wait = (c: number): number => mmc({ servers: c, arrivalsPerSecond: c * utilization, serviceMeanMs: 1000 }).queueWaitMeanMs;
        expect(wait(2 * servers)).toBeLessThan(wait(servers));
      }),
    );
  });
});
