import fc from "fast-check";
import { expect, it } from "vitest";
import type { BrownoutSettings } from "../../../src/policy/shedding/index.ts";
import { Brownout } from "../../../src/policy/shedding/index.ts";
import { SettingFault } from "../../../src/policy/SettingFault.ts";
import { expectFaults, faultOf } from "../Settings.ts";

const SETTINGS: BrownoutSettings = {
  minimumDwellMs: 1000,
  levels: [
    { answer: { kind: "shorter", outputRatio: 0.5 }, enterAt: 10, leaveBelow: 6 },
    { answer: { kind: "smallerModel" }, enterAt: 20, leaveBelow: 12 },
    { answer: { kind: "canned" }, enterAt: 30, leaveBelow: 22 },
  ],
};

it("brownout: any signal -> levels change by the thresholds only, and never before the dwell is over", () => {
  const step = fc.record({
    gapMs: fc.constantFrom(0, 1, 500, 999, 1000, 1001),
    signal: fc.oneof(fc.constantFrom(5, 6, 9, 10, 11, 12, 19, 20, 22, 29, 30, Number.NaN), fc.nat(40)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (history) => {
      const brownout = new Brownout(SETTINGS);
      let [now, level, sinceMs] = [0, 0, -Infinity];
      for (const { gapMs, signal } of history) {
        now += gapMs;
        const entered = SETTINGS.levels.filter(({ enterAt }) => signal >= enterAt).length;
        const leaves = level > 0 && signal < SETTINGS.levels[level - 1]!.leaveBelow;
        const wanted = entered > level ? entered : leaves ? level - 1 : level;
        if (wanted !== level && now - sinceMs >= 1000) [level, sinceMs] = [wanted, now];
        expect([brownout.observe(signal, now), brownout.level]).toEqual([level, level]);
        expect(brownout.answer).toBe(SETTINGS.levels[level - 1]?.answer);
      }
    }),
  );
});

it("brownout: a signal that hovers between the thresholds -> no change; a peak -> straight to its level, back one by one", () => {
  const brownout = new Brownout(SETTINGS);
  expect([9.999, 10, 7, 6, 8].map((signal, i) => brownout.observe(signal, i * 1000))).toEqual([0, 1, 1, 1, 1]);
  expect([35, 0, 0, 0, 0, 0].map((signal, i) => brownout.observe(signal, 10_000 + i * 500))).toEqual([3, 3, 2, 2, 1, 1]);
});

it("brownout: thresholds that cross or do not rise, no levels -> a fault that names them", () => {
  const [first, second] = SETTINGS.levels as [BrownoutSettings["levels"][0], BrownoutSettings["levels"][0]];
  expect(() => new Brownout({ ...SETTINGS, levels: [] })).toThrow("brownout.levels: must be at least one level (got none)");
  expect(() => new Brownout({ ...SETTINGS, levels: [second, first] })).toThrow(
    "brownout.levels[1].enterAt: must be a finite number > 20 (got 10)",
  );
  const fault = (setting: string, constraint: string, value: number) => new SettingFault(`brownout.levels[${setting}`, constraint, value);
  const of = (levels: BrownoutSettings["levels"]) => faultOf(() => new Brownout({ ...SETTINGS, levels }));
  expect(of([{ ...first, enterAt: NaN }])).toEqual(fault("0].enterAt", "a finite number", NaN));
  expect(of([{ ...first, leaveBelow: 11 }])).toEqual(fault("0].leaveBelow", "a finite number <= 10", 11));
  expect(of([first, { ...second, leaveBelow: 5 }])).toEqual(fault("1].leaveBelow", "a finite number >= 6 <= 20", 5));
  expect(of([{ ...first, answer: { kind: "shorter", outputRatio: 0 } }])).toEqual(fault("0].outputRatio", "a finite number > 0 <= 1", 0));
  expectFaults("brownout", SETTINGS, { minimumDwellMs: "a finite number >= 0" }, (settings) => new Brownout(settings));
});
