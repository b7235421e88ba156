import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import { column, run } from "../serving/SmallWorld.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-steps-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const STEPS = "sequences,kvTokens,prefillTokens,context,ms\n1,100,0,0,10\n1,1000,0,0,10\n0,0,50,0,30\n0,0,200,0,30\n";
const ENTRY = {
  version: 1,
  gpu: "my-gpu",
  model: "my-model",
  dtype: "bf16",
  tensorParallel: 1,
  coefficients: { a: 20, b: 0, c: 0, d: 0, e: 0, h: 0 },
  domain: { maxSequences: 4, maxKvTokens: 1000, maxPrefillTokens: 2048 },
  errors: { fitRatio: 0.02 },
  source: "measured for this test",
};

const world = (engine: NonNullable<ScenarioInput["fleet"][string]["engine"]>, users = 1): ScenarioInput => ({
  name: "steps",
  horizon: "10s",
  traffic: { chat: { arrivals: { closed: { users, think: "100h" } }, prompt: 100, output: 11 } },
  fleet: {
    gpu: { gpu: "my-gpu", model: "my-model", price: "$1/h", engine: { kvBlocks: 90, maxSequences: 6, maxBatchedTokens: 2048, ...engine } },
  },
});

const faultOf = (authored: ScenarioInput): string => {
  const decoded = decodeScenario(sourceOf(authored));
  return decoded instanceof ScenarioFault ? decoded.message : "none";
};

describe("step times from files", () => {
  test("a measured table: prefill steps of 30 ms, decode steps of 10 ms -> those times", async () => {
    const simulated = await run(world({ stepTable: file("steps.csv", STEPS) }));
    expect(column(simulated, "ttftMs")).toEqual([30]);
    expect(column(simulated, "e2eMs")).toEqual([130]);
    expect(simulated.result.pools[0]!.stepSource).toContain("4 measured steps of");
  });

  test("a calibration: steps of 20 ms -> those times, its source and error in the result, no host time on top", async () => {
    const simulated = await run(world({ calibration: file("entry.json", JSON.stringify(ENTRY)) }));
    expect(column(simulated, "e2eMs")).toEqual([220]);
    expect(simulated.result.pools[0]!.stepSource).toContain("measured for this test");
    expect(simulated.result.pools[0]!.warnings).toEqual([]);
  });

  test("a calibration that was fitted with time beside the steps -> prompts wait for it, and the result says so", async () => {
    const entry = file("late.json", JSON.stringify({ ...ENTRY, requestOverhead: { perRequestMs: 30, perPromptTokenMs: 0.25 } }));
    const simulated = await run(world({ calibration: entry }));
    expect(simulated.sample).toMatchObject([{ ttftMs: 30 + 25 + 20, e2eMs: 55 + 220 }]);
    expect(simulated.result.pools[0]!.requestOverhead).toEqual({ perRequestMs: 30, perPromptTokenMs: 0.25 });
    const given = await run(world({ calibration: entry, requestOverhead: {} }));
    expect(column(given, "ttftMs")).toEqual([20]);
    expect(given.result.pools[0]).not.toHaveProperty("requestOverhead");
  });

  test("more sequences than the fit has seen -> a warning with both numbers", async () => {
    const simulated = await run(world({ calibration: file("entry.json", JSON.stringify(ENTRY)) }, 6));
    expect(simulated.result.pools[0]!.warnings.join()).toContain("reached 6 sequences in a step, step times are fitted up to 4");
  });

  test("files that cannot be used -> place, line and column, and what must hold", () => {
    expect(faultOf(world({ stepTable: "nowhere.csv" }))).toMatch(/engine\.stepTable must be a file that can be read/u);
    expect(faultOf(world({ stepTable: file("bad.csv", "sequences,kvTokens,prefillTokens,context,ms\n1,100,0,0,fast\n") }))).toMatch(
      /bad\.csv:2:11/u,
    );
    expect(faultOf(world({ calibration: file("bad.json", "{") }))).toMatch(/is no JSON/u);
    expect(faultOf(world({ calibration: file("old.json", JSON.stringify({ ...ENTRY, version: 9 })) }))).toMatch(/version must be 1/u);
    expect(faultOf(world({ step: { a: 1 }, stepTable: file("steps.csv", STEPS) }))).toMatch(/stepTable must not be together with step/u);
  });
});
