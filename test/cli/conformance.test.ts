import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { Outcome } from "./Several.ts";

const several = (commands: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<Outcome> => {
  const child = spawnSync(process.execPath, ["test/cli/Several.ts", JSON.stringify(commands)], { encoding: "utf8", maxBuffer: 1e8 });
  expect(child.stderr).toBe("");
  return JSON.parse(child.stdout) as ReadonlyArray<Outcome>;
};

test("conformance: laws that hold -> 0; violations -> 99 with the counterexample; wrong words -> 104 with a hint", () => {
  const [holds, violated, module, json, unknown, noLaw, noFile, nothing, help] = several([
    ["conformance", "spillway-gcra", "--laws", "L-1,L-3", "--runs", "50", "--quiet"],
    ["conformance", "cockatiel-consecutive", "--laws", "B-4", "--quiet"],
    ["conformance", "test/testing/fixtures/leaky.ts", "--laws", "L-12", "--runs", "100"],
    ["conformance", "p-queue", "--laws", "L-1", "--runs", "100", "--format", "json", "--quiet"],
    ["conformance", "opossm"],
    ["conformance", "opossum", "--laws", "L-1"],
    ["conformance", "missing.lua"],
    ["conformance"],
    ["conformance", "--help"],
  ]) as [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome, Outcome, Outcome, Outcome];
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
  expect(nothing.code).toBe(104);
  expect(nothing.stderr).toMatch(
    /no target: [\s\S]*limiter\n +spillway-gcra [\s\S]*breaker\n[\s\S]*hedge\n +spillway-hedge\n[\s\S]*cache\n/,
  );
  expect(help.stdout).toMatch(/limiter, breaker, retry, retry budget, token budget, hedge, concurrency, cache/);
});

test("conformance: files that are no adapters, throw, answer nonsense, or are scripts with wrong heads -> 104 and what to do", () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-conformance-"));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const adapter = (changes: string): string =>
    `export const mine = { family: "limiter", behavior: "refuses", name: "mine", laboratory: { answering: "sync" }, features: {},
      spec: { limit: 2, windowMs: 1000, bound: { window: { limit: 2, ms: 1000 } }, fullAfterMs: 1000 }, ${changes} };`;
  const expected: ReadonlyArray<readonly [file: string, message: RegExp]> = [
    [folder, /no adapter .*\n[\s\S]*shipped:[\s\S]*spillway-gcra/],
    [file("nothing.ts", "export const x = 1;"), /exports no adapter; one has family/],
    [file("throws.ts", 'throw new Error("boom");'), /throws\.ts cannot be loaded: Error: boom\n +at .*throws\.ts:1/],
    [file("syntax.ts", "export const a = {"), /syntax\.ts cannot be loaded: SyntaxError/],
    [
      file("family.ts", 'export const a = { family: "limitr" };'),
      /the export a is no adapter yet: family is "limitr"; there are limiter, breaker/,
    ],
    [
      file("half.ts", 'export const a = { family: "cache", name: "a", make: 1 };'),
      /features is missing, as \{\}; spec is missing.*; make is no function/,
    ],
    [
      file("make.ts", adapter('make: () => { throw new Error("no such thing"); }')),
      /mine could not be tried out: Error: no such thing\n +at .*make\.ts:2/,
    ],
    [file("answer.ts", adapter("make: () => ({ consume: () => true })")), /consume answers \{ admitted: boolean, .*it answered true/],
    [file("broken.lua", "-- conformance: rate=10 capacity=2\nreturn nosuch("), /broken\.lua fails on ioredis-mock: .*unexpected symbol/],
    [file("args.lua", "-- conformance: rate=10 capacity=2 args=rate,burst"), /args=burst in its head; there are rate, capacity/],
    [file("rate.lua", "-- conformance: rate=ten"), /rate=ten in its head must be a number above 0/],
    [file("head.lua", "return 1"), /head\.lua does not say what it is: write a comment such as `-- conformance: rate=10 capacity=2 args=/],
    [file("empty.lua", "-- conformance:\nreturn 1"), /empty\.lua: its head lacks rate=: write a comment/],
    [file("half.lua", "-- conformance: limit=5\nreturn 1"), /half\.lua: its head lacks windowMs=: write a comment/],
    [file("field.lua", "-- conformance: burst=2"), /burst= in its head; there are rate, capacity/],
  ];
  const outcomes = several(expected.map(([target]) => ["conformance", target, "--quiet", "--runs", "20"]));
  rmSync(folder, { recursive: true });
  expect(outcomes.map(({ code }) => code)).toEqual(expected.map(() => 104));
  for (const [index, [, message]] of expected.entries()) expect(outcomes[index]!.stderr).toMatch(message);
});

test("conformance: a script with arguments and answers in an order of its own -> tried out as it says; every family from a module", () => {
  const [log, families] = several([
    ["conformance", "test/fixtures/lua/sliding-log.lua", "--laws", "L-1 clocks,L-13", "--runs", "100", "--quiet"],
    ["conformance", "test/testing/fixtures/families.ts", "--runs", "5", "--quiet"],
  ]) as [Outcome, Outcome];
  expect(log.code).toBe(99);
  expect(log.stdout).toMatch(/\| L-1 clocks \|.*\| violated \|/);
  expect(log.stdout).toMatch(/\| L-13 rate \|.*\| holds \|/);
  expect(families.code).toBe(0);
  expect(families.stdout.match(/^# Conformance: .*/gm)).toHaveLength(4);
});

test("conformance: spillway installed as a package -> tries out an adapter of the project around it", () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-installed-"));
  const packages = join(folder, "node_modules");
  mkdirSync(join(packages, "spillway"), { recursive: true });
  for (const name of readdirSync("node_modules")) symlinkSync(resolve("node_modules", name), join(packages, name));
  cpSync("src", join(packages, "spillway", "src"), { recursive: true });
  cpSync("package.json", join(packages, "spillway", "package.json"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(folder, "mine.ts"),
    `import { SHIPPED_ADAPTERS } from "spillway/testing";
     const shipped = await SHIPPED_ADAPTERS.get("spillway-gcra")!();
     export const mine = { ...shipped, name: "mine" };`,
  );
  const arguments_ = [join(packages, "spillway/src/cli/bin.js"), "conformance", "mine.ts", "--laws", "L-1,L-7", "--runs", "20", "--quiet"];
  const { status, stdout, stderr } = spawnSync(process.execPath, arguments_, { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/# Conformance: mine\.ts[\s\S]*\| L-7 \|.*\| holds \| 20 \|/);
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

test("conformance: a path that no counterexample has -> 104 and what to give", () => {
  const wrong = (...more: ReadonlyArray<string>) => ["conformance", "spillway-gcra", "--laws", "L-1", "--runs", "5", "--quiet", ...more];
  const [path, far, replay, alone, right] = several([
    wrong("--path", "xx"),
    wrong("--path", "0:99999"),
    wrong("--path", "0", "--replay-path", "?!"),
    wrong("--replay-path", "AB:Q"),
    wrong("--path", "0"),
  ]) as [Outcome, Outcome, Outcome, Outcome, Outcome];
  expect([path.code, far.code, replay.code, alone.code, right.code]).toEqual([104, 104, 104, 104, 0]);
  expect(path.stderr).toMatch(
    /--path must be numbers with colons between, as 12:0:3 \(xx\).*copy it from the command printed with a counterexample/,
  );
  expect(far.stderr).toMatch(/--path 0:99999 leads to no history of --seed 1: copy it/);
  expect(replay.stderr).toMatch(/--replay-path must be as AB:Q \(\?!\)/);
  expect(alone.stderr).toContain("--replay-path goes with --path");
});
