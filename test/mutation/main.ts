import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/**
 * Usage: node test/mutation/main.ts [--fresh] [FOLDER...]: mutants of src/policy, folder by folder, each against the tests of that folder alone; what has
 * not changed since the last run is taken from it unless `--fresh`. Prints the score per folder and the mutants that nothing killed, and fails below LEAST.
 */
const FOLDERS = ["breaker", "caching", "concurrency", "limiter", "retry", "routing", "scaling", "shedding"];
/** The files beside the folders. */
const TOP = "top";
const LEAST = 0.9;
const REPORTS = "reports/mutation";

interface Mutant {
  readonly status: "Killed" | "Timeout" | "Survived" | "NoCoverage" | "Ignored" | "CompileError" | "RuntimeError" | "Pending";
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: Record<"start" | "end", { readonly line: number; readonly column: number }>;
}

interface Report {
  readonly files: Record<string, { readonly source: string; readonly mutants: ReadonlyArray<Mutant> }>;
}

interface Score {
  readonly name: string;
  readonly killed: number;
  readonly counted: number;
  readonly ignored: number;
}

function main(): void {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { fresh: { type: "boolean", default: false } } });
  mkdirSync(REPORTS, { recursive: true });
  const scores = (positionals.length > 0 ? positionals : [...FOLDERS, TOP]).map((folder) => {
    mutate(folder, values.fresh);
    return scoreOf(folder);
  });
  const all = scores.reduce((sum, one) => ({
    name: "all",
    killed: sum.killed + one.killed,
    counted: sum.counted + one.counted,
    ignored: sum.ignored + one.ignored,
  }));
  for (const score of [...scores, { ...all, name: "all" }]) process.stdout.write(`${lineOf(score)}\n`);
  if (all.killed < LEAST * all.counted) process.exitCode = 1;
}

/** Stryker on one folder; it leaves its report. */
function mutate(folder: string, fresh: boolean): void {
  const [sources, tests] =
    folder === TOP ? ["src/policy/*.ts", "test/policy/*.test.ts"] : [`src/policy/${folder}/**/*.ts`, `test/policy/${folder}/**/*.test.ts`];
  const { status } = spawnSync("stryker", ["run", "--mutate", sources, ...(fresh ? ["--force"] : [])], {
    stdio: ["ignore", process.stderr, process.stderr],
    env: { ...process.env, SPILLWAY_MUTATION_REPORT: `${REPORTS}/${folder}`, SPILLWAY_MUTATION_TESTS: tests },
  });
  if (status !== 0) throw new Error(`stryker failed on ${folder} (${status})`);
}

function scoreOf(name: string): Score {
  const report = JSON.parse(readFileSync(`${REPORTS}/${name}.json`, "utf8")) as Report;
  const mutants = Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ file, source, mutant })),
  );
  const isKilled = ({ mutant }: { readonly mutant: Mutant }): boolean => mutant.status === "Killed" || mutant.status === "Timeout";
  const isCounted = ({ mutant }: { readonly mutant: Mutant }): boolean =>
    isKilled({ mutant }) || mutant.status === "Survived" || mutant.status === "NoCoverage";
  const counted = mutants.filter(isCounted);
  for (const { file, source, mutant } of counted.filter((one) => !isKilled(one)))
    process.stdout.write(`${placeOf(file, source, mutant)}\n`);
  return { name, killed: counted.filter(isKilled).length, counted: counted.length, ignored: mutants.length - counted.length };
}

/** `src/policy/Micros.ts:12:3 Survived BlockStatement: code -> what it became`, on one line. */
function placeOf(file: string, source: string, { status, mutatorName, replacement = "", location: { start, end } }: Mutant): string {
  const line = source.split("\n")[start.line - 1] ?? "";
  const code = start.line === end.line ? line.slice(start.column - 1, end.column - 1) : `${line.slice(start.column - 1)} ...`;
  const short = (text: string): string => text.replace(/\s+/g, " ").slice(0, 100);
  return `${file}:${start.line}:${start.column} ${status} ${mutatorName}: ${short(code)} -> ${short(replacement)}`;
}

function lineOf({ name, killed, counted, ignored }: Score): string {
  return `${name.padEnd(12)} ${((100 * killed) / counted).toFixed(1).padStart(5)} %  ${killed} of ${counted} killed, ${ignored} ignored`;
}

main();
