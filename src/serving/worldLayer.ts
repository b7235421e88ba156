import * as Layer from "effect/Layer";
import { Kernel } from "../kernel/Kernel.ts";
import { Streams } from "../kernel/Streams.ts";
import { TimeGrid } from "../kernel/TimeGrid.ts";
import type { TrafficClassSpec } from "../workload/TrafficSpec.ts";
import { Attempts } from "./Attempts.ts";
import { Client } from "./Client.ts";
import { Entrance } from "./Entrance.ts";
import { Faults } from "./Faults.ts";
import { Fleet } from "./Fleet.ts";
import { Gateway } from "./Gateway.ts";
import { Observer } from "./Observer.ts";
import { Recorder } from "./Recorder.ts";
import { Requests } from "./Requests.ts";
import { Router } from "./Router.ts";
import { Scaling } from "./Scaling.ts";
import type { FaultSpec, GatewaySpec, PoolSpec } from "./ServingSpec.ts";
import { Simulation } from "./Simulation.ts";
import type { NetworkSpec } from "./stage/NetworkStage.ts";
import { Traffic } from "./Traffic.ts";

/** What a world is built from. */
export interface WorldSpec {
  readonly horizonMs: number;
  readonly warmupMs: number;
  readonly traffic: ReadonlyArray<TrafficClassSpec>;
  /** Between clients and gateway; absent: no time passes. */
  readonly network?: NetworkSpec;
  readonly gateway: GatewaySpec;
  readonly fleet: ReadonlyArray<PoolSpec>;
  readonly faults: ReadonlyArray<FaultSpec>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly replication: number;
  readonly timelineIntervalMs: number;
  readonly sampleSize: number;
  readonly skipBadRows: boolean;
  readonly components: Components;
}

/** Services of a simulated world. */
export type WorldServices = Simulation | Fleet | Router | Gateway | Entrance | Client | Recorder | Traffic | Faults | Scaling | Observer;

/** A user's replacements for components: each a Layer of that service, which may use the simulation and the components behind it. */
export interface Components {
  /** The policies that components decide by; see `ownPolicies`. */
  readonly policies?: Layer.Layer<never>;
  readonly fleet?: Layer.Layer<Fleet, never, Simulation>;
  readonly router?: Layer.Layer<Router, never, Simulation | Fleet>;
  readonly gateway?: Layer.Layer<Gateway, never, Simulation | Fleet | Router>;
  readonly entrance?: Layer.Layer<Entrance, never, Simulation | Fleet | Gateway>;
  readonly client?: Layer.Layer<Client, never, Simulation | Entrance | Recorder>;
  readonly scaling?: Layer.Layer<Scaling, never, Simulation | Fleet | Gateway | Recorder>;
}

/** One simulated world, ready to run: components from the back of the way of a request to its front. */
export const worldLayer = (world: WorldSpec, options: WorldOptions): Layer.Layer<WorldServices> => {
  const simulation = Layer.sync(Simulation, () => ({
    kernel: new Kernel({ grid: TimeGrid.forHorizon(world.horizonMs) }),
    streams: new Streams(options.seed, options.replication),
    requests: new Requests(),
    attempts: new Attempts(),
  }));
  const recorder = Recorder.layer(world.traffic, {
    warmupMs: world.warmupMs,
    sampleSize: options.sampleSize,
    replicaNames: replicaNames(world.fleet),
  });
  const { components } = options;
  const fleet = Layer.provideMerge(components.fleet ?? Fleet.layer(world.fleet, world.traffic, world.gateway.disaggregation), simulation);
  const router = Layer.provideMerge(components.router ?? Router.layer(world.gateway.router), fleet);
  const gateway = Layer.provideMerge(components.gateway ?? Gateway.layer(world.gateway, world.traffic), router);
  const entrance = Layer.provideMerge(components.entrance ?? Entrance.layer(world.gateway, world.traffic), gateway);
  const client = Layer.provideMerge(
    components.client ?? Client.layer(world.traffic, world.network),
    Layer.provideMerge(recorder, entrance),
  );
  const traffic = Layer.provideMerge(Traffic.layer(world.traffic, { skipBadRows: options.skipBadRows }), client);
  const scaled = Layer.provideMerge(components.scaling ?? Scaling.layer, traffic);
  const beside = Layer.mergeAll(
    Faults.layer(world.faults),
    Observer.layer({ intervalMs: options.timelineIntervalMs, warmupMs: world.warmupMs }),
  );
  const built = Layer.provideMerge(beside, scaled);
  return components.policies === undefined ? built : Layer.provide(built, components.policies);
};

const replicaNames = (pools: ReadonlyArray<PoolSpec>): Array<string> =>
  pools.flatMap((pool) => Array.from({ length: pool.replicas }, (_, i) => `${pool.name}/${i}`));
