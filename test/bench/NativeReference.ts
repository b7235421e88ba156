import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./Benchmark.ts";

/** Environment variable through which the children learn where the compiled program lies. */
export const PROGRAM_VARIABLE = "SPILLWAY_BENCH_MMC";

const SOURCE = fileURLToPath(new URL("./reference/mmc.cpp", import.meta.url));

/** Compiles the reference into a new temporary folder; undefined when there is no g++. Throws when it does not compile. */
export const compileReference = (): string | undefined => {
  if (spawnSync("g++", ["--version"]).status !== 0) return undefined;
  const program = join(mkdtempSync(join(tmpdir(), "spillway-bench-")), "mmc");
  execFileSync("g++", ["-O3", "-march=native", "-std=c++17", "-o", program, SOURCE], {
    stdio: "inherit",
  });
  return program;
};

/** M/M/c at load 0.8, written by hand in C++; the program reports its own CPU time and memory. */
export const nativeQueue = (options: { readonly servers: number; readonly customers: number }): Measurement => {
  const program = process.env[PROGRAM_VARIABLE];
  if (program === undefined) throw new Error(`${PROGRAM_VARIABLE} is not set`);
  const output = execFileSync(program, [String(options.servers), String(options.customers)], {
    encoding: "utf8",
  });
  return JSON.parse(output) as Measurement;
};
