import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import { expect, it } from "vitest";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import { worldLayer } from "../../src/serving/worldLayer.ts";

const gpu = { gpu: "H100", model: "llama-3.1-8b" };
const breaker = { trip: { time: { window: "5s", minCalls: 5 } }, openFor: "2s" };

/** One scenario whose every part is then spoilt in turn. */
const sound = {
  name: "sound",
  horizon: "1m",
  warmup: "5s",
  network: { latency: "20ms", loss: "1%" },
  traffic: {
    chat: {
      arrivals: { poisson: { rate: "10/s" } },
      spikes: [{ square: { at: "10s", for: "5s", factor: 3 } }],
      prompt: { lognormal: { mean: 600, p99: "4k" } },
      output: 100,
      repeat: { share: "40%", contents: 100 },
      client: {
        attemptTimeout: "20s",
        retry: { attempts: 3, budget: { bucket: { capacity: 5, ratio: 0.1 } } },
        hedge: { after: { percentile: 95, initial: "3s" } },
        throttle: { multiplier: 2 },
        breaker: { trip: { consecutive: 5 } },
      },
    },
    api: {
      arrivals: { closed: { users: 3, think: "1s" } },
      prompt: 1,
      output: 1,
      client: { retry: { attempts: 2, budget: { quota: {} } } },
    },
  },
  gateway: {
    limits: [{ tokenBucket: { rate: "100/s", burst: 100 }, per: "tenant" }, { tokenBudgets: { tokens: "5M/m" } }],
    store: { latency: "1ms" },
    cache: { entries: 50, warmUp: { traffic: "chat", from: "1s", peak: "10s", rate: "5/s" } },
    queue: {
      capacity: 100,
      order: { fair: {} },
      delay: { codel: { target: "1s", interval: "5s" } },
      priority: {},
      throttle: { success: {} },
    },
    concurrency: { gradient2: { initial: 20 } },
    disaggregation: { link: { bandwidth: "5GB/s", latency: "1ms" }, decider: { promptLongerThan: 100 } },
    breaker,
    router: { consistentHash: { loadFactor: 1.5 } },
    outlierEjection: { sweep: "2s" },
    slowStart: { window: "5s" },
  },
  fleet: {
    prefill: { ...gpu, role: "prefill" },
    decode: { ...gpu, role: "decode", engine: { speculative: { tokens: 3, acceptance: "70%", draft: { share: "5%" } } } },
    scaled: {
      ...gpu,
      startup: { imagePull: { time: "1s" }, compile: "1s" },
      autoscale: {
        max: 4,
        hpa: { target: { concurrency: 4 }, scaleUp: { policies: [{ replicas: 1, period: "1s" }] } },
        scheduled: [{ at: "08:00", replicas: 2 }],
      },
    },
    database: { station: { service: { exponential: { mean: "100ms" } }, quota: { limit: 30, window: "1s" } } },
  },
  faults: [
    { replicaDown: { pool: "decode", replicas: 1, at: "10s", for: "5s" } },
    { linkDown: { pool: "prefill", replicas: 1, at: "10s", for: "5s" } },
  ],
  gates: ["chat.ttft.p99 < 2s"],
};

type Path = ReadonlyArray<string>;
type Mapping = { [key: string]: unknown };

const pathsOf = (value: unknown, path: Path = []): ReadonlyArray<Path> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, part]) => [[...path, key], ...pathsOf(part, [...path, key])])
    : [];

const spoil = (path: Path, value: unknown, whole: object = sound): object => {
  const spoilt = structuredClone(whole) as Mapping;
  const holder = path.slice(0, -1).reduce((part, key) => part[key] as Mapping, spoilt);
  if (value === undefined) delete holder[path.at(-1)!];
  else holder[path.at(-1)!] = value;
  return spoilt;
};

const decode = (authored: object) => decodeScenario(sourceOf(authored));

const JUNK = [undefined, null, "nan", 0, {}, "0s"];

it("sound scenario: decoded -> a world", () => {
  expect(decode(sound)).not.toBeInstanceOf(ScenarioFault);
});

