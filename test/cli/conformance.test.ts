import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Outcome } from "./Several.ts";

const several = (commands: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<Outcome> => {
  const child = spawnSync(process.execPath, ["test/cli/Several.ts", JSON.stringify(commands)], { encoding: "utf8", maxBuffer: 1e8 });
  expect(child.stderr).toBe("");
  return JSON.parse(child.stdout) as ReadonlyArray<Outcome>;
};

test("conformance: laws that hold -> 0; violations -> 99 with the counterexample; wrong words -> 104 with a hint", () => {
  const [holds, violated, module, json, unknown, noLaw, noFile] = several([
    ["conformance", "spillway-gcra", "--laws", "L-1,L-3", "--runs", "50", "--quiet"],
    ["conformance", "cockatiel-consecutive", "--laws", "B-4", "--quiet"],
    ["conformance", "test/testing/fixtures/leaky.ts", "--laws", "L-12", "--runs", "100"],
    ["conformance", "p-queue", "--laws", "L-1", "--runs", "100", "--format", "json", "--quiet"],
    ["conformance", "opossm"],
    ["conformance", "opossum", "--laws", "L-1"],
    ["conformance", "missing.lua"],
  ]) as [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome, Outcome];
  expect([holds.code, violated.code, module.code, json.code]).toEqual([0, 99, 99, 0]);
  expect(holds.stdout).toMatch(/\| L-1 \|.*\| holds \| 50 \|/);
  expect(holds.stderr).toBe("");
  expect(violated.stdout).toMatch(/\| B-4 \|.*\| violated \|.*8 operations/);
  expect(violated.stdout).toContain("halfOpen -> open");
  expect(violated.stdout).toMatch(/cockatiel 4\.0\.0.*[\s\S]*Some are intended or documented/);
  expect(module.stdout).toContain("counter");
  expect(module.stdout).toContain("repeat: npx spillway conformance test/testing/fixtures/leaky.ts --laws");
  expect(module.stderr).toContain("L-12");
  const [board] = JSON.parse(json.stdout) as [{ rows: ReadonlyArray<{ verdict: string; full: { counterexample: object } }> }];
  expect(board.rows[0]).toMatchObject({ verdict: "holds as declared", full: { counterexample: { expected: expect.any(String) } } });
  expect([unknown.code, noLaw.code, noFile.code]).toEqual([104, 104, 104]);
  expect(unknown.stderr).toContain("did you mean opossum?");
  expect(noLaw.stderr).toContain("L-1 does not apply");
  expect(noFile.stderr).toContain("no such file");
});

test("conformance: the command printed with a counterexample -> the same counterexample", () => {
  const [first] = several([["conformance", "cockatiel-consecutive", "--laws", "B-10", "--quiet", "--seed", "5"]]);
  const printed = /repeat: npx spillway (.*)/.exec(first!.stdout)![1]!;
  const words = [...printed.matchAll(/'([^']*)'|(\S+)/g)].map((word) => word[1] ?? word[2]!);
  const [again] = several([[...words, "--quiet"]]);
  const timeline = (text: string): string => text.slice(text.indexOf("violates"), text.indexOf("found in"));
  expect(again!.code).toBe(99);
  expect(timeline(again!.stdout)).toBe(timeline(first!.stdout));
});
