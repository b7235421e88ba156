import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blankFieldsIn, defaultExports, importCycles, impureImports, machineUsesOutside, wrongDirections, wrongNames } from "./Rules.ts";
import type { ImportTable } from "./Rules.ts";
import { sourceFile } from "./SourceFile.ts";

const EVERYTHING = [
  "units",
  "kernel",
  "queueing",
  "policy",
  "workload",
  "metric",
  "serving",
  "fault",
  "experiment",
  "plan",
  "scenario",
  "live",
  "telemetry",
  "report",
  "testing",
  "cli",
];

/** Who may import whom. The design's order from left to right: each folder sees what stands left of it. */
const TABLE: ImportTable = {
  units: [],
  kernel: ["units"],
  queueing: [],
  policy: ["units"],
  workload: ["units", "kernel", "queueing", "policy"],
  metric: ["units", "kernel", "queueing", "policy", "type workload"],
  serving: ["units", "kernel", "queueing", "policy", "workload", "metric"],
  fault: ["units", "kernel", "queueing", "policy", "workload", "metric", "serving"],
  // A run takes the World that a scenario became; it never reads scenario files.
  experiment: ["units", "kernel", "queueing", "policy", "workload", "metric", "serving", "fault", "type scenario"],
  plan: ["units", "kernel", "queueing", "policy", "workload", "metric", "serving", "fault", "experiment", "scenario"],

  // Describes them all, so it knows their types, the catalog of GPUs and models, and the grammar of gates.
  scenario: ["units", "type workload", "type serving", "serving/catalog/", "type policy", "type fault", "experiment/Gate"],

  // Outside. The live side shares policies, scenario, metrics and report; a stub endpoint needs the table of step times.
  live: [
    "units",
    "policy",
    "scenario",
    "metric",
    "report",
    "telemetry",
    "experiment/Gate",
    "serving/catalog/Step",
    "serving/engine/StepTime",
  ],
  telemetry: ["units", "metric", "type scenario", "type experiment"],
  report: ["units", "queueing", "metric", "experiment", "plan", "type scenario", "type workload", "type serving"],
  testing: ["units", "policy", "live/redis/"],
  cli: EVERYTHING,
  ".": EVERYTHING,
};
const PURE = ["kernel", "queueing", "policy"];
/** Whose classes are used per event. */
const HOT = ["kernel", "policy", "workload", "metric", "serving"];
/** Where the machine's clock and timers may be used. */
const EDGES = ["live", "telemetry", "cli"];

const ROOT = join(import.meta.dirname, "../../src");
const SOURCES = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.[jt]s$/.test(path))
  .toSorted()
  .map((path) => sourceFile(path, readFileSync(join(ROOT, path), "utf8")));

describe("src", () => {
  it("sources: all files -> found and parsed", () => {
    expect(SOURCES.length).toBeGreaterThan(30);
    expect(SOURCES.flatMap((file) => file.imports).length).toBeGreaterThan(30);
  });

  it("sources: all imports -> in the direction of the table", () => {
    expect(wrongDirections(SOURCES, TABLE)).toEqual([]);
  });

  it("sources: all imports -> no cycle between files", () => {
    expect(importCycles(SOURCES)).toEqual([]);
  });

  it("sources: kernel, queueing and policy -> import no Effect, no node: and no package", () => {
    expect(impureImports(SOURCES, PURE)).toEqual([]);
  });

  it("sources: clocks, timers and global randomness -> only in live, telemetry and cli", () => {
    expect(machineUsesOutside(SOURCES, EDGES)).toEqual([]);
  });

  it("sources: fields of hot classes -> declared or with a first value, so that V8 knows their kind", () => {
    expect(blankFieldsIn(SOURCES, HOT)).toEqual([]);
  });

  it("sources: all files -> no default export", () => {
    expect(defaultExports(SOURCES)).toEqual([]);
  });

  it("sources: all files -> named after their concept or function, and by no empty word", () => {
    expect(wrongNames(SOURCES)).toEqual([]);
  });
});

/** Files as path and text. */
const parse = (texts: { readonly [path: string]: string }) => Object.entries(texts).map(([path, text]) => sourceFile(path, text));