it("any part spoilt: decoded -> a world or faults in plain words, never a throw", () => {
  for (const path of pathsOf(sound)) {
    for (const junk of JUNK) {
      const decoded = decode(spoil(path, junk));
      if (!(decoded instanceof ScenarioFault)) continue;
      expect(decoded.faults.length).toBeGreaterThan(0);
      expect(decoded.message.replaceAll('"nan"', ""), `${path.join(".")} = ${JSON.stringify(junk)}`).not.toMatch(/NaN|undefined|\[object/u);
    }
  }
});

/** A pool that grows by forecast, which the sound scenario has no room for. */
const forecast = {
  ...sound,
  traffic: {
    ...sound.traffic,
    chat: { ...sound.traffic.chat, client: { breaker: { ...breaker, trip: { count: { size: 10, failures: "50%" } } } } },
  },
  gateway: { breaker: { ...breaker, maxOpen: "1m", ramp: "1s", probeLease: "10s" } },
  fleet: { server: { station: { service: "1s" }, autoscale: { max: 9, predictive: { perReplica: "5/s", slot: "15m", season: "24h" } } } },
  faults: [],
};

/** Sound as quantities, and more or less than policies can count. */
const EXTREMES = ["0.0001ms", "333.333ms", "500ms", "100000000000d", "0.00001%", "99.99999%", 1e-9, 1e9, 1e15];

it("any part at an extreme: what is decoded -> builds a world, for policies are no stricter than the check", async () => {
  const refused: Array<string> = [];
  for (const whole of [sound, forecast]) {
    for (const path of pathsOf(whole)) {
      for (const extreme of EXTREMES) {
        const decoded = decode(spoil(path, extreme, whole));
        if (decoded instanceof ScenarioFault) continue;
        const { world } = decoded;
        const options = { seed: 1, replication: 0, timelineIntervalMs: 1000, sampleSize: 1, skipBadRows: false, components: {} };
        const exit = await Effect.runPromiseExit(Effect.scoped(Layer.build(worldLayer(world, options))));
        if (Exit.isFailure(exit)) refused.push(`${path.join(".")} = ${extreme}: ${String(Cause.squash(exit.cause))}`);
      }
    }
  }
  expect(refused).toEqual([]);
}, 60_000);

const faultsOf = (authored: object): string => {
  const decoded = decode(authored);
  return decoded instanceof ScenarioFault ? decoded.message : "";
};

it.each([
  [
    ["gateway", "breaker", "trip", "time", "window"],
    "333.333ms",
    'window must be a whole number of microseconds in each of its 10 parts ("333.333ms"): take 333.33ms',
  ],
  [["gateway", "breaker", "probeLease"], "0.0001ms", 'probeLease must be at least 0.001ms ("0.0001ms")'],
  [["traffic", "chat", "client", "breaker", "trip", "count", "failures"], "0.00001%", 'failures must be at least 0.0001% ("0.00001%")'],
  [
    ["fleet", "server", "autoscale", "predictive", "slot"],
    "500ms",
    'season must be at most 100000 slots ("24h"): with a slot of 864ms or more',
  ],
  [["fleet", "server", "station"], { service: "1s", quota: { limit: 1e9, window: "1h" } }, "quota.limit must be at most 625"],
])("%j: %j, which its policy cannot count -> a fault", (path, value, fault) => {
  expect(faultsOf(spoil(path, value, forecast))).toContain(fault);
});

it("retry budgets: settings beyond what they can hold -> a fault, and no crash of the run", () => {
  for (const [budget, key, value] of [
    ["ratio", "ratio", 1001],
    ["active", "ratio", 1e300],
    ["throttle", "maxTokens", 1e9],
    ["throttle", "tokenRatio", 1001],
    ["bucket", "capacity", 1e10],
    ["bucket", "ratio", 1001],
  ] as const) {
    const authored = spoil(["traffic", "chat", "client", "retry", "budget"], { [budget]: { [key]: value } });
    const decoded = decode(authored);
    expect(decoded).toBeInstanceOf(ScenarioFault);
    expect((decoded as ScenarioFault).message).toContain(`traffic.chat.client.retry.budget.${budget}.${key} must be at most`);
  }
});

it("roles without disaggregation, and of different models -> faults", () => {
  const { disaggregation, ...gateway } = sound.gateway;
  const alone = decode({ ...sound, gateway, faults: [] });
  expect((alone as ScenarioFault).message).toContain("fleet.prefill.role needs gateway.disaggregation");
  expect((alone as ScenarioFault).message).toContain("fleet.decode.role needs gateway.disaggregation");
  const mixed = decode({
    ...sound,
    fleet: { ...sound.fleet, decode: { ...sound.fleet.decode, model: "llama-3.1-70b", parallelism: { tp: 8 } } },
  });
  expect((mixed as ScenarioFault).message).toContain("gateway.disaggregation must have pools of the same model");
  expect(disaggregation.link.bandwidth).toBe("5GB/s");
});
