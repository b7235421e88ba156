import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { RequestRecord } from "../../src/metric/RequestRecord.ts";
import type { RouterPolicy } from "../../src/policy/routing/Router.ts";
import type { SimulateOptions, Simulated } from "../../src/experiment/simulate.ts";
import { simulate } from "../../src/experiment/simulate.ts";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import type { World } from "../../src/scenario/World.ts";
import { Router } from "../../src/serving/Router.ts";
import { Simulation } from "../../src/serving/Simulation.ts";

type Pool = ScenarioInput["fleet"][string];
type TrafficClass = ScenarioInput["traffic"][string];

/** Every step of the engines below takes this long, whatever is in it: n tokens take n steps. */
export const STEP_MS = 10;

/** A pool whose steps all take 10 ms; no prefix cache, and more KV blocks than anybody needs. */
export const pool = (changes: Partial<Pool> = {}): Pool => ({
  gpu: "none",
  model: "none",
  price: "$1/h",
  ...changes,
  engine: { kvBlocks: 100_000, prefixCache: false, step: { a: STEP_MS }, ...changes.engine },
});

/** So many requests at time 0, one per user, who then think for longer than any of these runs last. */
export const burst = (users: number, changes: Partial<TrafficClass> = {}): TrafficClass => ({
  arrivals: { closed: { users, think: "100h" } },
  prompt: 100,
  output: 10,
  ...changes,
});

/** One class named `chat` on one pool named `gpu`, for 10 s. */
export const small = (chat: TrafficClass, changes: Partial<ScenarioInput> = {}): ScenarioInput => ({
  name: "small",
  horizon: "10s",
  traffic: { chat },
  fleet: { gpu: pool() },
  ...changes,
});

export const worldOf = (authored: ScenarioInput): World => {
  const decoded = decodeScenario(sourceOf(authored));
  if (decoded instanceof ScenarioFault) throw decoded;
  return decoded.world;
};

export const run = (authored: ScenarioInput, options: Partial<SimulateOptions> = {}): Promise<Simulated> =>
  Effect.runPromise(simulate(worldOf(authored), { seed: 1, ...options }));

/** Outcomes that occurred, by name. */
export const outcomesOf = ({ result }: Simulated): { [outcome: string]: number } =>
  Object.fromEntries(Object.entries(result.total.outcomes).filter(([, count]) => count > 0));

/** One column of the records, in the order of arrival, then of numbers. */
export const column = <K extends keyof RequestRecord>({ sample }: Simulated, key: K): Array<RequestRecord[K]> =>
  sample.map((record) => record[key]);

/** A router that notes the time of each pick. */
export const watching = (policy: RouterPolicy, timesMs: Array<number>): Layer.Layer<Router, never, Simulation> =>
  Layer.effect(
    Router,
    Effect.map(Simulation, ({ kernel }) => ({
      name: policy.name,
      pick: (fleet, request, draw) => {
        timesMs.push(kernel.now);
        return policy.pick(fleet, request, draw);
      },
    })),
  );

/** A router that finds no replica, ever: each attempt is shed at once. */
export const NOBODY: RouterPolicy = { name: "nobody", pick: () => -1 };
