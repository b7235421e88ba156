import { TimeGrid } from "../../../src/kernel/TimeGrid.ts";
import type { RunRecord } from "../../../src/serving/calibration/RunRecord.ts";
import type { StepTime } from "../../../src/serving/engine/StepTime.ts";
import type { EngineSpec } from "../../../src/serving/ServingSpec.ts";
import { NaiveEngine } from "../../oracle/NaiveEngine.ts";
import type { ProfileTable } from "./ProfileTable.ts";

/** A recorded run through the step-by-step engine of the tests, each step timed by the profile's tables. */
export const replayByTable = (records: ReadonlyArray<RunRecord>, engine: EngineSpec, table: ProfileTable): ReadonlyArray<RunRecord> => {
  const grid = TimeGrid.forHorizon(86_400_000);
  const stepMs = (sequences: number, kvTokens: number, prefillTokens: number, attention: number): number => {
    // Chunks of several prompts count as one of the same attention: the profile has one chunk per step.
    const context = prefillTokens > 0 ? Math.max(0, (attention / prefillTokens - prefillTokens) / 2) : 0;
    return grid.round(table.stepMs({ sequences, kvTokens, prefillTokens, context }));
  };
  const requests = records.map((record, i) => ({
    content: {
      prefixKey: 0,
      prefixTokens: 0,
      traceKeys: undefined,
      traceBlockTokens: 1,
      promptTokens: record.promptTokens,
      streamKey: i + 1,
    },
    outputTokens: record.outputTokens,
  }));
  const inputs = records
    .map((record, request) => ({ atMs: grid.round(record.arrivalMs), kind: "arrive" as const, request }))
    .toSorted((one, other) => one.atMs - other.atMs || one.request - other.request);
  const trace = new NaiveEngine(engine, () => ({ stepMs }) as unknown as StepTime, requests).run(inputs);
  return records.map((record, i) => ({ ...record, firstTokenMs: trace.firstTokenMs[i]!, lastTokenMs: trace.endMs[i]! }));
};
