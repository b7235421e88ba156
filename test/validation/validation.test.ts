import { describe, expect, it } from "vitest";
import type { Case } from "./Case.ts";
import { allCases } from "./cases.ts";
import { judge } from "./Row.ts";
import type { Plan } from "./validate.ts";
import { validate } from "./validate.ts";

const TIMEOUT_MS = 60_000;

/** The light version of `npm run validate`: a wider interval, so that chance alone fails no seed in practice. */
const LIGHT: Plan = {
  seed: 1,
  replications: 8,
  level: 0.999,
  requests: { short: 2000, medium: 5000, long: 12_000 },
};

const caseOf = (model: string, at: string): Case => allCases().find((of) => of.model === model && of.at === at)!;

describe("simulation against closed forms", () => {
  it.each(allCases().map((of) => [of.model, of.at, of] as const))(
    "%s at %s: closed form -> inside the interval over replications",
    async (_model, _at, of) => {
      const rows = await validate(of, LIGHT);
      expect(rows.filter((row) => row.verdict === "FAIL")).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it("control: constant service judged by the closed form of exponential service -> fails", async () => {
    const wrong = { ...caseOf("M/D/1", "0.5"), quantities: caseOf("M/M/1", "0.5").quantities };
    const rows = await validate(wrong, LIGHT);
    expect(rows.map((row) => row.verdict)).toEqual(["FAIL", "FAIL"]);
  });

  it("control: a prefix cache with tails judged as plain LRU -> fails", async () => {
    const plain = caseOf("LRU, KV block pool", "200 blocks").quantities;
    const rows = await validate({ ...caseOf("LRU, prefix cache", "200 blocks"), quantities: plain }, LIGHT);
    expect(rows.map((row) => row.verdict)).toEqual(["FAIL"]);
  });
});

describe("judge", () => {
  const judged = { model: "m", at: "0.5", values: [9, 10, 11], level: 0.99 };

  it("closed form outside the interval -> fails; within the allowance of it -> passes", () => {
    const quantity = { name: "q", closedForm: 20 };
    expect(judge({ ...judged, quantity }).verdict).toBe("FAIL");
    expect(judge({ ...judged, quantity: { ...quantity, allowance: 5 } }).verdict).toBe("pass");
  });

  it("three values -> Student's interval of two degrees of freedom", () => {
    const row = judge({ ...judged, quantity: { name: "q", closedForm: 10 } });
    // t(0.995, 2) = 9.9248 (Abramowitz and Stegun 1964, table 26.10), deviation 1.
    expect(row.high - row.simulated).toBeCloseTo(9.9248 / Math.sqrt(3), 3);
    expect(row.verdict).toBe("pass");
  });
});
