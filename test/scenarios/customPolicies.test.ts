import * as Effect from "effect/Effect";
import { expect, test } from "vitest";
import custom from "../../scenarios/custom-policies.ts";
import { decodeScenario, ScenarioFault, simulate, sourceOf } from "../../src/index.ts";

test("policies of one's own in a scenario file -> they decide: at most 25 a second of the clock, and more replicas in the rush", async () => {
  const loaded = decodeScenario(sourceOf(custom));
  if (loaded instanceof ScenarioFault) throw loaded;
  const { world, components } = loaded;
  const own = (await Effect.runPromise(simulate(world, { seed: 1, components }))).result;
  const named = (await Effect.runPromise(simulate(world, { seed: 1 }))).result;
  expect(own.total.outcomes.rejected).toBeGreaterThan(1000);
  expect(own.total.outcomes.rejected).not.toBe(named.total.outcomes.rejected);
  expect(own.pools[0]!.scaling!.scaleUps).toBeGreaterThan(0);
  expect(own.pools[0]!.scaling).not.toEqual(named.pools[0]!.scaling);
});
