import * as Layer from "effect/Layer";
import { Router } from "../../src/serving/Router.ts";
import { expect, it } from "vitest";
import { digestOf } from "../../src/scenario/Digest.ts";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { componentsOf, scenario } from "../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import type { World } from "../../src/scenario/World.ts";
import full from "../fixtures/scenarios/valid/full.ts";
import { faultsOf, loadValid, VALID } from "./fixtures.ts";

const YAML = `${VALID}/full.yaml`;

const minimal: ScenarioInput = {
  name: "minimal",
  horizon: "10m",
  traffic: { chat: { arrivals: { poisson: { rate: "2400/m" } }, prompt: "2k", output: 200 } },
  fleet: { main: { gpu: "H100", model: "llama-3.1-8b" } },
};

const worldOf = (authored: ScenarioInput): World => {
  const loaded = decodeScenario(sourceOf(authored));
  if (loaded instanceof ScenarioFault) throw loaded;
  return loaded.world;
};

it.each(["json", "ts"])("full scenario as %s: loaded -> the world of the YAML file", async (extension) => {
  const { world } = await loadValid(`${VALID}/full.${extension}`);
  expect(world).toEqual((await loadValid(YAML)).world);
});

it("full scenario: loaded -> quantities in ms, per second and tokens", async () => {
  const { world } = await loadValid(YAML);
  const [chat, day, calls, batch, ticks] = world.traffic;
  expect(world).toMatchObject({ name: "full", seed: 7, horizonMs: 3_600_000, warmupMs: 300_000 });
  expect(chat).toMatchObject({
    arrivals: {
      kind: "poisson",
      rate: {
        kind: "piecewise",
        interpolation: "step",
        points: [
          { atMs: 0, perSecond: 10 },
          { atMs: 600_000, perSecond: 40 },
        ],
      },
    },
    spikes: [
      { shape: "square", atMs: 600_000, durationMs: 120_000, factor: 5 },
      { shape: "ramp", extraPerSecond: 20 },
      { shape: "decay", durationMs: 90_000, factor: 2.5 },
    ],
    prompt: { kind: "lognormal", mean: 500, p99: 4000 },
    output: {
      kind: "mixture",
      parts: [{ shareRatio: 0.9 }, { shareRatio: 0.1, of: { kind: "pareto", max: 16_000 } }],
    },
    longTail: { shareRatio: 0.02, prompt: { kind: "fixed", value: 16_000 } },
    session: { maxContextTokens: 32_000, think: { mean: 20_000 } },
    prefix: { count: 10, tokens: 1000, zipf: 1.1 },
    slo: { ttftMs: 2000, tpotMs: 60, e2eMs: 30_000 },
    client: {
      deadlineMs: 60_000,
      retry: { attempts: 3, backoffMs: 250, factor: 3, maxBackoffMs: 5000, jitter: "none" },
    },
  });
  expect(day?.prompt).toEqual({
    kind: "quantiles",
    points: [
      { p: 0, value: 10 },
      { p: 0.5, value: 100 },
      { p: 0.99, value: 4000 },
      { p: 1, value: 16_000 },
    ],
  });
  expect(calls?.arrivals).toEqual({
    kind: "closed",
    users: 100,
    think: { kind: "uniform", min: 1000, max: 5000 },
    rampUpMs: 60_000,
  });
  expect(batch?.arrivals).toEqual({
    kind: "mmpp",
    states: [
      { perSecond: 1, meanMs: 300_000 },
      { perSecond: 1, meanMs: 30_000 },
    ],
  });
  expect(ticks?.arrivals).toMatchObject({ rate: { perSecond: 1 / 60 } });
  expect(world.gateway).toEqual({
    queue: { timeoutMs: 30_000, rules: { requests: 1000, tokens: Infinity, order: { kind: "fifo" }, deadlines: false } },
    maxInFlightPerReplica: 256,
    responseTimeLimitMs: 60_000,
    onDisconnect: "continue",
    router: { kind: "prefixAffinity", loadFactor: 1.5 },
  });
  expect(world.fleet[1]).toMatchObject({
    gpusPerReplica: 2,
    weight: 3,
    backup: true,
    engine: { kvBlocks: 4000, maxModelTokens: 32_000 },
  });
  expect(world.fleet[0]).toMatchObject({ usdPerGpuHour: 2.49 });
  expect(world.faults).toEqual([
    { kind: "replicaDown", pool: "main", replicas: 2, atMs: 900_000, durationMs: 300_000 },
    {
      kind: "slowdown",
      pool: "spare",
      replicas: 1,
      factor: 1.8,
      atMs: 2_400_000,
      durationMs: 600_000,
    },
  ]);
  expect(world.gates.map(({ bound }) => bound)).toEqual([2000, 0.95, 0.95]);
});

