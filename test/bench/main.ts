import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark } from "./Benchmark.ts";
import { benchmarks } from "./benchmarks.ts";
import { compileReference, PROGRAM_VARIABLE } from "./NativeReference.ts";
import { CHILD_OPTION, runHere, runInChild } from "./Round.ts";
import type { Round } from "./Round.ts";
import { toRows, toText } from "./Table.ts";
import type { Series } from "./Table.ts";

/** Usage: node --expose-gc test/bench/main.ts [--format text|json] [--rounds N] [FILTER...] */
const main = (): void => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      format: { type: "string", default: "text" },
      rounds: { type: "string", default: "3" },
      [CHILD_OPTION.slice(2)]: { type: "string" },
    },
  });
  const only = values[CHILD_OPTION.slice(2)];
  if (typeof only === "string") return runHere(byName(only));
  const rows = toRows(runAll(select(positionals), Number(values.rounds)));
  process.stdout.write(values.format === "json" ? `${JSON.stringify({ benchmarks: rows }, null, 2)}\n` : `${toText(rows)}\n`);
};

const byName = (name: string): Benchmark => {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (found === undefined) throw new Error(`no benchmark is named ${name}`);
  return found;
};

/** The benchmarks whose name contains a filter word, all without one; and what they are compared with. */
const select = (filters: ReadonlyArray<string>): ReadonlyArray<Benchmark> => {
  const wanted = (name: string): boolean =>
    filters.length === 0 || filters.some((filter) => name.toLowerCase().includes(filter.toLowerCase()));
  const chosen = benchmarks.filter((benchmark) => wanted(benchmark.name));
  const references = new Set(chosen.flatMap((benchmark) => benchmark.references ?? []));
  return benchmarks.filter((benchmark) => chosen.includes(benchmark) || references.has(benchmark.name));
};

/** Alternating rounds: each round measures every benchmark once, so that other load on the machine meets all alike. */
const runAll = (chosen: ReadonlyArray<Benchmark>, rounds: number): ReadonlyArray<Series> => {
  const program = chosen.some((benchmark) => benchmark.native) ? compileReference() : undefined;
  const environment = program === undefined ? process.env : { ...process.env, [PROGRAM_VARIABLE]: program };
  const results = chosen.map(() => new Array<Round>());
  for (let round = 1; round <= rounds; round++) {
    chosen.forEach((benchmark, index) => {
      if (benchmark.native === true && program === undefined) return;
      process.stderr.write(`round ${round}/${rounds}: ${benchmark.name}\n`);
      results[index]!.push(runInChild(benchmark, environment));
    });
  }
  if (program !== undefined) rmSync(dirname(program), { recursive: true, force: true });
  return chosen.map((benchmark, index) => ({ benchmark, rounds: results[index]! }));
};

main();
