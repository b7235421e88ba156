import { expect, it } from "vitest";
import { microsOf, durationMicros } from "../../src/policy/Micros.ts";
import { PolicyFault } from "../../src/policy/PolicyFault.ts";
import { requireSetting, SettingFault } from "../../src/policy/SettingFault.ts";
import { faultOf } from "./Settings.ts";

it.each([
  [{}, [-1e300, 0, 1e300], [NaN, Infinity, -Infinity, "1"], "a finite number"],
  [{ least: 1 }, [1, 1.5], [0.999], "a finite number >= 1"],
  [{ above: 1 }, [1.001], [1], "a finite number > 1"],
  [{ most: 3 }, [3, -3], [3.001], "a finite number <= 3"],
  [{ above: 0, least: 1, most: 3 }, [1, 3], [0.5, 4], "a finite number > 0 >= 1 <= 3"],
  [{ whole: true }, [-2, 0, 2 ** 53 - 1], [0.5, 2 ** 53, Infinity, "1"], "a whole number"],
  [{ whole: false }, [0.5], [], "a finite number"],
  [{ least: 1, unbounded: true }, [1, Infinity], [0, -Infinity, NaN], "a finite number >= 1, or Infinity"],
  [{ whole: true, unbounded: true }, [1, Infinity], [0.5, -Infinity], "a whole number, or Infinity"],
  [{ unbounded: false }, [1], [Infinity], "a finite number"],
])("requireSetting: %j -> the value when it is within, a fault with the constraint otherwise", (bounds, within, outside, constraint) => {
  for (const value of within) expect(requireSetting("codel.targetMs", value, bounds)).toBe(value);
  for (const value of outside) {
    const fault = faultOf(() => requireSetting("codel.targetMs", value as number, bounds));
    expect(fault).toBeInstanceOf(SettingFault);
    expect(fault).toMatchObject({ name: "SettingFault", setting: "codel.targetMs", constraint, value });
    expect(fault).toHaveProperty("message", `codel.targetMs: must be ${constraint} (got ${String(value)})`);
  }
});

it("microsOf: readings within the exact range -> whole microseconds, to the nearest; others -> PolicyFault", () => {
  expect([0, 0.0004, 0.0006, -0.0006, 1.5, 9e12, -9e12].map(microsOf)).toEqual([0, 0, 1, -1, 1500, 9e15, -9e15]);
  for (const nowMs of [NaN, Infinity, -Infinity, 9e12 + 1, -9e12 - 1]) {
    const fault = faultOf(() => microsOf(nowMs));
    expect(fault).toBeInstanceOf(PolicyFault);
    expect(fault).toMatchObject({ name: "PolicyFault", argument: "nowMs", constraint: "a number of at most 9000000000000", value: nowMs });
    expect(fault).toHaveProperty("message", `nowMs: must be a number of at most 9000000000000 (got ${nowMs})`);
  }
});

it("durationMicros: -> whole microseconds, at least one; below or beyond -> SettingFault", () => {
  expect([0.001, 0.0014, 1.0006, 9e12].map((ms) => durationMicros("gcra.periodMs", ms))).toEqual([1, 1, 1001, 9e15]);
  for (const ms of [0, 0.0009, -1, NaN, Infinity, 9e12 + 1]) {
    expect(faultOf(() => durationMicros("gcra.periodMs", ms))).toEqual(
      new SettingFault("gcra.periodMs", "a finite number >= 0.001 <= 9000000000000", ms),
    );
  }
});
