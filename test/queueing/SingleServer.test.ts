import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kingmanBoundMs, kingmanWaitMs, littleMeanMs, littleNumber, md1, mg1, mm1, mm1k } from "../../src/queueing/index.ts";

const utilizations = fc.double({ min: 0.01, max: 0.98, noNaN: true });
const serviceMeanMs = 50;
const at = (utilization: number) => ({
  arrivalsPerSecond: (utilization / serviceMeanMs) * 1000,
  serviceMeanMs,
});

describe("mm1", () => {
  it("mm1: 8 arrivals per second at 100 ms -> 4 present, 500 ms response, 400 ms wait", () => {
    const station = mm1({ arrivalsPerSecond: 8, serviceMeanMs: 100 });
    expect(station.utilization).toBeCloseTo(0.8, 12);
    expect(station.numberMean).toBeCloseTo(4, 12);
    expect(station.responseMeanMs).toBeCloseTo(500, 10);
    expect(station.queueWaitMeanMs).toBeCloseTo(400, 10);
    expect(station.responseQuantileMs(0.5)).toBeCloseTo(500 * Math.LN2, 10);
  });

  it("mm1: any load -> Little's law; more load -> longer wait", () => {
    fc.assert(
      fc.property(utilizations, (utilization) => {
        const station = mm1(at(utilization));
        const rate = at(utilization).arrivalsPerSecond;
        expect(station.numberMean).toBeCloseTo(littleNumber({ throughputPerSecond: rate, meanMs: station.responseMeanMs }), 9);
        expect(station.responseMeanMs).toBeCloseTo(littleMeanMs({ throughputPerSecond: rate, numberMean: station.numberMean }), 7);
        expect(mm1(at(utilization + 0.01)).queueWaitMeanMs).toBeGreaterThan(station.queueWaitMeanMs);
      }),
    );
  });

  it("mm1: wrong inputs -> RangeError naming the place", () => {
    expect(() => mm1({ arrivalsPerSecond: 10, serviceMeanMs: 100 })).toThrow(/mm1\.utilization: must be < 1/);
    expect(() => mm1({ arrivalsPerSecond: -1, serviceMeanMs: 100 })).toThrow(/mm1\.arrivalsPerSecond.*>= 0.*-1/);
    expect(() => mm1({ arrivalsPerSecond: 1, serviceMeanMs: 0 })).toThrow(/mm1\.serviceMeanMs/);
    expect(() => mm1({ arrivalsPerSecond: Number.NaN, serviceMeanMs: 1 })).toThrow(RangeError);
    expect(() => mm1(at(0.5)).responseQuantileMs(1)).toThrow(RangeError);
  });
});

describe("mg1", () => {
  it("mg1: exponential service -> M/M/1; constant service -> half its wait", () => {
    fc.assert(
      fc.property(utilizations, (utilization) => {
        const exponential = mm1(at(utilization));
        const general = mg1({ ...at(utilization), serviceVarianceMs2: serviceMeanMs ** 2 });
        expect(general.queueWaitMeanMs / exponential.queueWaitMeanMs).toBeCloseTo(1, 12);
        expect(general.numberMean / exponential.numberMean).toBeCloseTo(1, 12);
        expect(md1(at(utilization)).queueWaitMeanMs / exponential.queueWaitMeanMs).toBeCloseTo(0.5, 12);
      }),
    );
  });

  it("mg1: more variance -> longer wait, linearly", () => {
    fc.assert(
      fc.property(utilizations, fc.double({ min: 0, max: 1e5, noNaN: true }), (utilization, variance) => {
        const wait = (serviceVarianceMs2: number): number => mg1({ ...at(utilization), serviceVarianceMs2 }).queueWaitMeanMs;
        const base = wait(0);
        expect(wait(2 * variance) - base).toBeCloseTo(2 * (wait(variance) - base), 6);
      }),
    );
  });

  it("mg1: utilization 1 -> RangeError", () => {
    expect(() => md1(at(1))).toThrow(/mg1\.utilization/);
    expect(() => mg1({ ...at(0.5), serviceVarianceMs2: -1 })).toThrow(/mg1\.serviceVarianceMs2/);
  });
});

