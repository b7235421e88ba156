import { expect, test } from "vitest";
import { runLeap } from "../../oracle/leapEngine.ts";
import { NaiveEngine } from "../../oracle/NaiveEngine.ts";
import { randomEngine } from "../../oracle/randomEngine.ts";

/** Runs both engines on one random case and compares everything that an outsider can see, with ===. */
const compare = (seed: number, coarse: boolean): { readonly steps: number; readonly phases: number; readonly preemptions: number } => {
  const engine = randomEngine({ seed, coarse, requests: 30 + (seed % 50) });
  const stepped = new NaiveEngine(engine.spec, engine.stepTimeOf, engine.requests).run(engine.inputs);
  const { phases, ...leapt } = runLeap(engine.spec, engine.grid, engine.requests, engine.inputs);
  const place = `seed ${seed}${coarse ? ", coarse" : ""}`;
  expect(leapt.end, place).toEqual(stepped.end);
  expect([...leapt.firstTokenMs], place).toEqual([...stepped.firstTokenMs]);
  expect([...leapt.endMs], place).toEqual([...stepped.endMs]);
  expect([...leapt.generated], place).toEqual([...stepped.generated]);
  expect([...leapt.cachedTokens], place).toEqual([...stepped.cachedTokens]);
  expect(leapt.order, place).toEqual(stepped.order);
  expect(leapt.preemptions, place).toBe(stepped.preemptions);
  return { steps: stepped.steps, phases, preemptions: stepped.preemptions };
};

const fuzz = (count: number, coarse: boolean, from: number): { steps: number; phases: number; preemptions: number } => {
  const seen = { steps: 0, phases: 0, preemptions: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const one = compare(seed, coarse);
    seen.steps += one.steps;
    seen.phases += one.phases;
    seen.preemptions += one.preemptions;
  }
  return seen;
};

const rounds = process.env["SPILLWAY_LONG"] === undefined ? 1 : 10;

test("leap: 1,200 random engines on a fine grid -> the stepper's times, bit for bit", () => {
  const seen = fuzz(1200 * rounds, false, 1);
  expect(seen.preemptions).toBeGreaterThan(500);
  expect(seen.phases * 2).toBeLessThan(seen.steps);
});

test("leap: 1,000 random engines whose events meet step boundaries exactly -> the stepper's times, bit for bit", () => {
  const seen = fuzz(1000 * rounds, true, 100_001);
  expect(seen.preemptions).toBeGreaterThan(500);
});
