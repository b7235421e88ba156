import type { Benchmark } from "./Benchmark.ts";
import { blockHashes } from "./BlockHashes.ts";
import { engineSteps } from "./EngineSteps.ts";
import { fleet } from "./Fleet.ts";
import { holdModel } from "./HoldModel.ts";
import { limitBenchmarks } from "./Limits.ts";
import { multiServerQueue } from "./MultiServerQueue.ts";
import { nativeQueue } from "./NativeReference.ts";
import { policyBenchmarks } from "./Policies.ts";
import { steppedIterations } from "./SteppedIterations.ts";

/** Requests per second and replica, and mean output tokens. */
const LOADS = [
  { load: "low", perSecond: 2, outputTokens: 244 },
  { load: "medium", perSecond: 14, outputTokens: 244 },
  { load: "high", perSecond: 20, outputTokens: 244 },
  { load: "long outputs", perSecond: 1.2, outputTokens: 2637 },
] as const;

/** All benchmarks, in the order of the table. Register new ones here. */
export const benchmarks: ReadonlyArray<Benchmark> = [
  { name: "hold 100", unit: "event", run: () => holdModel({ pending: 100, events: 8_000_000 }) },
  { name: "hold 10k", unit: "event", run: () => holdModel({ pending: 10_000, events: 6_000_000 }) },
  {
    name: "hold 1M",
    unit: "event",
    run: () => holdModel({ pending: 1_000_000, events: 3_000_000 }),
  },
  {
    name: "M/M/1",
    unit: "customer",
    references: ["M/M/1 C++"],
    run: () => multiServerQueue({ servers: 1, customers: 6_000_000 }),
  },
  {
    name: "M/M/1 C++",
    unit: "customer",
    native: true,
    run: () => nativeQueue({ servers: 1, customers: 10_000_000 }),
  },
  {
    name: "M/M/16",
    unit: "customer",
    references: ["M/M/16 C++"],
    run: () => multiServerQueue({ servers: 16, customers: 6_000_000 }),
  },
  {
    name: "M/M/16 C++",
    unit: "customer",
    native: true,
    run: () => nativeQueue({ servers: 16, customers: 10_000_000 }),
  },
  ...LOADS.flatMap(({ load, perSecond, outputTokens }): Array<Benchmark> => [
    {
      name: `engine ${load}`,
      unit: "request",
      references: [`engine ${load}, stepper`],
      run: () => engineSteps({ how: "leap", perSecond, outputTokens, requests: 100_000 }),
    },
    {
      name: `engine ${load}, stepper`,
      unit: "request",
      run: () => engineSteps({ how: "stepper", perSecond, outputTokens, requests: 1_000 }),
    },
  ]),
  ...LOADS.flatMap(({ load, perSecond, outputTokens }): Array<Benchmark> => [
    {
      name: `1 replica ${load}`,
      unit: "request",
      run: () => fleet({ replicas: 1, perReplicaPerSecond: perSecond, outputTokens, requests: 300_000 }),
    },
    {
      name: `64 replicas ${load}`,
      unit: "request",
      run: () => fleet({ replicas: 64, perReplicaPerSecond: perSecond, outputTokens, requests: 1_000_000 }),
    },
  ]),
  {
    name: "64 replicas 2M",
    unit: "request",
    run: () => fleet({ replicas: 64, perReplicaPerSecond: 14, outputTokens: 244, requests: 2_000_000 }),
  },
  {
    name: "64 replicas 20M",
    unit: "request",
    references: ["64 replicas 2M"],
    run: () => fleet({ replicas: 64, perReplicaPerSecond: 14, outputTokens: 244, requests: 20_000_000 }),
  },
  {
    name: "64 replicas prefix cache",
    unit: "request",
    run: () => fleet({ replicas: 64, perReplicaPerSecond: 14, outputTokens: 244, requests: 200_000, prefixCache: true }),
  },
  { name: "64 replicas block hashes", unit: "request", run: () => blockHashes(200_000) },
  ...policyBenchmarks,
  ...limitBenchmarks,
  ...[64, 256].flatMap((batch): Array<Benchmark> => [
    {
      name: `stepped V1, batch ${batch}`,
      unit: "iteration",
      run: () => steppedIterations({ scheduling: {}, batch, requests: 400 * batch }),
    },
    {
      name: `stepped table, batch ${batch}`,
      unit: "iteration",
      run: () => steppedIterations({ scheduling: {}, table: true, batch, requests: 400 * batch }),
    },
    {
      name: `stepped speculative, batch ${batch}`,
      unit: "iteration",
      run: () => steppedIterations({ scheduling: { speculative: { tokens: 3, acceptanceRatio: 0.7 } }, batch, requests: 400 * batch }),
    },
  ]),
];
