import { execFileSync } from "node:child_process";
import type { Benchmark, Measurement } from "./Benchmark.ts";

/** Option by which this program, started again, runs one round of one benchmark. */
export const CHILD_OPTION = "--one-round-of";

/** What one child reports. */
export interface Round {
  readonly units: number;
  readonly cpuNs: number;
  readonly peakRssMiB: number;
}

/** In the child: runs the benchmark and prints the round as JSON. */
export const runHere = (benchmark: Benchmark): void => {
  const measured: Measurement = benchmark.run();
  const peakRssMiB = measured.peakRssMiB ?? process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ units: measured.units, cpuNs: measured.cpuNs, peakRssMiB } satisfies Round));
};

/** In the parent: one round in a process of its own, so that peak memory and compiled code belong to it alone. */
export const runInChild = (benchmark: Benchmark, environment: NodeJS.ProcessEnv): Round => {
  const words = [...process.execArgv, process.argv[1]!, CHILD_OPTION, benchmark.name];
  const output = execFileSync(process.execPath, words, { encoding: "utf8", env: environment });
  return JSON.parse(output) as Round;
};
