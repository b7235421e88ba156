import { expect, test } from "vitest";
import { compareEngines } from "../../oracle/differences.ts";

const rounds = process.env["SPILLWAY_LONG"] === undefined ? 1 : 10;

const fuzz = (count: number, coarse: boolean, from: number): { steps: number; phases: number; preemptions: number } => {
  const seen = { steps: 0, phases: 0, preemptions: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const one = compareEngines(seed, coarse);
    expect(one.difference, `first difference at seed ${seed}`).toBeUndefined();
    seen.steps += one.steps;
    seen.phases += one.phases;
    seen.preemptions += one.preemptions;
  }
  return seen;
};

test("leap: 1,500 random engines on a fine grid -> the stepper's times, bit for bit, in fewer phases than steps", () => {
  const seen = fuzz(1500 * rounds, false, 1);
  expect(seen.preemptions).toBeGreaterThan(500);
  expect(seen.phases).toBeLessThan(seen.steps);
});

test("leap: 1,000 random engines whose events meet step boundaries exactly -> the stepper's times, bit for bit", () => {
  const seen = fuzz(1000 * rounds, true, 100_001);
  expect(seen.preemptions).toBeGreaterThan(500);
  expect(seen.phases).toBeLessThan(seen.steps);
});
