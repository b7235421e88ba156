import { globSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";

it("properties: of policies -> as many histories as the run asks for, from the printed seed; none sets its own", () => {
  const own = globSync("test/policy/**/*.ts").filter((file) => /numRuns|\bseed: \d/.test(readFileSync(file, "utf8")));
  expect(own).toEqual([]);
  const { numRuns, seed } = fc.readConfigureGlobal();
  expect(numRuns).toBeGreaterThanOrEqual(Number(process.env["SPILLWAY_HISTORIES"] ?? 1000));
  expect(Number.isSafeInteger(seed)).toBe(true);
});
