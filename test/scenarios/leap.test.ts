import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLeapable } from "../../src/serving/engine/engineOf.ts";
import type { LoadedScenario } from "../../src/scenario/decodeScenario.ts";
import { decodeScenario } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { loadScenario, ScenarioFault, simulate, sourceOf } from "../../src/index.ts";
import { summaryJson } from "../../src/report/summaryJson.ts";

/** How much of each scenario is simulated twice. */
const HORIZON_MS = process.env["SPILLWAY_LONG"] === undefined ? 60_000 : 1_800_000;

type Setting = readonly [path: string, value: string];

const folder = join(import.meta.dirname, "../../scenarios");
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

/** All that a run gives but how it was computed; the last bits of sums are rounded away, as in every document. */
const outcomeOf = async ({ world, components }: LoadedScenario): Promise<{ readonly summary: string; readonly records: string }> => {
  const horizonMs = Math.min(world.horizonMs, HORIZON_MS);
  const experiment = { ...world, horizonMs, warmupMs: Math.min(world.warmupMs, horizonMs / 4) };
  const { result, sample } = await Effect.runPromise(simulate(experiment, { seed: world.seed, components }));
  const engine = { ...result.engine, events: 0, phases: 0 };
  return { summary: summaryJson({ ...result, scenario: { ...result.scenario, digest: "" }, engine }), records: JSON.stringify(sample) };
};

const leapingPools = ({ world }: LoadedScenario): ReadonlyArray<string> =>
  world.fleet.filter((pool) => pool.station === undefined && isLeapable(pool.engine)).map(({ name }) => name);

/** A pool that names its scheduler is simulated step by step. */
const byStep = (pools: ReadonlyArray<string>): ReadonlyArray<Setting> =>
  pools.map((pool) => [`fleet.${pool}.engine.scheduler`, "continuous"]);

describe("worlds of the scenario files: by leaps and step by step -> the same document and the same records", () => {
  test.each(files)("%s", async (name) => {
    const load = (set: ReadonlyArray<Setting>) => Effect.runPromise(loadScenario(join(folder, name), { set }));
    const leaping = await load([]);
    const pools = leapingPools(leaping);
    if (pools.length === 0) return;
    expect(await outcomeOf(await load(byStep(pools)))).toEqual(await outcomeOf(leaping));
  });
});

const chat: ScenarioInput["traffic"][string] = {
  arrivals: { poisson: { rate: "14/s" } },
  prompt: { lognormal: { mean: 900, p99: 5000 } },
  output: { lognormal: { mean: 150, p99: 600 } },
  prefix: { count: 4, tokens: 300 },
  client: { deadline: "20s", patience: "4s", retry: { attempts: 3, backoff: "200ms" }, hedge: { after: "3s", attempts: 2 } },
};

/** Whatever may look into a replica or change it in the middle of a leap. */
const WORLDS: ReadonlyArray<readonly [title: string, world: Partial<ScenarioInput>]> = [
  [
    "every fault of a replica, with startup",
    {
      fleet: { main: { gpu: "H100", model: "llama-3.1-8b", replicas: 3, startup: { compile: "3s" } } },
      faults: [
        { slowdown: { pool: "main", replicas: 2, at: "10s", for: "20s", factor: 3 } },
        { slowdown: { pool: "main", replicas: 1, at: "20s", for: "20s", factor: 1.7 } },
        { cacheWipe: { pool: "main", replicas: 3, at: "25s" } },
        { replicaDown: { pool: "main", replicas: 1, at: "35s", for: "4s" } },
        { failing: { pool: "main", replicas: 1, share: 0.5, at: "45s", for: "5s" } },
        { drain: { pool: "main", replicas: 1, at: "55s", for: "10s" } },
        { restart: { pool: "main", replicas: 1, at: "75s" } },
      ],
    },
  ],
  [
    "API server, port, disk and host, tight memory",
    {
      fleet: {
        main: {
          gpu: "H100",
          model: "llama-3.1-8b",
          replicas: 2,
          engine: { kvBlocks: 1200, host: { perStep: "2ms", perSequence: "0.1ms", mode: "overlapped" } },
          frontend: { cores: 2, perStreamedToken: "0.4ms" },
          network: { bandwidth: "3Mbit/s" },
          disk: { bandwidth: "20MB/s", capacity: "1GB", logPerRequest: "200kB", temporaryPerRequest: "100kB" },
        },
      },
    },
  ],
  [
    "a long prompt that all share, and little room beside it",
    {
      traffic: { chat: { ...chat, prefix: { count: 2, tokens: 4000 }, arrivals: { poisson: { rate: "9/s" } } } },
      fleet: { main: { gpu: "H100", model: "llama-3.1-8b", replicas: 1, engine: { kvBlocks: 2500, reserveFullPrompt: false } } },
    },
  ],
  [
    "conversations on a small prefix cache, a mixture of experts, no reservation",
    {
      traffic: { chat: { ...chat, session: { turns: 5, think: "2s", maxContext: "8k" }, arrivals: { poisson: { rate: "2/s" } } } },
      fleet: {
        main: {
          gpu: "H100",
          model: "gpt-oss-20b",
          dtype: "int4",
          replicas: 2,
          engine: { kvBlocks: 2000, reserveFullPrompt: false, maxBatchedTokens: 1024 },
        },
      },
      gateway: { router: "prefixAffinity" },
    },
  ],
];

