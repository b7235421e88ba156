import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ScenarioInput } from "../../../src/scenario/Scenario.ts";
import { LoadReports } from "../../../src/serving/gateway/LoadReports.ts";
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
