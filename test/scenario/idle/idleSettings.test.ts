import { expect, test } from "vitest";
import * as Effect from "effect/Effect";
import { simulate } from "../../../src/experiment/simulate.ts";
import type { LoadedScenario } from "../../../src/scenario/decodeScenario.ts";
import { decodeScenario, sourceOf } from "../../../src/scenario/decodeScenario.ts";
import { ScenarioFault } from "../../../src/scenario/ScenarioFault.ts";

/** As on the command line: a path and a value, null to leave it out. */
type Settings = { readonly [path: string]: unknown };

const STATIONS = {
  name: "idle",
  horizon: "20s",
  traffic: { web: { arrivals: { poisson: { rate: "20/s" } }, prompt: 10, output: 5 } },
  fleet: {
    one: { station: { servers: 2, service: { exponential: { mean: "150ms" } }, failures: 0.1 } },
    two: { station: { service: "50ms" } },
  },
};

const ENGINES = {
  ...STATIONS,
  fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b" } },
};

const CLIENT = "traffic.web.client";
const BREAKER = { trip: { consecutive: 3 }, openFor: "1s" };
const RATES = { count: { size: 20, failures: 0.5 } };

/** A setting that does nothing there, and what makes it do something. */
const CASES: ReadonlyArray<readonly [path: string, value: unknown, around: Settings, remedy: Settings, base?: object]> = [
  [
    "traffic.web.weight",
    2,
    {},
    { "gateway.queue": { capacity: 10, order: { fair: { by: "class" } } }, "traffic.other": STATIONS.traffic.web },
  ],
  ["traffic.web.priority", 3, {}, { "gateway.queue": { capacity: 10, priority: {} } }],
  [
    "traffic.web.spikes[0].square.at",
    "30s",
    { "traffic.web.spikes": [{ square: { at: "1s", for: "5s", factor: 2 } }] },
    { horizon: "40s" },
  ],
  [`${CLIENT}.retry`, { attempts: 1, backoff: "1s" }, {}, { [`${CLIENT}.retry.attempts`]: 2 }],
  [`${CLIENT}.retry`, { attempts: 1, jitter: "none" }, {}, { [`${CLIENT}.retry.attempts`]: 2 }],
  [`${CLIENT}.retry`, { attempts: 1, budget: { bucket: {} } }, {}, { [`${CLIENT}.hedge`]: { after: "100ms" } }],
  [`${CLIENT}.retry.factor`, 3, { [`${CLIENT}.retry`]: { attempts: 3, jitter: "decorrelated" } }, { [`${CLIENT}.retry.jitter`]: "full" }],
  [`${CLIENT}.patience`, "5s", { [CLIENT]: { deadline: "2s" } }, { [`${CLIENT}.deadline`]: "9s" }],
  [`${CLIENT}.attemptTimeout`, "5s", { [CLIENT]: { deadline: "2s" } }, { [`${CLIENT}.deadline`]: "9s" }],
  [`${CLIENT}.instances`, 5, {}, { [`${CLIENT}.throttle`]: {} }],
  [
    `${CLIENT}.breaker.slowCall`,
    "1s",
    { [`${CLIENT}.breaker`]: BREAKER },
    { [`${CLIENT}.breaker.trip`]: { count: { size: 20, slow: 0.5 } } },
  ],
  ["gateway.breaker.slowCall", "1s", { "gateway.breaker": { trip: RATES } }, { "gateway.breaker.trip.count.slow": 0.5 }],
  [
    "gateway.breaker.slowBy",
    "firstToken",
    { "gateway.breaker": { trip: RATES } },
    { "gateway.breaker.slowCall": "1s", "gateway.breaker.trip.count.slow": 0.5 },
  ],
  ["gateway.breaker.trip.count.slow", 0.5, { "gateway.breaker": { trip: RATES } }, { "gateway.breaker.slowCall": "1s" }],
  ["gateway.breaker.openFactor", 2, { "gateway.breaker": BREAKER }, { "gateway.breaker.maxOpen": "5s" }],
  ["gateway.breaker.maxOpen", "5s", { "gateway.breaker": BREAKER }, { "gateway.breaker.openFactor": 2 }],
  ["gateway.breaker.probes", 3, { "gateway.breaker": { ...BREAKER, successesNeeded: 1 } }, { "gateway.breaker.successesNeeded": 2 }],
  ["gateway.store", { latency: "5ms" }, {}, { "gateway.limits": [{ tokenBucket: { rate: "10/s", burst: 5 } }] }],
  ["gateway.cache", { entries: 10 }, {}, { "traffic.web.repeat": { share: 0.5, contents: 10 } }],
  [
    "gateway.cache.onLeaderCancel",
    "handOver",
    { "gateway.cache": { entries: 10, coalesce: false }, "traffic.web.repeat": { share: 0.5, contents: 10 } },
    { "gateway.cache.coalesce": true, [`${CLIENT}.patience`]: "1s" },
  ],
  [
    "gateway.cache.lease",
    "1s",
    { "gateway.cache": { entries: 10, coalesce: false }, "traffic.web.repeat": { share: 0.5, contents: 10 } },
    { "gateway.cache.coalesce": true },
  ],
  ["gateway.retry", { attempts: 1 }, {}, { "gateway.retry.attempts": 2 }],
  [
    "gateway.brownout.cannedTokens",
    9,
    { "gateway.brownout": { signal: "inFlight", levels: [{ answer: { shorter: 0.5 }, enterAt: 5 }] } },
    { "gateway.brownout.levels": [{ answer: "canned", enterAt: 5 }] },
  ],
  ["gateway.queue.deadlines", true, { "gateway.queue": { capacity: 10 } }, { [`${CLIENT}.deadline`]: "1s" }],
  [
    "gateway.queue.order.fair",
    {},
    { "gateway.queue": { capacity: 10 } },
    { "traffic.other": { ...STATIONS.traffic.web, tenant: "other" } },
  ],
  ["gateway.concurrency.fixed.perTenant", 9, { "gateway.concurrency": { fixed: { limit: 5 } } }, { "gateway.concurrency.fixed.limit": 10 }],
  ["gateway.loadReports", { every: "1s" }, { "gateway.router": "roundRobin" }, { "gateway.router": "powerOfTwo" }],
  ["gateway.router", "prefixAffinity", {}, { "traffic.web.prefix": { count: 3, tokens: 10 } }],
  ["gateway.router.nginx.failTimeout", "5s", { "gateway.router": { nginx: { maxFails: 0 } } }, { "gateway.router.nginx.maxFails": 2 }],
  ["fleet.one.weight", 3, {}, { "gateway.router": "weighted" }],
  ["fleet.one.backup", true, { "fleet.two": null }, { "fleet.two": STATIONS.fleet.two }],
  ["gateway.onDisconnect", "continue", {}, { [`${CLIENT}.attemptTimeout`]: "1s" }],
  [
    "gateway.cache.onLeaderCancel",
    "handOver",
    { "gateway.cache": { entries: 10 }, "traffic.web.repeat": { share: 0.5, contents: 10 } },
    { [`${CLIENT}.patience`]: "1s" },
  ],
  ["gateway.outlierEjection", {}, { "fleet.two": null }, { "fleet.two": STATIONS.fleet.two }],
  ["gateway.slowStart", { window: "5s" }, {}, { faults: [{ replicaDown: { pool: "one", replicas: 1, at: "5s", for: "2s" } }] }],
  ["faults[0].replicaDown.at", "30s", { faults: [{ replicaDown: { pool: "one", replicas: 1, at: "5s", for: "2s" } }] }, { horizon: "40s" }],
  [
    "fleet.gpu.engine.gpuMemoryUtilization",
    0.8,
    { "fleet.gpu.engine": { kvBlocks: 1000 } },
    { "fleet.gpu.engine.kvBlocks": null },
    ENGINES,
  ],
  ["fleet.gpu.engine.kvBytesPerToken", "100kB", {}, { "fleet.gpu.engine.offload": { capacity: "1GB", bandwidth: "1GB/s" } }, ENGINES],
  [
    "fleet.gpu.engine.maxPartialPrefills",
    2,
    { "fleet.gpu.engine": { scheduler: "prefillFirst" } },
    { "fleet.gpu.engine.scheduler": "continuous" },
    ENGINES,
  ],
  [
    "fleet.gpu.engine.maxLongPartialPrefills",
    1,
    { "fleet.gpu.engine": { chunkedPrefill: true } },
    { "fleet.gpu.engine.longPrefillThreshold": 5 },
    ENGINES,
  ],
  [
    "fleet.gpu.kvBytesPerToken",
    "100kB",
    {},
    {
      "gateway.disaggregation": { link: { bandwidth: "50GB/s" } },
      "fleet.gpu.role": "prefill",
      "fleet.answers": { gpu: "H100", model: "llama-3.1-8b", role: "decode" },
    },
    ENGINES,
  ],
];

