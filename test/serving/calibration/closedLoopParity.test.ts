import { describe, expect, it } from "vitest";
import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { FITTED_FACTORS, rooflineOverhead } from "../../../src/serving/catalog/RooflineFactors.ts";
import { run, small, worldOf } from "../SmallWorld.ts";

/** Fixed lengths, so that both see the same requests; all users start at once and think for no time. */
const scenario = (users: number, prompt: number, output: number, engine: object = {}) =>
  small(
    { arrivals: { closed: { users, think: "0s" } }, prompt, output },
    {
      horizon: "10m",
      fleet: {
        gpu: { gpu: "H200", model: "deepseek-v3", dtype: "fp8", parallelism: { tp: 8 }, engine: { prefixCache: false, ...engine } },
      },
    },
  );

describe("closed loop by steps and by the whole simulator", () => {
  it.each([
    [1, 1000, 200],
    [16, 1000, 200],
    [64, 512, 100],
    [48, 4000, 50],
  ])("%i users, %i tokens in, %i out, roofline of DeepSeek-V3 -> the same means", async (users, prompt, output) => {
    // Times of steps alone, which the point is made of.
    const authored = scenario(users, prompt, output, { requestOverhead: {} });
    const { result } = await run(authored);
    const { ttftMs, tpotMs } = result.classes[0]!;
    const { step, maxBatchedTokens } = worldOf(authored).fleet[0]!.engine;
    const point = closedLoopPoint(step, {
      inputTokens: prompt,
      outputTokens: output,
      concurrency: users,
      maxBatchedTokens,
      admissionSteps: 1,
      rounds: Math.round(result.total.outcomes.completed / users),
    });
    expect(Math.abs(point.tpotMs / tpotMs.mean! - 1)).toBeLessThan(0.01);
    expect(Math.abs(point.ttftMs / ttftMs.mean! - 1)).toBeLessThan(0.02);
  });

  it("a user alone -> the first token of steps and overhead, as the roofline's factors were fitted", async () => {
    const authored = scenario(1, 1000, 200);
    const { result } = await run(authored);
    const { engine, requestOverhead } = worldOf(authored).fleet[0]!;
    const load = { inputTokens: 1000, outputTokens: 200, concurrency: 1, maxBatchedTokens: engine.maxBatchedTokens, admissionSteps: 1 };
    const point = closedLoopPoint(engine.step, load);
    expect(requestOverhead).toEqual(rooflineOverhead("vllm", FITTED_FACTORS));
    expect(result.classes[0]!.ttftMs.mean! - point.ttftMs).toBeCloseTo(26.2 + 1000 * 0.00216, 2);
    expect(result.classes[0]!.tpotMs.mean!).toBeCloseTo(point.tpotMs, 2);
  });
});