/** Steps last whole milliseconds, and all that happens comes at whole milliseconds, so that events meet step boundaries exactly. */
const ON_THE_BEAT: ReadonlyArray<readonly [title: string, world: Partial<ScenarioInput>]> = [
  [
    "prompts that reach the engine at its step boundaries",
    {
      traffic: {
        chat: {
          arrivals: { closed: { users: 30, think: "100ms" } },
          prompt: { uniform: [1, 300] },
          output: { uniform: [1, 60] },
          client: { patience: "700ms" },
        },
      },
      fleet: {
        main: {
          gpu: "H100",
          model: "llama-3.1-8b",
          replicas: 2,
          engine: { step: { a: 10 }, kvBlocks: 400, requestOverhead: { perRequest: "20ms", perPromptToken: "1ms" } },
        },
      },
      faults: [{ replicaDown: { pool: "main", replicas: 1, at: "30s", for: "4s" } }],
    },
  ],
  [
    "a front end that takes prompts in the middle of steps",
    {
      traffic: { chat: { arrivals: { closed: { users: 20, think: "200ms" } }, prompt: 1, output: 30 } },
      fleet: { main: { gpu: "H100", model: "llama-3.1-8b", frontend: { cores: 1 } } },
      gateway: { concurrency: { fixed: { limit: 10 } } },
    },
  ],
  ...[1, 2, 3].map((seed) => beat(seed)),
];

/** Several replicas in step: what one of them reports at a boundary reaches others at boundaries of theirs. */
function beat(seed: number): readonly [title: string, world: Partial<ScenarioInput>] {
  const world = {
    seed,
    traffic: {
      chat: {
        arrivals: { closed: { users: 40, think: "0s" } },
        prompt: { uniform: [1, 300] },
        output: { uniform: [1, 60] },
        client: { deadline: "800ms", hedge: { after: "200ms", attempts: 2 }, retry: { attempts: 2, backoff: "50ms" } },
      },
      quick: { arrivals: { deterministic: { rate: "20/s" } }, prompt: 7, output: { uniform: [1, 90] }, client: { patience: "400ms" } },
    },
    fleet: {
      main: {
        gpu: "H100",
        model: "llama-3.1-8b",
        replicas: 4,
        engine: { step: { a: 10, b: 0, c: 0, d: 0 }, kvBlocks: 400, maxSequences: 6 },
        ...(seed === 1
          ? {}
          : { frontend: { cores: 1, perRequest: "10ms", perPromptToken: "0ms", perStreamedToken: seed === 2 ? "0ms" : "1ms" } }),
      },
    },
    gateway: { maxInFlightPerReplica: 8, queue: { capacity: 20 } },
    faults: [
      { replicaDown: { pool: "main", replicas: 1, at: "30s", for: "4s" } },
      { slowdown: { pool: "main", replicas: 2, at: "40s", for: "20s", factor: 2 } },
      { cacheWipe: { pool: "main", replicas: 4, at: "70s" } },
    ],
  };
  return [`replicas in step, seed ${seed}`, world as unknown as Partial<ScenarioInput>];
}

