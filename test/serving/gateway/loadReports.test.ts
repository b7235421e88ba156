import * as Layer from "effect/Layer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { componentsOf, scenario } from "../../../src/scenario/Scenario.ts";
import { LoadReports } from "../../../src/serving/gateway/LoadReports.ts";
import { Router } from "../../../src/serving/Router.ts";
import { burst, pool, run, small } from "../SmallWorld.ts";

test("load reports: any changes and looks -> what is seen is what was there just before the last multiple of the interval", () => {
  const step = fc.record({ gapMs: fc.constantFrom(0, 1, 4, 10, 11, 35), replica: fc.nat(2), change: fc.constantFrom(0, 1, 1, -1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const counts = new Int32Array(3);
      const reports = new LoadReports(10, counts);
      const history: Array<{ readonly atMs: number; readonly counts: ReadonlyArray<number> }> = [];
      let nowMs = 0;
      for (const { gapMs, replica, change } of steps) {
        nowMs += gapMs;
        reports.update(nowMs);
        const reportMs = Math.floor(nowMs / 10) * 10;
        const last = history.findLast(({ atMs }) => atMs < reportMs);
        expect([...reports.seen]).toEqual(last?.counts ?? [0, 0, 0]);
        counts[replica]! += change;
        history.push({ atMs: nowMs, counts: [...counts] });
      }
    }),
  );
});

const LATER = {
  piecewise: [
    ["0s", "0/s"],
    ["1s", "40/s"],
    ["1.8s", "0/s"],
  ],
  interpolation: "step",
} as const;

/** Where requests go that come between 1 and 1.8 s, when a long one is at the first of two replicas since the start. */
const chosen = async (gateway: NonNullable<ScenarioInput["gateway"]>): Promise<ReadonlyArray<string | null>> => {
  const early = burst(1, { output: 500 });
  const later = { arrivals: { poisson: { rate: LATER } }, prompt: 100, output: 500 } as const;
  const simulated = await run(small(early, { horizon: "30s", traffic: { early, later }, fleet: { gpu: pool({ replicas: 2 }) }, gateway }));
  return simulated.sample.filter((record) => record.class === "later").map(({ replica }) => replica);
};

test.each(["leastOutstanding", "leastConnections", "powerOfTwo"] as const)(
  "%s with load reports: between two reports -> all go where the last one saw nothing; without them, to both",
  async (router) => {
    const stale = await chosen({ router, loadReports: { every: "900ms" } });
    expect(stale.length).toBeGreaterThan(15);
    expect(new Set(stale)).toEqual(new Set(["gpu/1"]));
    expect(new Set(await chosen({ router }))).toEqual(new Set(["gpu/0", "gpu/1"]));
  },
);

test("load reports: an attempt ends after a report and before anybody looks -> the report still has it, the next one has not", async () => {
  const seen: Array<readonly [atMs: number, first: number]> = [];
  const watching = Layer.succeed(Router, {
    name: "watching",
    pick: (fleet, _request, _draw, nowMs = 0) => {
      seen.push([nowMs, fleet.outstanding[0]!]);
      return nowMs === 0 ? 0 : 1;
    },
  });
  // It takes 800 ms; reports are at 700 and 1,400 ms, and somebody looks from 1 s on.
  const early = burst(1, { output: 80 });
  const later = { arrivals: { poisson: { rate: LATER } }, prompt: 100, output: 5 } as const;
  const fleet = { gpu: pool({ replicas: 2 }) };
  const world = small(early, { horizon: "3s", traffic: { early, later }, fleet, gateway: { loadReports: { every: "700ms" } } });
  const authored = scenario(world, { components: { router: watching } });
  await run(authored, { components: componentsOf(authored) });
  const between = (fromMs: number, toMs: number): Set<number> =>
    new Set(seen.filter(([atMs]) => atMs >= fromMs && atMs < toMs).map(([, first]) => first));
  expect([between(1000, 1400), between(1400, 1800)]).toEqual([new Set([1]), new Set([0])]);
});
