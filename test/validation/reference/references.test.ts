import { describe, expect, test } from "vitest";
import { holds } from "./Reference.ts";
import { REFERENCES } from "./references.ts";

const LONG = process.env["SPILLWAY_LONG"] !== undefined;

describe("published experiments, as scenarios", () => {
  test.each(REFERENCES.filter(({ quick }) => quick || LONG).map((reference) => [reference.title, reference] as const))(
    "%s -> inside the published band, but for what is known to miss it",
    async (_title, reference) => {
      const findings = await reference.findings();
      expect(findings.filter((finding) => holds(finding) !== (finding.miss === undefined))).toEqual([]);
    },
    600_000,
  );
});