const load = (base: object, settings: Settings): LoadedScenario => {
  const set = Object.entries(settings).map(([path, value]) => [path, JSON.stringify(value)] as const);
  const loaded = decodeScenario(sourceOf(base), { set });
  if (loaded instanceof ScenarioFault) throw loaded;
  return loaded;
};

const pathsOf = (loaded: LoadedScenario): ReadonlyArray<string> => loaded.warnings.map(({ path }) => path);

/** All that was measured, without what says which scenario it was, and without counts of what did nothing. */
const measured = async ({ world }: LoadedScenario): Promise<object> => {
  const { result, sample } = await Effect.runPromise(simulate(world, { seed: 1 }));
  const { scenario: _, warnings: __, faults: ___, ...rest } = result;
  const { router: _____, store: ______, cache: _______, ...gateway } = rest.gateway;
  return {
    ...rest,
    gateway,
    classes: rest.classes.map((of) => ({ ...of, priority: 0 })),
    pools: rest.pools.map((of) => ({ ...of, warnings: [] })),
    sample,
  };
};

/** What to leave out together with a setting that the rest makes no sense without. */
const wholeOf = (path: string): string => {
  if (path.endsWith(".at")) return path.slice(0, path.indexOf("["));
  return path.endsWith(".fair") ? path.slice(0, path.lastIndexOf(".")) : path;
};

test.each(CASES.map(([path, value, around, remedy, base]) => ({ path, value, around, remedy, base: base ?? STATIONS })))(
  "$path: nothing reads it -> a warning that names it, and the same results as without it; once something does, none",
  async ({ path, value, around, remedy, base }) => {
    const idle = load(base, { ...around, [path]: value });
    expect(pathsOf(idle)).toEqual([path]);
    expect(idle.world.warnings).toEqual([expect.stringMatching(/ has no effect: .+: .+/u)]);
    const without = load(base, { ...around, [wholeOf(path)]: null });
    expect(pathsOf(without)).toEqual([]);
    expect(await measured(without)).toEqual(await measured(idle));
    expect(pathsOf(load(base, { ...around, [path]: value, ...remedy }))).not.toContain(path);
  },
);

test("settings without effect: two of them -> both in the document, in the order of the scenario", async () => {
  const loaded = load(STATIONS, { "gateway.store": {}, [`${CLIENT}.instances`]: 3 });
  const { result } = await Effect.runPromise(simulate(loaded.world, { seed: 1 }));
  expect(result.warnings.filter((text) => text.includes("has no effect")).map((text) => text.split(" ")[0])).toEqual([
    "traffic.web.client.instances",
    "gateway.store",
  ]);
});
