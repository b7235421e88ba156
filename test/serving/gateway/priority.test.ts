import { expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { run } from "../SmallWorld.ts";

const world = (queue: Partial<NonNullable<NonNullable<ScenarioInput["gateway"]>["queue"]>>): ScenarioInput => ({
  name: "priority",
  horizon: "100s",
  warmup: "40s",
  traffic: { web: { arrivals: { poisson: { rate: "140/s" } }, prompt: 1, output: 1 } },
  gateway: { maxInFlightPerReplica: 1, queue: { capacity: 100_000, ...queue } },
  fleet: { server: { station: { servers: 1, service: { exponential: { mean: "10ms" } } } } },
});

test("priority, one class at 1.4 times the capacity -> its users are told apart: about two of seven are refused, the others wait little", async () => {
  const { result } = await run(world({ priority: { queueWait: "500ms", windowRequests: 500 } }));
  const [web] = result.classes;
  expect(web!.outcomes.shed / web!.requests).toBeGreaterThan(0.2);
  expect(web!.outcomes.shed / web!.requests).toBeLessThan(0.5);
  expect(result.gateway.shed!.lowPriority).toBe(web!.outcomes.shed);
  expect(web!.queueWaitMs.mean!).toBeLessThan(5000);
  const control = (await run(world({}))).result.classes[0]!;
  expect(control.queueWaitMs.mean!).toBeGreaterThan(10_000);
});
