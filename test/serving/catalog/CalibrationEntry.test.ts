import { describe, expect, it } from "vitest";
import { decodeCalibration, isMistaken } from "../../../src/serving/catalog/CalibrationEntry.ts";

const ENTRY = {
  version: 1,
  gpu: "h100",
  model: "llama-3.1-8b",
  dtype: "bf16",
  tensorParallel: 1,
  coefficients: { a: 6, b: 0.01, c: 4e-5, d: 0.01, e: 1e-6, h: 0 },
  domain: { maxSequences: 256, maxKvTokens: 4e5, maxPrefillTokens: 8192 },
  errors: { fitRatio: 0.03, heldOutRatio: 0.05 },
  source: "own load test",
};

describe("calibration entry", () => {
  it("round trip through JSON: a whole entry -> itself", () => {
    expect(decodeCalibration(JSON.parse(JSON.stringify(ENTRY)))).toEqual(ENTRY);
  });

  it("an overhead of requests -> itself; of what it cannot be -> where", () => {
    const entry = { ...ENTRY, requestOverhead: { perRequestMs: 30, perPromptTokenMs: 0 } };
    expect(decodeCalibration(entry)).toEqual(entry);
    expect(decodeCalibration({ ...ENTRY, requestOverhead: 30 })).toMatchObject([{ path: "requestOverhead" }]);
    expect(decodeCalibration({ ...ENTRY, requestOverhead: { perRequestMs: -1 } })).toMatchObject([
      { path: "requestOverhead.perRequestMs", value: -1 },
      { path: "requestOverhead.perPromptTokenMs" },
    ]);
  });

  it("several mistakes: all with their paths, at once", () => {
    const decoded = decodeCalibration({
      ...ENTRY,
      version: 2,
      gpu: "",
      coefficients: { ...ENTRY.coefficients, c: -1, experts: { count: 0, active: 1, msPerExpert: 1 } },
      domain: { maxSequences: "many", maxKvTokens: 1, maxPrefillTokens: 1 },
    });
    expect(isMistaken(decoded) && decoded.map((mistake) => mistake.path)).toEqual([
      "version",
      "gpu",
      "coefficients.c",
      "coefficients.experts.count",
      "domain.maxSequences",
    ]);
  });

  it("rows in experts that take longer than the rows as a whole -> a mistake; as long -> none", () => {
    const decodedWith = (exchangeRowMs: number) => {
      const experts = { count: 8, active: 1, msPerExpert: 1, ranks: 2, rowMs: 0.0075, exchangeRowMs };
      return decodeCalibration({ ...ENTRY, coefficients: { ...ENTRY.coefficients, experts } });
    };
    expect(isMistaken(decodedWith(0.0025))).toBe(false);
    expect(decodedWith(0.003)).toMatchObject([{ path: "coefficients.experts.rowMs", value: 0.0075 }]);
  });

  it("no object: null -> one mistake", () => {
    expect(decodeCalibration(null)).toHaveLength(1);
  });
});
