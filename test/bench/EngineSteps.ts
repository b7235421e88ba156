import { TimeGrid } from "../../src/kernel/TimeGrid.ts";
import { StepTime } from "../../src/serving/engine/StepTime.ts";
import { mixKey } from "../../src/serving/engine/TokenContent.ts";
import type { EngineSpec } from "../../src/serving/ServingSpec.ts";
import { runLeap } from "../oracle/leapEngine.ts";
import type { EngineInput, EngineRequest } from "../oracle/NaiveEngine.ts";
import { NaiveEngine } from "../oracle/NaiveEngine.ts";
import type { Measurement } from "./Benchmark.ts";
import { measure } from "./Benchmark.ts";

export interface EngineLoad {
  readonly how: "leap" | "stepper";
  readonly perSecond: number;
  readonly outputTokens: number;
  readonly requests: number;
}

// The step times of the reference measurements: a 6 ms, b 20 us, c 40 ns, d 27 us.
const SPEC: EngineSpec = {
  maxBatchedTokens: 1024,
  maxSequences: 256,
  maxModelTokens: 131_072,
  blockTokens: 16,
  kvBlocks: 12_000,
  prefixCache: false,
  reserveFullPrompt: true,
  maxWaiting: 1_000_000,
  step: { a: 6, b: 0.02, c: 4e-5, d: 0.027, e: 0, h: 0 },
};

/** One replica alone, by leaping or step by step, on the same requests. Units are requests. */
export const engineSteps = (load: EngineLoad): Measurement => {
  const grid = TimeGrid.forHorizon(1e8);
  const requests = requestsOf(load);
  const inputs = inputsOf(load, grid);
  const run = (count: number): number => {
    if (load.how === "leap") runLeap(SPEC, grid, requests.slice(0, count), inputs.slice(0, count));
    else new NaiveEngine(SPEC, (factor) => new StepTime(SPEC.step, grid, factor), requests.slice(0, count)).run(inputs.slice(0, count));
    return count;
  };
  return measure(
    () => void run(Math.min(load.requests, 2000)),
    () => run(load.requests),
  );
};

/** A uniform number for each purpose and request, by mixing. */
const uniform = (purpose: number, i: number): number => (mixKey(purpose, i) - 0.5) / 2 ** 53;

const requestsOf = (load: EngineLoad): Array<EngineRequest> =>
  Array.from({ length: load.requests }, (_, i) => ({
    outputTokens: Math.max(1, Math.round(-Math.log(1 - uniform(1, i)) * load.outputTokens)),
    content: {
      promptTokens: Math.max(1, Math.round(-Math.log(1 - uniform(2, i)) * 810)),
      prefixKey: 0,
      prefixTokens: 0,
      traceKeys: undefined,
      traceBlockTokens: 1,
      streamKey: i,
    },
  }));

const inputsOf = (load: EngineLoad, grid: TimeGrid): Array<EngineInput> => {
  let atMs = 0;
  return Array.from({ length: load.requests }, (_, request) => {
    atMs += grid.round((-Math.log(1 - uniform(3, request)) * 1000) / load.perSecond);
    return { atMs, kind: "arrive", request } as const;
  });
};
