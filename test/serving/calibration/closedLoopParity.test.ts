import { describe, expect, it } from "vitest";
import { closedLoopPoint } from "../../../src/serving/calibration/closedLoopPoint.ts";
import { run, small, worldOf } from "../SmallWorld.ts";

/** Fixed lengths, so that both see the same requests; all users start at once and think for no time. */
const scenario = (users: number, prompt: number, output: number) =>
  small(
    { arrivals: { closed: { users, think: "0s" } }, prompt, output },
    {
      horizon: "10m",
      fleet: { gpu: { gpu: "H200", model: "deepseek-v3", dtype: "fp8", parallelism: { tp: 8 }, engine: { prefixCache: false } } },
    },
  );

describe("closed loop by steps and by the whole simulator", () => {
  it.each([
    [1, 1000, 200],
    [16, 1000, 200],
    [64, 512, 100],
    [48, 4000, 50],
  ])("%i users, %i tokens in, %i out, roofline of DeepSeek-V3 -> the same means", async (users, prompt, output) => {
    const authored = scenario(users, prompt, output);
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
});
