import type { ClassResult, Distribution, Outcome, PoolResult, Result, TimelinePoint } from "../../src/metric/Result.ts";
import { OUTCOMES, RESULT_VERSION } from "../../src/metric/Result.ts";

/** A distribution in which nothing was measured. */
export const nothing: Distribution = {
  count: 0,
  mean: null,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  p999: null,
  max: null,
};

/** A distribution with a tail: quantiles grow by fixed factors from the median. */
export const spreadOut = (count: number, p50: number): Distribution => ({
  count,
  mean: p50 * 1.4375,
  p50,
  p90: p50 * 2.3,
  p95: p50 * 3.1,
  p99: p50 * 7.77,
  p999: p50 * 15.3,
  max: p50 * 31.9,
});

/** Counts of all outcomes from those that are not zero. */
export const outcomes = (some: { readonly [K in Outcome]?: number }): ClassResult["outcomes"] =>
  Object.fromEntries(OUTCOMES.map((outcome) => [outcome, some[outcome] ?? 0])) as ClassResult["outcomes"];

const SPAN_MS = 3 * 3600e3;

const chat: ClassResult = {
  name: "chat",
  tenant: "web",
  priority: 0,
  slo: { ttftMs: 2000, tpotMs: 50 },
  requests: 342_118,
  outcomes: outcomes({
    completed: 231_003,
    shed: 40_110,
    expired: 38_004,
    failed: 1,
    abandoned: 32_712,
    unfinished: 288,
  }),
  attempts: 498_870,
  offeredPerSecond: 46.19166666,
  throughputPerSecond: 21.3891666,
  goodput: { requests: 178_420, perSecond: 16.520370370370372, ratio: 178_420 / 342_118 },
  tokens: {
    prompt: 187_402_771,
    cachedPrompt: 70_088_636,
    output: 164_090_021,
    wasted: 31_771_208,
  },
  ttftMs: spreadOut(244_117, 812.345678),
  tpotMs: spreadOut(230_871, 24.18123),
  itlMs: spreadOut(163_859_150, 23.9),
  e2eMs: spreadOut(231_003, 17_345.6),
  queueWaitMs: spreadOut(301_554, 411.5),
};

const reports: ClassResult = {
  name: "nightly-reports",
  tenant: "batch",
  priority: 5,
  slo: { e2eMs: 1_800_000 },
  requests: 5_400,
  outcomes: outcomes({ completed: 5_388, unfinished: 12 }),
  attempts: 5_400,
  offeredPerSecond: 0.5,
  throughputPerSecond: 0.49888888,
  goodput: { requests: 5_388, perSecond: 0.49888888, ratio: 5_388 / 5_400 },
  tokens: { prompt: 97_200_000, cachedPrompt: 0, output: 10_776_000, wasted: 0 },
  ttftMs: spreadOut(5_396, 2_911.2),
  tpotMs: spreadOut(5_388, 31.2),
  itlMs: spreadOut(10_770_612, 30.4),
  e2eMs: spreadOut(5_388, 48_100),
  queueWaitMs: spreadOut(5_400, 1_702),
};

const pools: ReadonlyArray<PoolResult> = [
  {
    name: "h800",
    gpu: "H800-SXM-80GB",
    model: "DeepSeek-V3",
    replicas: 16,
    gpus: 256,
    utilization: 0.9731,
    waiting: { mean: 211.387, max: 1904 },
    batch: { mean: 187.22, max: 256 },
    kv: { meanRatio: 0.8123, maxRatio: 1 },
    preemptions: 12_034,
    prefixCache: { hitTokens: 70_088_636, queryTokens: 187_402_771, hitRatio: 0.374 },
    steps: 6_204_118,
    tokens: { prefill: 117_314_135, decode: 163_859_150 },
    resources: {
      gpu: { busyRatio: 0.9731 },
      gpuMemory: null,
      cpu: { engineCoreRatio: null, frontendRatio: null },
      network: null,
      disk: null,
      kvLinkRatio: null,
      bottleneck: { resource: "GPU", ratio: 0.9731 },
    },
    replicaHours: 48,
    costUsd: 1536,
    stepSource: "DeepSeek-V3/R1 inference system overview (published throughput), fit error assumed 15%",
    qualityCost: null,
    warnings: ["the batch reached its limit of 256 sequences in 41% of all steps"],
  },
  {
    name: "spare",
    gpu: "H100-SXM-80GB",
    model: "DeepSeek-V3",
    replicas: 2,
    gpus: 16,
    utilization: 0.4,
    waiting: { mean: 0, max: 0 },
    batch: { mean: 12.5, max: 88 },
    kv: { meanRatio: 0.0923, maxRatio: 0.31 },
    preemptions: 0,
    prefixCache: { hitTokens: 0, queryTokens: 0, hitRatio: null },
    steps: 310_022,
    tokens: { prefill: 97_200_000, decode: 10_770_612 },
    resources: {
      gpu: { busyRatio: 0.4 },
      gpuMemory: null,
      cpu: { engineCoreRatio: null, frontendRatio: null },
      network: null,
      disk: null,
      kvLinkRatio: null,
      bottleneck: { resource: "GPU", ratio: 0.4 },
    },
    replicaHours: 6,
    costUsd: 96,
    stepSource: "assumed",
    qualityCost: null,
    warnings: [],
  },
];