it("diurnal shares: loaded -> hourly rates whose mean is the given mean", async () => {
  const { world } = await loadValid(YAML);
  const rate = world.traffic[1]?.arrivals;
  const hourly = rate?.kind === "gamma" && rate.rate.kind === "diurnal" ? rate.rate.hourlyPerSecond : [];
  expect(hourly).toHaveLength(24);
  expect(hourly.reduce((sum, each) => sum + each, 0) / 24).toBeCloseTo(40, 10);
});

it("minimal scenario: decoded -> the defaults of vLLM V1 and of the design", () => {
  const world = worldOf(minimal);
  expect(world).toMatchObject({ seed: 1, warmupMs: 0, faults: [], gates: [] });
  expect(world.gateway).toEqual({
    maxInFlightPerReplica: 2 ** 31 - 1,
    onDisconnect: "cancel",
    router: { kind: "leastOutstanding" },
  });
  expect(world.traffic[0]).toMatchObject({
    priority: 0,
    weight: 1,
    tenant: "default",
    spikes: [],
    slo: {},
    client: {},
  });
  expect(world.fleet[0]).toMatchObject({
    replicas: 1,
    gpusPerReplica: 1,
    weight: 1,
    backup: false,
  });
  expect(world.fleet[0]?.engine).toMatchObject({
    maxBatchedTokens: 8192,
    maxSequences: 256,
    blockTokens: 16,
    prefixCache: true,
    reserveFullPrompt: true,
  });
});

it("gateway queue without in-flight bound: decoded -> maxSequences of the largest engine", () => {
  const main = { gpu: "H100", model: "llama-3.1-8b" };
  const fleet = { main, small: { ...main, engine: { maxSequences: 32 } } };
  expect(worldOf({ ...minimal, gateway: { queue: { capacity: 10 } }, fleet }).gateway.maxInFlightPerReplica).toBe(256);
  expect(worldOf({ ...minimal, gateway: { queue: { capacity: 10 } }, fleet: { small: fleet.small } }).gateway.maxInFlightPerReplica).toBe(
    32,
  );
});

const tracePaths = async (set: ReadonlyArray<readonly [string, string]>): Promise<ReadonlyArray<string>> =>
  (await loadValid(YAML, { set, fileExists: () => true })).world.traffic.flatMap(({ trace }) => trace?.path ?? []);

it("trace path: in a file -> relative to it; by --set -> relative to the working directory", async () => {
  expect(await tracePaths([])).toEqual([`${VALID}/full.yaml`, `${VALID}/full.yaml`]);
  expect(
    await tracePaths([
      ["traffic.recorded.trace.path", "x.csv"],
      ["traffic.replay.trace", "../y.csv"],
    ]),
  ).toEqual(["x.csv", "../y.csv"]);
});

it("digest: keys in another order, another seed, $schema -> the same; another value -> another", () => {
  const { name, ...rest } = minimal;
  const digest = digestOf(minimal);
  expect(digest).toMatch(/^[0-9a-f]{12}$/u);
  expect(worldOf(minimal).digest).toBe(digest);
  expect(digestOf({ ...rest, $schema: "x", seed: 5, name })).toBe(digest);
  expect(digestOf({ ...minimal, horizon: "11m" })).not.toBe(digest);
});

it("scenario with components: decoded -> the components, and the same digest as without", () => {
  const components = { router: Layer.succeed(Router, { name: "first", pick: () => 0 }) };
  const withComponents = scenario(minimal, { components });
  expect(componentsOf(withComponents)).toBe(components);
  expect(componentsOf({ ...withComponents, name: "spread" })).toBe(components);
  expect(componentsOf(minimal)).toEqual({});
  expect(digestOf(withComponents)).toBe(digestOf(minimal));
  const loaded = decodeScenario(sourceOf(withComponents));
  expect("components" in loaded && loaded.components).toBe(components);
});

it("TypeScript scenario: imported -> a plain value that is not changed by loading with overrides", async () => {
  const before = JSON.stringify(full);
  const { world } = await loadValid(`${VALID}/full.ts`, { set: [["traffic.chat.prompt", "5"]] });
  expect(world.traffic[0]?.prompt).toEqual({ kind: "fixed", value: 5 });
  expect(JSON.stringify(full)).toBe(before);
});

it("JSON with tabs and a byte order mark is read; YAML merge keys and anchors too", async () => {
  expect(await faultsOf("test/fixtures/scenarios/bad/names.json")).not.toEqual([]);
  const { world } = await loadValid(`${VALID}/anchors.yaml`);
  expect(world.traffic.map(({ prompt, output }) => [prompt, output])).toEqual([
    [
      { kind: "fixed", value: 100 },
      { kind: "fixed", value: 200 },
    ],
    [
      { kind: "fixed", value: 100 },
      { kind: "fixed", value: 900 },
    ],
  ]);
});
