import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import { SettingFault } from "../policy/SettingFault.ts";
import type { ResultCache } from "../policy/caching/ResultCache.ts";
import { Entrance } from "../serving/Entrance.ts";
import { Fleet } from "../serving/Fleet.ts";
import { Gateway } from "../serving/Gateway.ts";
import { Observer } from "../serving/Observer.ts";
import { PolicyUnusable } from "../serving/PolicyUnusable.ts";
import { Recorder } from "../serving/Recorder.ts";
import { Router } from "../serving/Router.ts";
import { Scaling } from "../serving/Scaling.ts";
import { Simulation } from "../serving/Simulation.ts";
import { Traffic } from "../serving/Traffic.ts";
import type { WorldOptions, WorldSpec } from "../serving/worldLayer.ts";
import { worldLayer } from "../serving/worldLayer.ts";
import { SettingUnusable, SimulationDefect, TraceUnusable } from "./SimulationFault.ts";

/** One simulated run with everything that it measured. */
export interface Replication {
  readonly simulatedMs: number;
  readonly interrupted: boolean;
  readonly events: number;
  readonly fleet: typeof Fleet.Service;
  readonly gateway: typeof Gateway.Service;
  readonly entrance: typeof Entrance.Service;
  readonly recorder: typeof Recorder.Service;
  readonly observer: typeof Observer.Service;
  readonly scaling: typeof Scaling.Service;
  readonly traffic: typeof Traffic.Service;
  readonly router: string;
  /** The gateway's cache of answers, where there is one. */
  readonly cache?: ResultCache<number>;
}

export interface Progress {
  readonly replication: number;
  readonly simulatedMs: number;
  readonly horizonMs: number;
  readonly events: number;
}

export interface RunOptions extends WorldOptions {
  /** Called between chunks of events. */
  readonly onProgress?: (progress: Progress) => void;
  /** Asked between chunks of events: true stops the run, which still gives its results so far. */
  readonly stopped?: () => boolean;
}

/** Between two looks at the outside world; large enough that the look costs nothing. */
const EVENTS_PER_CHUNK = 20_000;

/** Why a run gives no results. */
export type RunFault = TraceUnusable | SettingUnusable | PolicyUnusable | SimulationDefect;

/** Builds a world by its layers and runs it to the horizon, or until it is stopped. */
export const runReplication = (world: WorldSpec, options: RunOptions): Effect.Effect<Replication, RunFault> =>
  Effect.scoped(
    Effect.gen(function* () {
      const services = yield* buildWorld(world, options);
      const interrupted = yield* runToHorizon(world, options).pipe(Effect.provide(services));
      return yield* collect(options, interrupted).pipe(Effect.provide(services));
    }),
  );

const buildWorld = (world: WorldSpec, options: RunOptions) =>
  Layer.build(worldLayer(world, options)).pipe(
    Effect.catchDefect((cause) => Effect.fail(cause instanceof SettingFault ? unusable(cause) : defectAt(0, options, cause))),
    Effect.tap((services) => Effect.addFinalizer(() => closeTraffic.pipe(Effect.provide(services)))),
  ) satisfies Effect.Effect<unknown, RunFault, Scope.Scope>;

const unusable = ({ setting, message }: SettingFault): SettingUnusable =>
  new SettingUnusable({ setting, message: `invalid setting ${message}: change what the scenario says of it` });

const closeTraffic = Effect.flatMap(Traffic, (traffic) => Effect.promise(() => traffic.close()));

/** True when it was stopped before the horizon. */
const runToHorizon = Effect.fnUntraced(function* (world: WorldSpec, options: RunOptions) {
  const { kernel } = yield* Simulation;
  const traffic = yield* Traffic;
  for (;;) {
    const state = yield* Effect.try({
      try: () => kernel.runFor(EVENTS_PER_CHUNK, world.horizonMs),
      catch: (cause) => defectAt(kernel.now, options, cause),
    });
    options.onProgress?.({
      replication: options.replication,
      simulatedMs: kernel.now,
      horizonMs: world.horizonMs,
      events: kernel.events,
    });
    if (state === "until" || state === "idle") return false;
    if (state === "starved") yield* refill(traffic);
    else yield* breathe;
    if (options.stopped?.() === true) return true;
  }
});

/** Lets signals and timers through: the kernel never gives way by itself. */
const breathe = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)));

const refill = (traffic: typeof Traffic.Service): Effect.Effect<void, TraceUnusable> =>
  Effect.tryPromise({
    try: () => traffic.refill(),
    catch: (cause) => new TraceUnusable({ message: cause instanceof Error ? cause.message : String(cause) }),
  });

const collect = Effect.fnUntraced(function* (options: RunOptions, interrupted: boolean) {
  const { kernel } = yield* Simulation;
  const fleet = yield* Fleet;
  const recorder = yield* Recorder;
  const entrance = yield* Entrance;
  const { cache } = entrance;
  yield* Effect.try({
    try: () => {
      for (const replica of fleet.replicas) replica.syncMeter();
      recorder.close();
    },
    catch: (cause) => defectAt(kernel.now, options, cause),
  });
  const result: Replication = {
    simulatedMs: kernel.now,
    interrupted,
    events: kernel.events,
    fleet,
    recorder,
    gateway: yield* Gateway,
    entrance,
    observer: yield* Observer,
    scaling: yield* Scaling,
    traffic: yield* Traffic,
    router: (yield* Router).name,
    ...(cache === undefined ? {} : { cache: cache.cache }),
  };
  return result;
});

/** A policy of the file's own is the file's fault, everything else the simulator's. */
const defectAt = (atMs: number, options: RunOptions, cause: unknown): SimulationDefect | PolicyUnusable => {
  if (cause instanceof PolicyUnusable) return cause;
  return new SimulationDefect({
    message: cause instanceof Error ? cause.message : String(cause),
    seed: options.seed,
    replication: options.replication,
    atMs,
    cause,
  });
};
