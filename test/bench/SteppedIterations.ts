import type { SchedulingSpec } from "../../src/serving/SchedulingSpec.ts";
import type { EngineSpec } from "../../src/serving/ServingSpec.ts";
import type { StepModel } from "../../src/serving/steptime/StepModel.ts";
import { drive, ENGINE } from "../oracle/drive.ts";
import type { Measurement } from "./Benchmark.ts";
import { measure } from "./Benchmark.ts";

export interface IterationLoad {
  readonly scheduling: SchedulingSpec;
  readonly table?: boolean;
  /** Sequences per step, about; the engine is saturated. */
  readonly batch: number;
  readonly requests: number;
}

const TABLE: StepModel = {
  stepMs: ({ sequences, kvTokens, prefillTokens }) => 6 + 0.02 * sequences + 4e-5 * kvTokens + 0.027 * prefillTokens,
};

/** One replica that is simulated step by step, with a full batch all the time. Units are engine iterations. */
export const steppedIterations = ({ scheduling, table = false, batch, requests }: IterationLoad): Measurement => {
  const engine: EngineSpec = {
    ...ENGINE,
    maxSequences: batch,
    kvBlocks: 50 * batch,
    step: { a: 6, b: 0.02, c: 4e-5, d: 0.027, e: 0, h: 0 },
    scheduling,
    ...(table ? { stepTable: TABLE } : {}),
  };
  const run = (count: number): number =>
    drive(
      engine,
      Array.from({ length: count }, () => ({ atMs: 0, prompt: 300, output: 400 })),
    ).meter.steps;
  return measure(
    () => void run(Math.min(requests, 20 * batch)),
    () => run(requests),
  );
};
