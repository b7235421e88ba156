import { fileURLToPath } from "node:url";
import { Streams } from "../../src/kernel/Streams.ts";
import { TraceArrivals } from "../../src/workload/trace/TraceArrivals.ts";
import type { TraceOptions } from "../../src/workload/trace/TraceArrivals.ts";
import type { TraceSpec, TrafficClassSpec } from "../../src/workload/TrafficSpec.ts";

/** A class with fixed lengths, with the given parts changed. */
export const classSpec = (parts: Partial<TrafficClassSpec>): TrafficClassSpec => ({
  name: "chat",
  spikes: [],
  prompt: { kind: "fixed", value: 100 },
  output: { kind: "fixed", value: 50 },
  priority: 0,
  weight: 1,
  tenant: "tenant",
  slo: {},
  client: {},
  ...parts,
});

export const traceSpec = (parts: Partial<TraceSpec> & { readonly path: string }): TraceSpec => ({
  rateScale: 1,
  timeScale: 1,
  fromMs: 0,
  toMs: Infinity,
  loop: false,
  ...parts,
});

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/traces/${name}`, import.meta.url));

export interface Arrival {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly blockHashes: ReadonlyArray<number> | undefined;
  readonly blockTokens: number;
}

export interface OpenTrace extends Partial<TraceOptions> {
  readonly trace: Partial<TraceSpec> & { readonly path: string };
  readonly spec?: Partial<TrafficClassSpec>;
  readonly seed?: number;
}

export const openTrace = ({ trace, spec, seed = 1, ...options }: OpenTrace): TraceArrivals =>
  new TraceArrivals(classSpec({ ...spec, trace: traceSpec(trace) }), new Streams(seed), {
    skipBadRows: false,
    ...options,
  });

/** All arrivals, or the first `limit`; closes the trace. */
export const drain = async (source: TraceArrivals, limit = Infinity): Promise<ReadonlyArray<Arrival>> => {
  const arrivals: Array<Arrival> = [];
  while (arrivals.length < limit) {
    const atMs = source.next();
    if (atMs === Infinity) break;
    if (Number.isNaN(atMs)) await source.refill();
    else arrivals.push({ atMs, ...copyOf(source) });
  }
  await source.close();
  return arrivals;
};

const copyOf = ({ draft }: TraceArrivals): Omit<Arrival, "atMs"> => ({
  promptTokens: draft.promptTokens,
  outputTokens: draft.outputTokens,
  blockHashes: draft.blockHashes && [...draft.blockHashes],
  blockTokens: draft.blockTokens,
});

export const replay = (options: OpenTrace): Promise<ReadonlyArray<Arrival>> => drain(openTrace(options));

export const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export const variance = (values: ReadonlyArray<number>): number => {
  const center = mean(values);
  return mean(values.map((value) => (value - center) ** 2));
};

export const gapsOf = (times: ReadonlyArray<number>): ReadonlyArray<number> => times.slice(1).map((time, index) => time - times[index]!);

/** Coefficient of variation. */
export const cvOf = (values: ReadonlyArray<number>): number => Math.sqrt(variance(values)) / mean(values);

/** Index of dispersion of counts in bins of `binMs` that are full before `endMs`. */
export const idcOf = (times: ReadonlyArray<number>, binMs: number, endMs: number): number => {
  const counts = Array.from({ length: Math.floor(endMs / binMs) }, () => 0);
  for (const time of times) {
    const bin = Math.floor(time / binMs);
    if (bin < counts.length) counts[bin]!++;
  }
  return variance(counts) / mean(counts);
};
