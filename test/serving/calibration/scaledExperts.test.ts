import fc from "fast-check";
import { expect, test } from "vitest";
import { POINT_SCALES, scaledByPoints } from "../../../src/serving/calibration/PointScales.ts";
import { SCALE_NAMES, scaledCoefficients } from "../../../src/serving/calibration/ScaledCoefficients.ts";
import type { StepCoefficients } from "../../../src/serving/ServingSpec.ts";

const PRIOR: StepCoefficients = {
  a: 10,
  b: 0.05,
  c: 5e-5,
  d: 0.04,
  e: 1e-6,
  h: 0,
  experts: { count: 256, active: 8, msPerExpert: 0.1, ranks: 8, rowMs: 0.03, exchangeRowMs: 0.01 },
};

test.each([
  ["closed loops", POINT_SCALES, scaledByPoints],
  ["runs", SCALE_NAMES, scaledCoefficients],
] as const)(
  "law: a prior fitted to %s by any factors -> what a row takes in its experts stays a part of b and of d",
  (_, names, scaled) => {
    const logs = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: names.length, maxLength: names.length });
    fc.assert(
      fc.property(logs, (at) => {
        const { b, d, experts } = scaled(PRIOR, at);
        expect(experts!.rowMs! + experts!.exchangeRowMs!).toBeLessThanOrEqual(Math.min(b, d) * (1 + 1e-12));
        expect(experts!.rowMs! / experts!.exchangeRowMs!).toBeCloseTo(3, 9);
        expect(Math.min(b / PRIOR.b, d / PRIOR.d) * PRIOR.experts!.rowMs!).toBeCloseTo(experts!.rowMs!, 12);
      }),
    );
  },
);