describe("mm1k", () => {
  it("mm1k: room for one -> the loss of one server, a / (1 + a), also in overload", () => {
    for (const erlangs of [0.1, 1, 4]) {
      const station = mm1k({ ...at(erlangs), capacity: 1 });
      expect(station.lossProbability).toBeCloseTo(erlangs / (1 + erlangs), 14);
      expect(station.queueWaitMeanMs).toBeCloseTo(0, 10);
      expect(station.waitProbability).toBeCloseTo(0, 12);
    }
  });

  it("mm1k: rho other than 1 -> the closed forms of loss and mean number", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        fc.boolean(),
        (capacity, below, invert) => {
          const rho = invert ? 1 / below : below;
          const station = mm1k({ ...at(rho), capacity });
          const end = rho ** (capacity + 1);
          expect(station.lossProbability).toBeCloseTo(((1 - rho) * rho ** capacity) / (1 - end), 10);
          expect(station.numberMean).toBeCloseTo(rho / (1 - rho) - ((capacity + 1) * end) / (1 - end), 8);
        },
      ),
    );
  });

  it("mm1k: rho exactly 1 -> uniform over 0..K", () => {
    const station = mm1k({ ...at(1), capacity: 9 });
    for (const probability of station.numberProbability) expect(probability).toBeCloseTo(0.1, 14);
    expect(station.numberMean).toBeCloseTo(4.5, 12);
  });

  it("mm1k: much room -> M/M/1", () => {
    const bounded = mm1k({ ...at(0.9), capacity: 2000 });
    const unbounded = mm1(at(0.9));
    expect(bounded.numberMean).toBeCloseTo(unbounded.numberMean, 9);
    expect(bounded.responseMeanMs).toBeCloseTo(unbounded.responseMeanMs, 7);
    expect(bounded.waitProbability).toBeCloseTo(unbounded.waitProbability, 12);
    expect(bounded.lossProbability).toBeLessThan(1e-80);
  });

  it("mm1k: any load -> accepted plus refused is all, Little's law on accepted; more room -> less loss", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0.01, max: 50, noNaN: true }), (capacity, erlangs) => {
        const load = { ...at(erlangs), capacity };
        const station = mm1k(load);
        expect(station.throughputPerSecond / load.arrivalsPerSecond).toBeCloseTo(1 - station.lossProbability, 10);
        const number = littleNumber({
          throughputPerSecond: station.throughputPerSecond,
          meanMs: station.responseMeanMs,
        });
        expect(number / station.numberMean).toBeCloseTo(1, 10);
        expect(mm1k({ ...load, capacity: capacity + 1 }).lossProbability).toBeLessThanOrEqual(station.lossProbability * (1 + 1e-12));
      }),
    );
  });
});

const general = (utilization: number, gapCv2: number, serviceCv2: number) => {
  const gapMeanMs = serviceMeanMs / utilization;
  return {
    gapMeanMs,
    gapVarianceMs2: gapCv2 * gapMeanMs ** 2,
    serviceMeanMs,
    serviceVarianceMs2: serviceCv2 * serviceMeanMs ** 2,
  };
};

describe("kingman", () => {
  it("kingmanWaitMs: Poisson arrivals -> Pollaczek-Khinchine", () => {
    fc.assert(
      fc.property(utilizations, fc.double({ min: 0, max: 9, noNaN: true }), (utilization, serviceCv2) => {
        const exact = mg1({
          ...at(utilization),
          serviceVarianceMs2: serviceCv2 * serviceMeanMs ** 2,
        }).queueWaitMeanMs;
        expect(kingmanWaitMs(general(utilization, 1, serviceCv2)) / exact).toBeCloseTo(1, 10);
      }),
    );
  });

  it("kingmanBoundMs: Poisson arrivals -> above the exact wait, and equal in the limit of heavy traffic", () => {
    fc.assert(
      fc.property(utilizations, fc.double({ min: 0, max: 9, noNaN: true }), (utilization, serviceCv2) => {
        const exact = mg1({
          ...at(utilization),
          serviceVarianceMs2: serviceCv2 * serviceMeanMs ** 2,
        }).queueWaitMeanMs;
        expect(kingmanBoundMs(general(utilization, 1, serviceCv2))).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
      }),
    );
    const heavy = general(0.9999, 0.4, 2);
    expect(kingmanBoundMs(heavy) / kingmanWaitMs(heavy)).toBeCloseTo(1, 3);
  });

  it("kingman: constant gaps and service -> no wait; no steady state -> RangeError", () => {
    expect(kingmanBoundMs(general(0.9, 0, 0))).toBe(0);
    expect(() => kingmanWaitMs(general(1, 1, 1))).toThrow(/kingmanWaitMs\.utilization/);
    expect(() => kingmanBoundMs(general(1.2, 1, 1))).toThrow(/kingmanBoundMs\.utilization/);
  });
});
