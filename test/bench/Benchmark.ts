/** What one round of a benchmark measured. */
export interface Measurement {
  readonly units: number;
  /** User and system CPU time of the measured part, in ns. */
  readonly cpuNs: number;
  /** Peak resident memory, when another process than the one that runs the benchmark did the work. */
  readonly peakRssMiB?: number;
}

/** One entry of the table in benchmarks.ts. Each round runs in a process of its own. */
export interface Benchmark {
  readonly name: string;
  /** What is counted: "event", "customer", "request". */
  readonly unit: string;
  /** Names of benchmarks to divide by; both sides are measured in the same rounds, one after the other. */
  readonly references?: ReadonlyArray<string>;
  /** Needs the compiled C++ programs; without g++ it is not run. */
  readonly native?: boolean;
  readonly run: () => Measurement;
}

/** CPU time of the work in this process, in ns, after one call of the warm-up. */
export const measure = (warmUp: () => void, work: () => number): Measurement => {
  warmUp();
  globalThis.gc?.();
  const before = process.cpuUsage();
  const units = work();
  const used = process.cpuUsage(before);
  return { units, cpuNs: (used.user + used.system) * 1000 };
};