describe("rules on bad examples", () => {
  it("fields: born undefined -> found; declared, given a value, optional, undefined by type, private names -> not", () => {
    const files = parse({
      "kernel/A.ts": `class A {
        wrong: number;
        private readonly worse!: string;
        declare fine: number;
        started = 1;
        maybe?: number;
        open: number | undefined;
        #secret: number;
        method(): void {}
        get read(): number { return 1 }
      }`,
      "report/B.ts": "class B { slow: number; }",
    });
    expect(blankFieldsIn(files, ["kernel"])).toEqual([
      'kernel/A.ts: wrong needs "declare" or a first value',
      'kernel/A.ts: worse needs "declare" or a first value',
    ]);
  });

  it("imports: every form -> seen, with its kind", () => {
    const [file] = parse({
      "a/B.ts": `
        import { type X, type Y } from "./Types.ts"
        import type { Z } from "../c/D.ts"
        import E, { type F } from "effect/Effect"
        import * as g from "node:fs"
        import "./Side.ts"
        export * from "./All.ts"
        export type { H } from "./H.ts"
        export { i } from
          "./I.ts"
        const later = import("./Later.ts")
        type J = import("./J.ts").J
        // import "./Comment.ts"
        const text = 'import "./Text.ts"'`,
    });
    expect(file!.imports.map((one) => [one.target ?? one.specifier, one.typeOnly])).toEqual([
      ["a/Types.ts", true],
      ["c/D.ts", true],
      ["effect/Effect", false],
      ["node:fs", false],
      ["a/Side.ts", false],
      ["a/All.ts", false],
      ["a/H.ts", true],
      ["a/I.ts", false],
      ["a/Later.ts", false],
      ["a/J.ts", true],
    ]);
  });

  it("wrongDirections: against the table -> named; with it -> silent", () => {
    const files = parse({
      "policy/A.ts": `import { now } from "../kernel/Kernel.ts"; import { ms } from "../units/Ms.ts"`,
      "scenario/B.ts": `import type { S } from "../serving/Spec.ts"; import { s } from "../serving/Spec.ts"; import { c } from "../serving/catalog/C.ts"`,
      "live/C.ts": `export type { R } from "../serving/Replica.ts"`,
      "queueing/D.ts": `import { E } from "./E.ts"; import { f } from "../../test/F.ts"`,
      "novel/E.ts": "",
    });
    expect(wrongDirections(files, TABLE)).toEqual([
      "policy/A.ts: imports ../kernel/Kernel.ts",
      "scenario/B.ts: imports ../serving/Spec.ts",
      "live/C.ts: imports type ../serving/Replica.ts",
      "queueing/D.ts: imports ../../test/F.ts",
      "novel/E.ts: folder novel is not in the import table",
    ]);
  });

  it("table: the design's order -> no folder sees one that sees it, but for types and gates", () => {
    const inside = Object.entries(TABLE).filter(([folder]) => folder !== "cli" && folder !== ".");
    const mutual = inside.flatMap(([folder, allowed]) =>
      allowed.filter((other) => TABLE[other]?.includes(folder)).map((other) => `${folder} <-> ${other}`),
    );
    expect(mutual).toEqual([]);
  });

  it("importCycles: two files, three files, one file -> each cycle once", () => {
    const files = parse({
      "a/A.ts": `import "./B.ts"`,
      "a/B.ts": `import type { C } from "./C.ts"`,
      "a/C.ts": `import "./A.ts"; import "./D.ts"`,
      "a/D.ts": `import "./E.ts"`,
      "a/E.ts": "",
      "a/F.ts": `export * from "./F.ts"; import "./E.ts"`,
    });
    expect(importCycles(files)).toEqual(["a/A.ts -> a/B.ts -> a/C.ts -> a/A.ts", "a/F.ts -> a/F.ts"]);
  });

  it("impureImports: effect, node: and packages in a pure folder -> named; elsewhere -> allowed", () => {
    const files = parse({
      "kernel/A.ts": `import { Effect } from "effect"; import type { Layer } from "effect/Layer"; import fs from "node:fs"; import "./B.ts"`,
      "serving/A.ts": `import { Effect } from "effect"`,
    });
    expect(impureImports(files, PURE)).toEqual([
      "kernel/A.ts: imports effect",
      "kernel/A.ts: imports type effect/Layer",
      "kernel/A.ts: imports node:fs",
    ]);
  });

  it("machineUsesOutside: clocks, timers, randomness in code -> named; in text, in comments, at the edges -> allowed", () => {
    const text = `
      // Math.random()
      const words = "Date.now()";
      const uses = [Math.random(), Date.now(), new Date(), new Date(0), Date(), performance.now(), process.hrtime.bigint(), process.cpuUsage()];
      setTimeout(() => {}, 1); setInterval(f, 2);
      const fine = [Math.max(1, 2), kernel.now, Date.UTC(2024), options.setTimeout];`;
    expect(machineUsesOutside(parse({ "serving/A.ts": text, "cli/A.ts": text }), EDGES)).toEqual(
      [
        "Math.random",
        "Date.now",
        "new Date(",
        "new Date(",
        "Date(",
        "performance.now",
        "process.hrtime",
        "process.cpuUsage",
        "setTimeout(",
        "setInterval(",
      ].map((use) => `serving/A.ts: ${use}`),
    );
  });

  it("defaultExports: declared, aliased -> named", () => {
    const files = parse({
      "a/A.ts": "export default 1",
      "a/B.ts": "const b = 1; export { b as default }",
      "a/C.ts": "export const c = 1",
    });
    expect(defaultExports(files)).toEqual(["a/A.ts: default export", "a/B.ts: default export"]);
  });

  it("wrongNames: empty words, other cases -> named; index, main and words in front -> allowed", () => {
    const files = parse({
      "a/Utils.ts": "export const utils = 1",
      "a/QueueManager.ts": "export class QueueManager {}",
      "helpers/Clock.ts": "export class Clock {}",
      "a/step_time.ts": "export const stepTime = 1",
      "a/nobody.ts": "export const somebody = 1",
      "a/assemble.ts": "export const assemble = 1",
      "a/DataParallel.ts": "export const dataParallel = 1",
      "a/StepTimes.ts": "export function stepTimeOf() {}",
      "a/index.ts": "",
      "cli/bin.js": "",
    });
    expect(wrongNames(files)).toEqual([
      "a/Utils.ts: Utils says nothing",
      "a/QueueManager.ts: QueueManager says nothing",
      "helpers/Clock.ts: helpers says nothing",
      "a/step_time.ts: a file is named after its concept in PascalCase, or exactly as a function it exports",
      "a/nobody.ts: a file is named after its concept in PascalCase, or exactly as a function it exports",
    ]);
  });
});