/** An evening peak in the second hour, a collapse of goodput, and a slow recovery. */
const evening = (index: number, points: number): TimelinePoint => {
  const hour = (3 * (index + 1)) / points;
  const surge = Math.exp(-(((hour - 1.6) / 0.45) ** 2));
  const offered = 22 + 3 * Math.sin(index * 1.7) + 64 * surge;
  const capacity = 31 * (hour > 1.5 && hour < 1.8 ? 0.6 : 1);
  const overload = Math.max(0, offered - capacity) / capacity;
  const ttft = index === 7 ? null : 420 * (1 + 40 * overload ** 1.5);
  return {
    atMs: (SPAN_MS * (index + 1)) / points,
    offeredPerSecond: offered,
    throughputPerSecond: Math.min(offered, capacity),
    goodputPerSecond: Math.min(offered, capacity) / (1 + 3 * overload),
    failedPerSecond: Math.max(0, offered - capacity),
    ttftP50Ms: ttft === null ? null : ttft / 4,
    ttftP99Ms: ttft,
    gatewayQueue: Math.round(Math.min(2000, 900 * overload)),
    engineWaiting: Math.round(Math.min(1904, 700 * overload)),
    running: 2400,
    kvRatio: Math.min(1, 0.4 + overload),
    utilization: Math.min(1, offered / capacity),
  };
};

/** The result of an overloaded evening with two classes, two pools, a fault and three gates: every field is filled. */
export const sampleResult = (changes: Partial<Result> = {}): Result => ({
  version: RESULT_VERSION,
  scenario: {
    name: "deepseek-busy",
    digest: "9f2c41d07ab3e6885d1f",
    description: "Evening peak of long reasoning answers behind a gateway that cuts at 60 s, with clients that retry",
  },
  seed: 7,
  replications: 1,
  repeat: "npx spillway run scenarios/deepseek-busy.ts --seed 7",
  horizonMs: SPAN_MS,
  warmupMs: 600e3,
  simulatedMs: SPAN_MS,
  interrupted: false,
  engine: {
    events: 21_340_771,
    requests: 361_204,
    attempts: 527_431,
    steps: 6_514_140,
    phases: 2_113_002,
  },
  classes: [chat, reports],
  total: {
    requests: 347_518,
    outcomes: outcomes({
      completed: 236_391,
      shed: 40_110,
      expired: 38_004,
      failed: 1,
      abandoned: 32_712,
      unfinished: 300,
    }),
    offeredPerSecond: 46.69166666,
    throughputPerSecond: 21.8880555,
    goodput: { requests: 183_808, perSecond: 17.01925925, ratio: 183_808 / 347_518 },
  },
  gateway: { queue: { mean: 388.1234567, max: 2000 }, router: "powerOfTwo", cut: 61_200 },
  pools,
  timeline: Array.from({ length: 180 }, (_, index) => evening(index, 180)),
  faults: [{ kind: "slowdown", pool: "h800", startMs: 5_400_000, endMs: 6_480_000 }],
  cost: { totalUsd: 1632, perMillionOutputTokensUsd: 9.3312345 },
  gates: [
    {
      expression: "chat.ttft.p99 < 2s",
      value: 6311.9259,
      verdict: "fail",
      reason: "6.31s, above 2s, over 244,117 first tokens",
    },
    {
      expression: "goodput.ratio > 0.95",
      value: 0.529,
      verdict: "fail",
      reason: "52.9%, below 95%, over 347,518 requests",
    },
    {
      expression: "nightly-reports.expired.ratio < 1%",
      value: 0,
      verdict: "pass",
      reason: "0%, below 1%, over 5,400 requests",
    },
    {
      expression: "fleet.spare.hitRatio > 10%",
      value: null,
      verdict: "inconclusive",
      reason: "not measured: no prompt tokens",
    },
  ],
  verdict: "fail",
  warnings: ["the run ends overloaded: 300 requests were still in the system at the horizon"],
  ...changes,
});

/** The result of a run in which nothing happened. */
export const emptyResult = (): Result =>
  sampleResult({
    classes: [
      {
        ...chat,
        requests: 0,
        attempts: 0,
        outcomes: outcomes({}),
        offeredPerSecond: 0,
        throughputPerSecond: 0,
        goodput: { requests: 0, perSecond: 0, ratio: null },
        tokens: { prompt: 0, cachedPrompt: 0, output: 0, wasted: 0 },
        ttftMs: nothing,
        tpotMs: nothing,
        itlMs: nothing,
        e2eMs: nothing,
        queueWaitMs: nothing,
      },
    ],
    engine: { events: 0, requests: 0, attempts: 0, steps: 0, phases: 0 },
    total: {
      requests: 0,
      outcomes: outcomes({}),
      offeredPerSecond: 0,
      throughputPerSecond: 0,
      goodput: { requests: 0, perSecond: 0, ratio: null },
    },
    gateway: { queue: { mean: 0, max: 0 }, router: "random", cut: 0 },
    pools: [
      {
        ...pools[1]!,
        utilization: 0,
        batch: { mean: 0, max: 0 },
        kv: { meanRatio: 0, maxRatio: 0 },
        steps: 0,
        tokens: { prefill: 0, decode: 0 },
      },
    ],
    timeline: [],
    faults: [],
    cost: { totalUsd: 0, perMillionOutputTokensUsd: null },
    gates: [],
    verdict: "none",
    warnings: [],
  });
