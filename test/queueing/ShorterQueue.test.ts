import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { littleNumber, mm1, mmc, shorterQueue } from "../../src/queueing/index.ts";

/** Two servers of 1 s each, at the given utilization. */
const at = (utilization: number) => ({ arrivalsPerSecond: 2 * utilization, serviceMeanMs: 1000 });

/** Mean number by Gauss-Seidel sweeps over the plain chain on both queue lengths, cut at `most` requests per queue. */
function numberByBruteForce(utilization: number, most: number): number {
  const side = most + 1;
  const law = new Float64Array(side * side).fill(1);
  const arrivals = 2 * utilization;
  const p = (a: number, b: number): number => (a < 0 || b < 0 || a > most || b > most ? 0 : law[a * side + b]!);
  /** Rate at which an arrival joins the first queue. */
  const first = (a: number, b: number): number =>
    a > most || b > most || a < 0 || b < 0 ? 0 : a < b ? arrivals : a === b ? arrivals / 2 : 0;
  for (let sweep = 0; sweep < 4000; sweep++) {
    for (let a = 0; a <= most; a++) {
      for (let b = 0; b <= most; b++) {
        const inflow = p(a + 1, b) + p(a, b + 1) + p(a - 1, b) * first(a - 1, b) + p(a, b - 1) * first(b - 1, a);
        const out = (a > 0 ? 1 : 0) + (b > 0 ? 1 : 0) + (a < most ? first(a, b) : 0) + (b < most ? first(b, a) : 0);
        law[a * side + b] = inflow / out;
      }
    }
  }
  let total = 0;
  let number = 0;
  law.forEach((weight, state) => {
    total += weight;
    number += weight * (Math.floor(state / side) + (state % side));
  });
  return number / total;
}

describe("shorterQueue", () => {
  it("shorterQueue: brute force over the plain chain -> the same mean number", () => {
    for (const utilization of [0.2, 0.5, 0.7]) {
      expect(shorterQueue(at(utilization)).numberMean).toBeCloseTo(numberByBruteForce(utilization, 40), 8);
    }
  });

  it("shorterQueue: any load -> Little's law joins the wait seen by arrivals with the number present", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.97, noNaN: true }), (utilization) => {
        const station = shorterQueue(at(utilization));
        const number = littleNumber({
          throughputPerSecond: 2 * utilization,
          meanMs: station.responseMeanMs,
        });
        expect(number / station.numberMean).toBeCloseTo(1, 10);
        expect(station.truncationError).toBeLessThan(1e-12);
      }),
      { numRuns: 25 },
    );
  });

  it("shorterQueue: any load -> between one shared queue and a random queue", () => {
    for (const utilization of [0.05, 0.3, 0.5, 0.8, 0.95, 0.99]) {
      const wait = shorterQueue(at(utilization)).queueWaitMeanMs;
      expect(wait).toBeGreaterThan(mmc({ ...at(utilization), servers: 2 }).queueWaitMeanMs);
      expect(wait).toBeLessThan(mm1({ arrivalsPerSecond: utilization, serviceMeanMs: 1000 }).queueWaitMeanMs);
    }
  });

  it("shorterQueue: light traffic -> wait 2 rho^2 services; heavy traffic -> the shared queue", () => {
    const light = shorterQueue(at(1e-4));
    expect(light.queueWaitMeanMs / (2 * 1e-8 * 1000)).toBeCloseTo(1, 3);
    const heavy = shorterQueue(at(0.99)).numberMean / mmc({ ...at(0.99), servers: 2 }).numberMean;
    expect(heavy).toBeGreaterThan(1);
    expect(heavy).toBeLessThan(1.02);
  });

  it("shorterQueue: far out -> the tail falls as rho^2 per request in the shorter queue", () => {
    for (const utilization of [0.5, 0.8, 0.95]) {
      const station = shorterQueue(at(utilization));
      for (const apart of [0, 1, 3]) {
        const one = station.probability({ shorter: 12, longer: 12 + apart });
        const next = station.probability({ shorter: 13, longer: 13 + apart });
        expect(next / one).toBeCloseTo(utilization ** 2, 6);
      }
    }
  });

  it("shorterQueue: states near empty -> global balance holds", () => {
    const { probability } = shorterQueue(at(0.6));
    const p = (shorter: number, longer: number): number => probability({ shorter, longer });
    expect(1.2 * p(0, 0)).toBeCloseTo(p(0, 1), 12);
    expect(2.2 * p(0, 1)).toBeCloseTo(1.2 * p(0, 0) + p(0, 2) + 2 * p(1, 1), 12);
    expect(3.2 * p(1, 1)).toBeCloseTo(1.2 * p(0, 1) + p(1, 2), 12);
  });

  it("shorterQueue: above 0.99 -> RangeError; no traffic -> empty", () => {
    expect(() => shorterQueue(at(0.995))).toThrow(/shorterQueue\.utilization: must be <= 0\.99.*0\.995/);
    expect(() => shorterQueue(at(1))).toThrow(RangeError);
    expect(shorterQueue(at(0)).numberMean).toBe(0);
  });
});