describe("worlds that disturb leaps: by leaps and step by step -> the same document and the same records", () => {
  test.each([...WORLDS, ...ON_THE_BEAT])("%s", async (_, changes) => {
    const scenario = { name: "leap", horizon: "100s", warmup: "15s", traffic: { chat }, ...changes } as ScenarioInput;
    const decode = (set: ReadonlyArray<Setting>): LoadedScenario => {
      const decoded = decodeScenario(sourceOf(scenario), { set });
      if (decoded instanceof ScenarioFault) throw decoded;
      return decoded;
    };
    const leaping = decode([]);
    expect(leapingPools(leaping)).toEqual(["main"]);
    const [leapt, stepped] = [await outcomeOf(leaping), await outcomeOf(decode(byStep(["main"])))];
    expect(stepped).toEqual(leapt);
    expect(JSON.parse(leapt.summary).total.outcomes.completed).toBeGreaterThan(300);
  });
});

const engines = fc.record({
  kvBlocks: fc.constantFrom(700, 1500, 5000),
  reserveFullPrompt: fc.boolean(),
  prefixCache: fc.boolean(),
  maxSequences: fc.constantFrom(8, 256),
  maxBatchedTokens: fc.constantFrom(256, 8192),
  host: fc.constantFrom(
    { perStep: "0ms" } as const,
    { perStep: "3ms", perSequence: "0.1ms" } as const,
    { perStep: "9ms", mode: "overlapped" } as const,
  ),
  requestOverhead: fc.constantFrom({}, { perRequest: "165ms", perPromptToken: "0.002ms" } as const),
});

const machines = fc.constantFrom(
  {},
  { startup: { compile: "3s" } },
  { frontend: { cores: 1, perStreamedToken: "0.3ms" }, network: { bandwidth: "4Mbit/s" } },
);

const users = fc.record({
  arrivals: fc.constantFrom({ poisson: { rate: "3/s" } }, { poisson: { rate: "15/s" } }),
  prefix: fc.constantFrom({ count: 2, tokens: 50 }, { count: 2, tokens: 3000 }),
  client: fc.constantFrom(
    {},
    { deadline: "6s" },
    { patience: "2s", retry: { attempts: 3, backoff: "100ms" } },
    { hedge: { after: "1s", attempts: 2 } },
  ),
});

test("law: any leapable engine, clients and faults -> by leaps and step by step the same document and the same records", async () => {
  const worlds = fc.record({ engine: engines, machine: machines, of: users, model: fc.constantFrom("llama-3.1-8b", "qwen-3-30b-a3b") });
  await fc.assert(
    fc.asyncProperty(worlds, async ({ engine, machine, of, model }) => {
      const at = { pool: "main", replicas: 1, at: "8s", for: "4s" } as const;
      const scenario = {
        name: "leap",
        horizon: "25s",
        warmup: "4s",
        traffic: { chat: { prompt: { lognormal: { mean: 600, p99: 3000 } }, output: { lognormal: { mean: 150, p99: 600 } }, ...of } },
        fleet: { main: { gpu: "H100", model, replicas: 2, engine, ...machine } },
        faults: [
          { slowdown: { ...at, factor: 2.5 } },
          { cacheWipe: { pool: "main", replicas: 2, at: "14s" } },
          { replicaDown: { ...at, at: "16s" } },
        ],
      } as unknown as ScenarioInput;
      const [leaping, stepped] = [[], byStep(["main"])].map((set) => decodeScenario(sourceOf(scenario), { set }) as LoadedScenario);
      expect(leapingPools(leaping!)).toEqual(["main"]);
      expect(await outcomeOf(stepped!)).toEqual(await outcomeOf(leaping!));
    }),
    { numRuns: process.env["SPILLWAY_LONG"] === undefined ? 25 : 400 },
  );
});
