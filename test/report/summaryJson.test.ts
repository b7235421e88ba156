import fc from "fast-check";
import { expect, test } from "vitest";
import { summaryJson } from "../../src/report/summaryJson.ts";
import { emptyResult, sampleResult } from "./sampleResult.ts";

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, shuffled(field)]),
  );
};

test("summaryJson: the same result built in another order -> the same bytes", () => {
  expect(summaryJson(shuffled(sampleResult()) as ReturnType<typeof sampleResult>)).toBe(summaryJson(sampleResult()));
});

test("summaryJson: a result -> keys as declared, two spaces, a newline at the end", () => {
  const text = summaryJson(sampleResult());
  expect(text.startsWith('{\n  "version": 1,\n  "scenario": {\n    "name": "deepseek-busy",\n    "digest"')).toBe(true);
  expect(text.endsWith("\n}\n")).toBe(true);
  const read = JSON.parse(text) as { classes: ReadonlyArray<object>; pools: ReadonlyArray<object> };
  expect(Object.keys(read)).toEqual([
    "version",
    "scenario",
    "seed",
    "replications",
    "repeat",
    "horizonMs",
    "warmupMs",
    "simulatedMs",
    "interrupted",
    "engine",
    "classes",
    "total",
    "gateway",
    "pools",
    "timeline",
    "faults",
    "cost",
    "gates",
    "verdict",
    "warnings",
  ]);
  expect(Object.keys(read.classes[0]!)[0]).toBe("name");
  expect(Object.keys(read.pools[0]!).slice(0, 4)).toEqual(["name", "gpu", "model", "replicas"]);
});

test("summaryJson: counts -> exact; measures -> six digits, so that the last bits of a sum do not show; times -> to the microsecond", () => {
  const run = sampleResult({
    seed: 9007199254740991,
    simulatedMs: 10_799_999.123456,
    cost: { totalUsd: 0.1 + 0.2, perMillionOutputTokensUsd: 1234567.8 },
  });
  const read = JSON.parse(summaryJson(run)) as ReturnType<typeof sampleResult>;
  expect(read.seed).toBe(9007199254740991);
  expect(read.classes[0]!.tokens.prompt).toBe(187_402_771);
  expect(read.simulatedMs).toBe(10_799_999.123);
  expect(read.cost).toEqual({ totalUsd: 0.3, perMillionOutputTokensUsd: 1234570 });
});

test("summaryJson: any measure -> within half a unit of the sixth digit; not finite -> null; -0 -> 0", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const { cost } = JSON.parse(
        summaryJson(
          sampleResult({
            timeline: [],
            cost: { totalUsd: value, perMillionOutputTokensUsd: null },
          }),
        ),
      ) as ReturnType<typeof sampleResult>;
      const near = Math.abs(value) < 1e-300 || Math.abs(cost.totalUsd - value) <= Math.abs(value) * 5.0001e-6;
      expect(Number.isFinite(value) ? near : cost.totalUsd === null).toBe(true);
      expect(Object.is(cost.totalUsd, -0)).toBe(false);
    }),
  );
});

test("summaryJson: an empty result -> valid, missing values are null", () => {
  const read = JSON.parse(summaryJson(emptyResult())) as ReturnType<typeof sampleResult>;
  expect(read.classes[0]!.ttftMs.p99).toBeNull();
  expect(read.total.goodput.ratio).toBeNull();
});
