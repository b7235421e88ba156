import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { decodeScenario, sourceOf } from "../../src/scenario/decodeScenario.ts";
import type { ScenarioInput } from "../../src/scenario/Scenario.ts";
import { ScenarioFault } from "../../src/scenario/ScenarioFault.ts";
import type { World } from "../../src/scenario/World.ts";
import { Recorder } from "../../src/serving/Recorder.ts";
import { Simulation } from "../../src/serving/Simulation.ts";
import { worldLayer } from "../../src/serving/worldLayer.ts";
import type { Measurement } from "./Benchmark.ts";
import { measure } from "./Benchmark.ts";

export interface FleetLoad {
  readonly replicas: number;
  readonly perReplicaPerSecond: number;
  readonly outputTokens: number;
  readonly requests: number;
  readonly prefixCache?: boolean;
}

/** H100 replicas with Llama-3.1-8B behind power of two choices, all metrics on: the whole way of a request. Units are requests. */
export const fleet = (load: FleetLoad): Measurement => {
  const seconds = load.requests / (load.replicas * load.perReplicaPerSecond);
  return measure(
    () => void runWorld(worldOf(load, Math.min(seconds, 60_000 / (load.replicas * load.perReplicaPerSecond)))),
    () => runWorld(worldOf(load, seconds)),
  );
};

const worldOf = (load: FleetLoad, seconds: number): World => {
  const scenario: ScenarioInput = {
    name: "bench",
    horizon: `${Math.ceil(seconds)}s`,
    traffic: {
      chat: {
        arrivals: { poisson: { rate: `${load.replicas * load.perReplicaPerSecond}/s` } },
        prompt: { lognormal: { mean: 810, p99: 4000 } },
        output: { lognormal: { mean: load.outputTokens, p99: 5 * load.outputTokens } },
        slo: { ttft: "1s", tpot: "50ms" },
      },
    },
    gateway: { router: "powerOfTwo" },
    fleet: { gpu: { gpu: "H100", model: "llama-3.1-8b", replicas: load.replicas, engine: { prefixCache: load.prefixCache ?? false } } },
  };
  const decoded = decodeScenario(sourceOf(scenario));
  if (decoded instanceof ScenarioFault) throw decoded;
  return decoded.world;
};

const runWorld = (world: World): number =>
  Effect.runSync(
    Effect.scoped(
      Effect.map(
        Layer.build(
          worldLayer(world, {
            seed: 1,
            replication: 0,
            timelineIntervalMs: world.horizonMs / 120,
            sampleSize: 10_000,
            skipBadRows: false,
            components: {},
          }),
        ),
        (services) => {
          const { kernel } = Context.get(services, Simulation);
          kernel.runFor(Infinity, world.horizonMs);
          return Context.get(services, Recorder).requests;
        },
      ),
    ),
  );
