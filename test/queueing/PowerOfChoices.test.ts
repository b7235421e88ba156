import fc from "fast-check";
import { expect, it } from "vitest";
import { mm1, powerOfChoices } from "../../src/queueing/index.ts";

const at = (utilization: number, choices: number) => powerOfChoices({ arrivalsPerSecond: utilization * 1000, serviceMeanMs: 1, choices });

it("powerOfChoices: two choices -> the mean times printed by Mitzenmacher 2001, table 1", () => {
  const printed = [
    [0.5, 1.2657],
    [0.7, 1.6145],
    [0.8, 1.9474],
    [0.9, 2.6141],
    [0.95, 3.383],
    [0.99, 5.432],
  ] as const;
  for (const [utilization, mean] of printed) expect(at(utilization, 2).responseMeanMs).toBeCloseTo(mean, 3);
});

it("powerOfChoices: one choice -> M/M/1", () => {
  const one = at(0.9, 1);
  const exact = mm1({ arrivalsPerSecond: 900, serviceMeanMs: 1 });
  expect(one.responseMeanMs).toBeCloseTo(exact.responseMeanMs, 10);
  expect(one.atLeast(3)).toBeCloseTo(0.729, 12);
});

it("powerOfChoices: any load -> the tail sums to the mean number and solves the fixed point; more choices -> less wait", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 2, max: 6 }), (utilization, choices) => {
      const fleet = at(utilization, choices);
      let sum = 0;
      for (let n = 1; n <= 60; n++) {
        sum += fleet.atLeast(n);
        // Mean-field balance: rho (s(n-1)^d - s(n)^d) = s(n) - s(n+1).
        const inflow = utilization * (fleet.atLeast(n - 1) ** choices - fleet.atLeast(n) ** choices);
        expect(inflow).toBeCloseTo(fleet.atLeast(n) - fleet.atLeast(n + 1), 12);
      }
      expect(sum).toBeCloseTo(fleet.numberMean, 10);
      expect(at(utilization, choices + 1).queueWaitMeanMs).toBeLessThanOrEqual(fleet.queueWaitMeanMs);
      expect(fleet.queueWaitMeanMs).toBeLessThan(at(utilization, 1).queueWaitMeanMs);
    }),
  );
});

it("powerOfChoices: utilization 1 or no choice -> RangeError", () => {
  expect(() => at(1, 2)).toThrow(/powerOfChoices\.utilization/);
  expect(() => at(0.5, 0)).toThrow(/powerOfChoices\.choices/);
  expect(at(0, 2).responseMeanMs).toBe(1);
});
