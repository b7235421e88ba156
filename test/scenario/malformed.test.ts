import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import { BAD, faultsOf, load, malformed } from "./fixtures.ts";

describe("malformed scenario files", () => {
  it("fixtures: there are at least 20 of them in all formats", () => {
    const files = malformed().map(([file]) => file);
    expect(files.length).toBeGreaterThanOrEqual(20);
    for (const extension of [".yaml", ".json", ".ts", ".mjs", ".js"]) {
      expect(
        files.some((file) => file.endsWith(extension)),
        extension,
      ).toBe(true);
    }
  });

  it.each(malformed())("%s: loaded -> all its faults with place and hint, exit code 104", async (file, expected) => {
    const fault = await load(file);
    expect(fault).toBeInstanceOf(ScenarioFault);
    expect((fault as ScenarioFault).message).toBe(expected);
    expect(Reflect.ownKeys(fault).map((key) => (fault as never)[key])).toContain(104);
    expect(expected).not.toMatch(/^\s+at /mu);
  });

  it("TypeScript syntax error: loaded -> its line and column", async () => {
    const folder = mkdtempSync(join(tmpdir(), "spillway-"));
    const file = join(folder, "syntax-error.ts");
    copyFileSync(join(BAD, "syntax-error.ts.txt"), file);
    const faults = await faultsOf(file);
    rmSync(folder, { recursive: true });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${file}:4:18 syntax error: Unexpected token`);
  });

  it("no file, a folder: loaded -> one line without a stack", async () => {
    expect(await faultsOf("no/such/file.yaml")).toEqual(["no/such/file.yaml no such file"]);
    expect(await faultsOf("test/fixtures")).toEqual(["test/fixtures is a folder, not a scenario file"]);
  });
});
