import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClosedLoopLoad } from "../../../src/serving/calibration/ClosedLoopLoad.ts";
import { ClosedLoopSteps } from "../../../src/serving/calibration/ClosedLoopSteps.ts";
import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";
import { StepForm } from "../../../src/serving/steptime/StepForm.ts";

interface Request {
  readonly inputs: number;
  readonly outputs: number;
  readonly arrivedMs: number;
  readonly fromStep: number;
  done: number;
  sent: number;
  firstMs: number;
  endMs: number;
}

/** Step by step and token by token, with a clock; nothing is leaped over or added up by size. */
const naive = (step: StepCoefficients, load: Required<ClosedLoopLoad>): { readonly ttftMs: number; readonly tpotMs: number } => {
  const form = new StepForm(step);
  const total = load.concurrency * load.rounds;
  const length = (nominal: number, i: number, ratio: number): number =>
    Math.max(1, Math.round(nominal * (1 - load.spreadRatio * (((i + 1) * ratio) % 1))));
  const all: Array<Request> = [];
  const submit = (arrivedMs: number, fromStep: number): void => {
    if (all.length === total) return;
    const i = all.length;
    const inputs = length(load.inputTokens, i, 0.6180339887498949);
    const outputs = length(load.outputTokens, i, 0.4142135623730951);
    all.push({ inputs, outputs, arrivedMs, fromStep, done: 0, sent: 0, firstMs: NaN, endMs: NaN });
  };
  let nowMs = 0;
  let steps = 0;
  const running: Array<Request> = [];
  const queue = (): ReadonlyArray<Request> => all.filter((one) => !running.includes(one) && Number.isNaN(one.endMs));
  const reserved = (): number => running.reduce((sum, one) => sum + one.inputs + one.outputs, 0);
  for (let client = 0; client < load.concurrency; client++) submit(0, 0);
  while (all.some((one) => Number.isNaN(one.endMs))) {
    for (const one of queue()) {
      const busy = running.length > 0;
      if (busy && (reserved() + one.inputs + one.outputs > load.kvTokens || one.fromStep > steps)) break;
      running.push(one);
    }
    const prompts = running.filter((one) => one.done < one.inputs);
    const alone = load.scheduling === "prefillFirst" && prompts.length > 0;
    const decodes = alone ? [] : running.filter((one) => one.done === one.inputs);
    let left = Math.max(1, load.maxBatchedTokens - decodes.length);
    const kvTokens = decodes.reduce((sum, one) => sum + one.inputs + one.sent, 0);
    let prefillTokens = 0;
    let attention = 0;
    const finishing: Array<Request> = [];
    for (const one of prompts) {
      const need = one.inputs - one.done;
      if (left <= 0 || (load.wholePrompts && prefillTokens > 0 && need > left)) break;
      const chunk = load.wholePrompts ? need : Math.min(need, left);
      attention += chunk * (2 * one.done + chunk);
      prefillTokens += chunk;
      left -= chunk;
      one.done += chunk;
      if (one.done === one.inputs) finishing.push(one);
    }
    nowMs += form.stepMs({
      sequences: decodes.length,
      rows: decodes.length,
      kvTokens,
      prefillTokens,
      attention,
      prefillContext: 0,
      chunks: 1,
    });
    if (!alone) steps++;
    for (const one of finishing) one.firstMs = nowMs;
    for (const one of [...decodes, ...finishing]) one.sent++;
    for (const one of running.filter(({ sent, outputs }) => sent === outputs)) {
      one.endMs = nowMs;
      running.splice(running.indexOf(one), 1);
      submit(nowMs, steps + load.admissionSteps);
    }
  }
  const mean = (of: ReadonlyArray<number>): number => (of.length === 0 ? 0 : of.reduce((sum, value) => sum + value, 0) / of.length);
  return {
    ttftMs: mean(all.map((one) => one.firstMs - one.arrivedMs)),
    tpotMs: mean(all.filter(({ outputs }) => outputs > 1).map((one) => (one.endMs - one.firstMs) / (one.outputs - 1))),
  };
};

const loads = fc.record({
  inputTokens: fc.integer({ min: 1, max: 300 }),
  outputTokens: fc.integer({ min: 1, max: 40 }),
  concurrency: fc.integer({ min: 1, max: 9 }),
  maxBatchedTokens: fc.integer({ min: 20, max: 400 }),
  spreadRatio: fc.constantFrom(0, 0.2, 0.9),
  rounds: fc.integer({ min: 1, max: 3 }),
  kvTokens: fc.constantFrom(400, 1000, Infinity),
  scheduling: fc.constantFrom("mixed" as const, "prefillFirst" as const),
  wholePrompts: fc.boolean(),
  admissionSteps: fc.constantFrom(0, 1, 3),
});

const AFFINE: StepCoefficients = { a: 8, b: 0.2, c: 4e-4, d: 0.05, e: 1e-4, h: 0 };

describe("steps of a closed loop", () => {
  it("law: any load, affine step times -> the means of a stepper that counts token by token", () => {
    fc.assert(
      fc.property(loads, (load) => {
        const expected = naive(AFFINE, load);
        const { ttftMs, tpotMs } = new ClosedLoopSteps(load).means(new StepForm(AFFINE));
        expect(ttftMs / expected.ttftMs).toBeCloseTo(1, 9);
        if (expected.tpotMs > 0) expect(tpotMs / expected.tpotMs).toBeCloseTo(1, 9);
        else expect(tpotMs).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("law: any load, step times with knees -> within 2 % of the stepper, since steps of about the same size count as one", () => {
    const kneed: StepCoefficients = { ...AFFINE, floorMs: 5, rowMs: 0.1, experts: { count: 64, active: 4, msPerExpert: 0.1 } };
    fc.assert(
      fc.property(loads, (load) => {
        const expected = naive(kneed, load);
        const { ttftMs, tpotMs } = new ClosedLoopSteps(load).means(new StepForm(kneed));
        expect(Math.abs(ttftMs / expected.ttftMs - 1)).toBeLessThan(0.02);
        if (expected.tpotMs > 0) expect(Math.abs(tpotMs / expected.tpotMs - 1)).toBeLessThan(0.02);
      }),
      { numRuns: 100 },
    );
  });

  it("step times twice as long -> means twice as long, from the same steps", () => {
    const steps = new ClosedLoopSteps({ inputTokens: 500, outputTokens: 100, concurrency: 8, maxBatchedTokens: 512 });
    const once = steps.means(new StepForm(AFFINE));
    const twice = steps.means(new StepForm(AFFINE, 2));
    expect(twice.ttftMs).toBeCloseTo(2 * once.ttftMs, 9);
    expect(twice.tpotMs).toBeCloseTo(2 * once.tpotMs, 9);
  });
});
