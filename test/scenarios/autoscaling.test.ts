import * as Effect from "effect/Effect";
import { expect, test } from "vitest";
import planned from "../../scenarios/autoscaling.ts";
import fixed from "../../scenarios/autoscaling-fixed.ts";
import reactive from "../../scenarios/autoscaling-hpa.ts";
import type { Result, ScenarioInput } from "../../src/index.ts";
import { decodeScenario, ScenarioFault, simulate, sourceOf } from "../../src/index.ts";

const run = async (scenario: ScenarioInput): Promise<Result> => {
  const loaded = decodeScenario(sourceOf(scenario));
  if (loaded instanceof ScenarioFault) throw loaded;
  return (await Effect.runPromise(simulate(loaded.world, { seed: loaded.world.seed }))).result;
};

test("a rush: schedule, autoscaler alone, fixed fleet -> all gates hold; the schedule serves most with the fewest replica-hours", async () => {
  const [first, second, third] = [await run(planned), await run(reactive), await run(fixed)];
  for (const { gates, verdict } of [first, second, third]) expect([gates.length, verdict]).toEqual([2, "pass"]);
  const good = [first, second, third].map(({ total }) => total.goodput.ratio!);
  expect(good).toEqual(good.toSorted((x, y) => y - x));
  const hours = [first, second, third].map(({ pools }) => pools[0]!.replicaHours);
  expect(hours).toEqual(hours.toSorted((x, y) => x - y));
});
